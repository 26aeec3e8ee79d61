"""Tables as people have them: what is read, what is refused, and what is said of it."""

import gzip
import io
import sys
from types import SimpleNamespace

import numpy as np
import pyarrow as arrow
import pytest
from pyarrow import parquet

import empirics
from empirics.errors import UsageError
from empirics.judging.reading import Form, renames

CLAIM = "ood-error-literal"
HEAD = "N_f,K,R,seed,ood_error,pretraining_gap"
ROWS = [f"10,3,20,{s},{e},0.012" for s, e in enumerate(("0.05", "0.00", "0.10", "0.05"))]
PLAIN = "\n".join([HEAD, *ROWS]) + "\n"
VALUES = (0.05, 0.0, 0.1, 0.05)


def judged(tmp_path, text, encoding="utf-8", name="m.csv", **more):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return empirics.judge(path, CLAIM, **more)


def refused(tmp_path, text, **more):
    with pytest.raises(UsageError) as error:
        judged(tmp_path, text, **more)
    assert "\n" not in str(error.value)
    return str(error.value)


def lines(text, after):
    """The table with its first row replaced."""
    return "\n".join([HEAD, text, *ROWS[1:after]]) + "\n"


READ = {
    "blanks": (PLAIN.replace(",", " , "), ""),
    "semicolons and decimal commas": (
        PLAIN.replace(",", ";").replace(".", ","),
        "semicolons; numbers have decimal commas",
    ),
    "semicolons": (PLAIN.replace(",", ";"), "columns are separated by semicolons"),
    "tabs and decimal commas": (PLAIN.replace(",", "\t").replace(".", ","), "tabs; numbers have decimal commas"),
    "bars": (PLAIN.replace(",", "|"), "bars"),
    "quoted decimal commas": (
        "\n".join([HEAD, *(f'10,3,20,{s},"{str(e).replace(".", ",")}","0,012"' for s, e in enumerate(VALUES))]),
        "decimal commas",
    ),
    "comments before the header": ("# mine\n\n  # 3 March\n" + PLAIN, "line 1 is a comment; line 3 is a comment"),
    "an empty row and blank lines": (PLAIN + "\n,,,,,\n\n", "1 empty"),
    "trailing empty columns": (PLAIN.replace("\n", ",,\n"), ""),
    "old Mac line ends": (PLAIN.replace("\n", "\r"), ""),
    "Windows line ends": (PLAIN.replace("\n", "\r\n"), ""),
    "integers as floats": (PLAIN.replace("10,3,20", "10.0,3.0,20.0"), ""),
    "other columns, twice": ("note,note," + PLAIN.replace("\n1", "\nx,y,1"), ""),
}


@pytest.mark.parametrize("name", READ)
def test_read_and_said(name, tmp_path):
    text, said = READ[name]
    found = judged(tmp_path, text)
    (cell,) = found.cells
    assert cell.observables == {"ood_error": VALUES, "pretraining_gap": (0.012,) * 4}
    assert cell.symbols == {"N_f": 10, "K": 3, "R": 20}
    assert found.rows.words.startswith("4 rows read, 4 used")
    assert said in found.rows.words
    assert said or found.rows.words == "4 rows read, 4 used"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-8"])
def test_encodings(encoding, tmp_path):
    text = ("\ufeff" if encoding == "utf-16-le" else "") + PLAIN.replace(HEAD, HEAD + ",Bemerkung ä").replace(
        "12\n", "12,ö\n"
    )
    assert judged(tmp_path, text, encoding).cells[0].observables["ood_error"] == VALUES


def test_compressed_and_standard_input(tmp_path, monkeypatch):
    assert judged(tmp_path, gzip.compress(PLAIN.encode()), name="m.csv.gz").rows.read == 4
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(PLAIN.encode()))))
    assert empirics.judge("-", CLAIM).rows.read == 4


REFUSED = {
    "a name twice": (
        PLAIN.replace(HEAD, "ood_error," + HEAD).replace("\n1", "\n0.5,1"),
        "duplicate column ood_error (columns 1 and 6)",
    ),
    "a bad value below a blank line": (
        PLAIN.replace("\n10,3,20,1,0.00", "\n\n10,3,20,1,oops"),
        "m.csv, line 4, column ood_error: 'oops' is not a number",
    ),
    "a bad value below quoted newlines": (
        "note," + PLAIN.replace("\n10,3,20,0", '\n"a\nb",10,3,20,0').replace("\n10,3,20,1,0.00", "\nx,10,3,20,1,oops"),
        "line 4, column ood_error",
    ),
    "a bad value below comments": ("#\n# x\n" + PLAIN.replace("0.10", "?"), "line 6, column ood_error: '?'"),
    "a comma with two meanings": (
        PLAIN.replace(",", ";").replace("0.05", "1,234"),
        "'1,234' is ambiguous; pass --decimal , or --thousands ,",
    ),
    "commas and points": (PLAIN.replace(",", ";").replace("0.10", "0,1"), "in one table"),
    "letters of two columns": (
        PLAIN.replace("ood_error", "OOD_error").replace("N_f", "n_f"),
        "columns N_f, ood_error are missing; did you mean the columns n_f and OOD_error? --rename n_f=N_f, --rename",
    ),
    "a percent sign": (PLAIN.replace("0.10", "10 %"), "line 4, column ood_error: '10 %' has a percent sign: write 0.1"),
    "an underscore": (PLAIN.replace("0.10", "0_1"), "'0_1' is not a number"),
    "not finite": (PLAIN.replace("0.10", "inf"), "'inf' is not finite; a failed run has an empty field"),
    "too large for a float": (PLAIN.replace("0.10", "1e999"), "'1e999' is not finite"),
    "an empty symbol": (PLAIN.replace("10,3,20,2", "10,,20,2"), "line 4, column K is empty"),
    "a seed with a fraction": (PLAIN.replace("20,2,", "20,2.5,"), "line 4, column seed: '2.5' is not an integer"),
    "a short row": (PLAIN.replace("0.10,0.012", "0.10"), "line 4 has 5 fields, the header has 6 columns"),
    "a long row": (
        PLAIN.replace("0.10", "0,10"),
        "line 4 has 7 fields, the header has 6 columns: numbers with decimal commas",
    ),
    "other letters": (
        PLAIN.replace("ood_error", "OOD_error"),
        "did you mean the column OOD_error? --rename OOD_error=ood_error",
    ),
    "nearly the name": (PLAIN.replace("ood_error", "ood_eror"), "--rename ood_eror=ood_error"),
    "nothing like it": (PLAIN.replace("ood_error", "score"), "column ood_error is missing; ood-error-literal needs"),
    "an Excel workbook": (b"PK\x03\x04rest", "export the sheet as CSV"),
    "null bytes": (PLAIN.encode("utf-16-le"), "it holds null bytes"),
    "Latin-1": (PLAIN.replace("R,", "R,", 1).encode() + b"\xe4\n", "is not text in UTF-8"),
    "cut in the middle": (gzip.compress(PLAIN.encode() * 50)[:60], "cannot read"),
    "nothing": ("", "is empty"),
    "only comments": ("# a\n", "is empty"),
    "a header alone": (HEAD + "\n", "has no rows below its header"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_line_and_column(name, tmp_path):
    text, words = REFUSED[name]
    assert words in refused(tmp_path, text)


def test_numbers_as_the_user_says(tmp_path):
    german = PLAIN.replace(",", ";").replace("0.012", "0,125").replace(".", ",")
    assert judged(tmp_path, german.replace("0,125", "0,012")).rows.words.endswith("decimal commas")
    forced = judged(tmp_path, german, form=Form(decimal=","))
    assert forced.cells[0].observables["pretraining_gap"] == (0.125,) * 4
    assert "decimal" not in forced.rows.words
    with pytest.raises(UsageError, match=r"line 2, column ood_error: '0\.05' has a point, and --decimal is a comma"):
        judged(tmp_path, PLAIN.replace(",", ";"), form=Form(decimal=","))
    large = PLAIN.replace(",", ";").replace("10;3;20", "1.000;3;20").replace("0.", "0,")
    (cell,) = judged(tmp_path, large, form=Form(decimal=",", thousands=".")).cells
    assert (cell.symbols["N_f"], cell.observables["ood_error"]) == (1000, VALUES)
    assert judged(tmp_path, PLAIN.replace(",", "/"), form=Form(delimiter="/")).rows.read == 4


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"delimiter": ";;"}, "--delimiter=';;' is refused"),
        ({"decimal": ";"}, "--decimal=';' is refused"),
        (
            {"thousands": "."},
            "--thousands='.' is refused: allowed is one character that is not the decimal sign, which",
        ),
        ({"decimal": ",", "thousands": ","}, "--thousands=',' is refused"),
    ],
)
def test_signs_that_cannot_be(form, words):
    with pytest.raises(UsageError) as error:
        Form(**form)
    assert str(error.value).startswith(words)


def test_large_seeds_stay_apart(tmp_path):
    large = [2**63 - 1 - s for s in range(4)]
    text = "\n".join([HEAD, *(f"10,3,20, {seed},0.05,0.012" for seed in large)])
    assert set(judged(tmp_path, text).cells[0].seeds) == set(large)
    frame = {"N_f": [10] * 4, "K": [3] * 4, "R": [20] * 4, "seed": np.array(large), "ood_error": [0.05] * 4}
    assert set(empirics.judge(frame, CLAIM).cells[0].seeds) == set(large)


def test_columns_are_renamed(tmp_path):
    form = Form(rename=renames(["error = ood_error", "facts=N_f"]))
    text = PLAIN.replace("ood_error", "error").replace("N_f", "facts")
    assert judged(tmp_path, text, form=form).cells[0].observables["ood_error"] == VALUES
    assert "--rename error" in refused(tmp_path, PLAIN, form=form)
    with pytest.raises(UsageError, match="--rename=error is refused: allowed is THEIRS=OURS"):
        renames(["error"])


@pytest.mark.parametrize("word", ["", "NA", "nan", "NULL", "n/a"])
def test_missing_values_are_counted_said_and_refused_if_strict(word, tmp_path):
    text = PLAIN.replace("0.10", word)
    found = judged(tmp_path, text)
    assert found.rows.without_value == [4]
    assert found.rows.words == "4 rows read, 3 used; 1 without a value (line 4), counted as failed runs"
    assert found.cells[0].failed == {2}
    assert "1 without a value (line 4)" in refused(tmp_path, text, strict=True)


def test_a_frame_gets_the_same_answer_as_its_file(tmp_path):
    columns = {"N_f": [10] * 4, "K": [3.0] * 4, "R": np.full(4, 20), "seed": range(4)}
    columns |= {"ood_error": np.array([0.05, np.nan, 0.1, 0.05], dtype=np.float32), "pretraining_gap": [0.012] * 4}
    frame = empirics.judge(columns, CLAIM)
    file = judged(tmp_path, PLAIN.replace("0.00", ""))
    assert (frame.rows.read, frame.rows.without_value) == (file.rows.read, [2])
    assert frame.verdict == file.verdict
    assert frame.outcome.outcomes[0].upper == pytest.approx(file.outcome.outcomes[0].upper, abs=1e-6)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    assert empirics.judge(rows, CLAIM).outcome == frame.outcome
    with pytest.raises(UsageError, match="row 2, column ood_error: 'x' is not a number"):
        empirics.judge({**columns, "ood_error": [0.1, "x", 0.1, 0.1]}, CLAIM)
    with pytest.raises(UsageError, match="columns differ in length"):
        empirics.judge({**columns, "K": [3]}, CLAIM)


def test_tables_of_arrow_and_parquet(tmp_path):
    columns = {"N_f": [10] * 4, "K": [3] * 4, "R": [20] * 4, "seed": range(4)}
    frame = arrow.table({**columns, "ood_error": [0.05, None, 0.1, 0.05], "pretraining_gap": [0.012] * 4})
    parquet.write_table(frame, tmp_path / "m.parquet")
    for found in (empirics.judge(frame, CLAIM), empirics.judge(tmp_path / "m.parquet", CLAIM)):
        assert found.rows.words == "4 rows read, 3 used; 1 without a value (row 2), counted as failed runs"
    assert found.cells[0].observables["ood_error"] == (0.05, None, 0.1, 0.05)


def test_a_frame_with_a_column_twice_is_refused():
    class Frame:
        columns = ("R", "ood_error", "R")

        def __getitem__(self, name):
            return [20]

    with pytest.raises(UsageError, match=r"duplicate column R \(columns 1 and 3\)"):
        empirics.judge(Frame(), CLAIM)


def arms(*names):
    head = "N_f,K,R,seed,ood_error,pretraining_gap,arm"
    return "\n".join(
        [head, *(f"10,3,20,{s},{0.3 + (name == 'low-rank') * 0.02},0.01,{name}" for name in names for s in range(20))]
    )


def test_arms_stand_in_a_column_or_in_two_files(tmp_path):
    one = tmp_path / "both.csv"
    one.write_text(arms("main", "low-rank", "another"))
    found = empirics.judge(one, "low-rank")
    assert found.outcome.outcomes[0].counts.yes == 20
    assert found.rows.words == "60 rows read, 40 used; 20 of other arms (another)"
    for name in ("main", "low-rank"):
        (tmp_path / f"{name}.csv").write_text(arms(name).replace(f",{name}", "").replace(",arm", ""))
    again = empirics.judge(tmp_path / "low-rank.csv", "low-rank", reference=tmp_path / "main.csv")
    assert again.outcome.outcomes[0].counts == found.outcome.outcomes[0].counts
    assert again.rows.words == "40 rows read, 40 used"
    with pytest.raises(UsageError, match="--reference: ood-error-literal compares no arms"):
        empirics.judge(one, CLAIM, reference=one)
    one.write_text(arms("another"))
    with pytest.raises(UsageError, match="has no rows of the arm low-rank"):
        empirics.judge(one, "low-rank")


def test_runs_without_a_partner_are_counted(tmp_path):
    lines = arms("main", "low-rank").splitlines()
    (tmp_path / "m.csv").write_text("\n".join(lines[:-5]))
    found = empirics.judge(tmp_path / "m.csv", "low-rank")
    assert found.outcome.outcomes[0].counts.yes == 15
    partner = "without a run of the other arm at the same symbols and seed"
    assert found.rows.words == f"35 rows read, 30 used; 5 {partner}"


def test_what_python_alone_can_give(tmp_path):
    rows = [dict(zip(HEAD.split(","), line.split(","), strict=True)) for line in PLAIN.splitlines()[1:]]
    without = [{name: value for name, value in row.items() if name != "pretraining_gap"} for row in rows]
    assert empirics.judge(without, CLAIM, assume="pretraining_gap").assumed == ("pretraining_gap",)
    named = [{"error": row["ood_error"], "k": row["K"], "N_f": 10, "R": 20, "seed": row["seed"]} for row in rows]
    with pytest.raises(UsageError) as error:
        empirics.judge(named, CLAIM)
    assert str(error.value).startswith(
        "columns K, ood_error, pretraining_gap are missing"
        if "pretraining_gap" in str(error.value).partition(" are")[0]
        else "columns K, ood_error are missing; did you mean the columns k and error? name it K, name it ood_error;"
    )

    class LazyFrame:
        def collect(self):
            return rows

    assert empirics.judge(LazyFrame(), CLAIM).rows.read == 4


def test_a_premise_without_a_column_is_named_with_the_way_out(tmp_path):
    text = "\n".join(line.rpartition(",")[0] for line in PLAIN.splitlines())
    found = judged(tmp_path, text)
    assert found.verdict == "OUT OF SCOPE"
    assert "column pretraining_gap is missing; add it, or --assume pretraining_gap" in found.rows.words
    assert "--assume pretraining_gap" in found.rows.words
    assert judged(tmp_path, text, assume=["pretraining_gap"]).rows.notes == []
