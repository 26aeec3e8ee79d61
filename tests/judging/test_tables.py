"""Tables at the edges: what is counted, which place is named, both sides of each limit."""

import gzip
import io
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from pyarrow import parquet
from pyarrow import table as arrow_table

from empirics.errors import UsageError
from empirics.judging.measurements import Judged, Rows, judge, observable_of
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.judging.reading import Form, Numbers, Table, _delimiter, read_table, renames
from empirics.observables.definition import Observable
from theory import claim

CLAIM = "ood-error-literal"
HEAD = "N_f,K,R,seed,ood_error,pretraining_gap"


def row(seed=0, **more):
    return {"N_f": 10, "K": 3, "R": 20, "seed": seed, "ood_error": 0.25, "pretraining_gap": 0.01} | more


def refused(frame, identifier=CLAIM, **more):
    with pytest.raises(UsageError) as error:
        judge(frame, identifier, **more)
    assert "\n" not in str(error.value)
    return str(error.value)


def written(tmp_path, text, name="m.csv"):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path / name


def test_rows_in_words():
    assert (Rows().read, Rows().of_other_arms, Rows().empty, Rows().words) == (0, 0, 0, "0 rows read, 0 used")
    assert Rows(
        read=9, without_value=[2, 3, 4, 5, 6], of_other_arms=1, other_arms=["x"], empty=2, notes=["so"]
    ).words == (
        "9 rows read, 3 used; 5 without a value (lines 2, 3, 4, 5, 6), counted as failed runs; "
        "1 of other arms (x); 2 empty; so"
    )
    assert "6 without a value (rows 1, 2, 3, 4, 5, ...)," in Rows("row", 9, [1, 2, 3, 4, 5, 6]).words


@pytest.mark.parametrize(
    ("verdict", "plain", "strict"),
    [
        ("HOLDS", 0, 0),
        ("VIOLATED", 1, 1),
        ("UNDECIDED", 0, 3),
        ("OUT OF SCOPE", 3, 3),
        ("NOT TESTED", 3, 3),
        ("VACUOUS", 0, 0),
    ],
)
def test_exit_statuses(verdict, plain, strict):
    judged = Judged(claim(CLAIM), (), ClaimOutcome(CLAIM, Verdict(verdict), ()))
    assert (judged.verdict, judged.exit_status(), judged.exit_status(strict=True)) == (verdict, plain, strict)


@pytest.mark.parametrize("text", ["1,1", "2,1", "0", "0,1,2", "a,b"])
def test_ranges_that_cannot_be(text):
    with pytest.raises(UsageError, match=f"--range={text} is refused"):
        observable_of(CLAIM, text)
    assert observable_of(CLAIM, None) is None
    made = observable_of(CLAIM, "-1,2.5")
    assert (made.name, made.lower, made.upper, made.trivial) == ("ood_error", -1, 2.5, None)


def test_a_range_of_the_users_own_is_the_one_that_holds():
    """Of an observable that is known, and of one that is not."""
    other = replace(claim(CLAIM), id="other", observable="other")
    found = judge([row(other=2.0)], other, observable=Observable("other", "", "", 0, 2.5))
    assert found.cells[0].observables["other"] == (2.0,)
    told = refused([row(other=2.75)], other, observable=Observable("other", "", "", 0, 2.5))
    assert told == "row 1, column other: 2.75 is outside the range [0, 2.5]"
    assert "the range of other is unknown" in refused([row(other=2.0)], other)
    assert judge([row(ood_error=2.0)], CLAIM, observable=observable_of(CLAIM, "0,2.5")).observable.upper == 2.5
    assert "row 1, column ood_error: 2 is outside the range [0, 1]" in refused([row(ood_error=2.0)])


@pytest.mark.parametrize(("value", "fits"), [(0.0, True), (1.0, True), (-1e-9, False), (1.000001, False)])
def test_the_ends_of_the_range_are_in_it(value, fits):
    if fits:
        assert judge([row(ood_error=value)], CLAIM).cells[0].observables["ood_error"] == (value,)
    else:
        assert "outside the range [0, 1]" in refused([row(ood_error=value)])


def test_only_a_missing_value_of_what_is_claimed_is_a_failed_run():
    found = judge([row(0, pretraining_gap=None), row(1, ood_error=None), row(2)], CLAIM)
    assert (found.rows.without_value, found.cells[0].failed) == ([2], {1})
    assert found.cells[0].observables["pretraining_gap"] == (None, 0.01, 0.01)
    assert found.rows.words == "3 rows read, 2 used; 1 without a value (row 2), counted as failed runs"
    assert judge([row(0, pretraining_gap=None)], CLAIM, strict=True).rows.without_value == []


def test_the_first_of_several_things_is_named():
    assert "--assume one: ood-error-literal has no such premise; its premises are: pretraining_gap, K" in refused(
        [row()], assume=["K", "one", "two"]
    )
    assert "its premises are: none" in refused([row()], claim(CLAIM).without(["K", "pretraining_gap"]), assume=["x"])
    assert "--rename one: there is no such column (found: N_f, " in refused(
        [row()], form=Form(rename={"one": "R", "two": "K"})
    )
    frame = {k: [v] for k, v in row().items() if k not in ("K", "ood_error")}
    told = refused(frame | {"k": [3]})
    assert told.startswith(
        "columns K, ood_error are missing; did you mean the column k? name it K; ood-error-literal needs"
    )
    assert told.endswith("(found: N_f, R, seed, pretraining_gap, k)")


def test_a_seed_that_stands_twice_is_told_with_its_cell():
    assert refused([row(1), row(1, K=2), row(1)]) == "row 3, column seed: duplicate seed 1 at R=20, K=3, N_f=10"


def test_seeds_are_ordered_as_numbers_and_cells_as_they_come():
    found = judge([row(10, ood_error=0.5), row(9, K=2), row(9, ood_error=0.75)], CLAIM)
    assert [(c.index, c.symbols["K"], c.seeds) for c in found.cells] == [(0, 3, (9, 10)), (1, 2, (9,))]
    assert found.cells[0].observables["ood_error"] == (0.75, 0.5)
    assert list(found.cells[0].axes) == ["R", "K", "N_f"]
    assert found.cells[0].run_axes == ("R", "K")


def test_a_claim_of_an_arm_takes_a_table_without_arms_for_it():
    found = judge([row()], claim(CLAIM).on("slow"))
    assert (found.cells[0].variant, found.claim.arm, found.rows.of_other_arms) == ("main", "main", 0)


def test_rows_behind_those_of_other_arms_are_read():
    arms = ["other", " low-rank ", "other", "other", "main"]
    found = judge([row(0, arm=arm, ood_error=0.1 * i) for i, arm in enumerate(arms)], "low-rank")
    assert [(c.variant, c.observables["ood_error"]) for c in found.cells] == [("low-rank", (0.1,)), ("main", (0.4,))]
    assert found.rows.words == "5 rows read, 2 used; 3 of other arms (other)"
    assert "column arm is missing: low-rank compares the arms low-rank and main" in refused([row()], "low-rank")


def test_a_reference_has_the_columns_of_the_table_beside_it(tmp_path):
    full = written(tmp_path, "N_f,K,R,S,seed,ood_error,pretraining_gap\n10,3,20,60,1,0.3,0.01\n", "full.csv")
    for gone, head, values in (
        ("S", "N_f,K,R,seed,ood_error,pretraining_gap", "10,3,20,1,0.3,0.01"),
        ("pretraining_gap", "N_f,K,R,S,seed,ood_error", "10,3,20,60,1,0.3"),
    ):
        other = written(tmp_path, f"{head}\n{values}\n", "other.csv")
        assert f"other.csv: column {gone} is missing" in refused(full, "low-rank", reference=other)
    found = judge(full, "low-rank", reference=full)
    assert [c.variant for c in found.cells] == ["low-rank", "main"]
    armed = [row(arm="of no account")]
    assert [c.variant for c in judge(armed, "low-rank", reference=armed).cells] == ["low-rank", "main"]


def test_columns_that_a_claim_needs():
    trend = [{k: v for k, v in row().items() if k != "N_f"}]
    assert "column N_f is missing" in refused(trend, "trend-finetuned")
    assert "column K is missing" in refused([{k: v for k, v in row().items() if k != "K"}])
    assert "epsilon" not in refused([{"x": 1}])


def test_parquet_that_cannot_be_read_is_refused_in_one_line(tmp_path):
    parquet.write_table(arrow_table({k: [v] for k, v in row().items()}), tmp_path / "m.parquet")
    assert judge(tmp_path / "m.parquet", CLAIM).rows.read == 1
    twice = written(tmp_path, gzip.compress((tmp_path / "m.parquet").read_bytes()), "m.parquet.gz")
    assert judge(twice, CLAIM).rows.read == 1
    broken = written(tmp_path, b"PAR1 and no more", "broken.parquet")
    assert f"cannot read {broken}: " in refused(broken)


def test_a_field_that_is_too_long_is_told_with_its_line(tmp_path):
    long = written(tmp_path, f"# mine\n# yours\n{HEAD}\n10,3,20,0,0.5,0\n10,3,20,1,{'9' * 140_000},0\n")
    assert "m.csv, line 5: field larger than field limit" in refused(long)


def test_standard_input_is_called_so(monkeypatch):
    stream = io.BufferedReader(io.BytesIO(f"{HEAD}\n10,3,20,0,oops,0\n".encode()))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    assert refused("-").startswith("standard input, line 2, column ood_error: 'oops'")


def test_blank_lines_are_passed_over_and_empty_rows_counted(tmp_path):
    path = written(tmp_path, f"{HEAD}\n\n , ,\n,,,,,\n10,3,20,0,0.5,0\n\n10,3,20,1,0.5,0\n")
    found = judge(path, CLAIM)
    assert (found.rows.empty, found.rows.read) == (2, 2)


@pytest.mark.parametrize(
    ("fields", "words"),
    [("10,3,20,0,0.5", "has 5 fields, the header has 6 columns"), ("10,3,20,0,0.5,0,1", "decimal commas need other")],
)
def test_rows_of_another_length(fields, words, tmp_path):
    told = refused(written(tmp_path, f"{HEAD}\n{fields}\n"))
    assert words in told
    assert ("commas" in told) == (fields.count(",") > 5)
    assert judge(written(tmp_path, f"{HEAD}\n10,3,20,0,0.5,0, ,\n"), CLAIM).rows.read == 1


def test_the_delimiter_parts_the_header_into_most_of_the_known_names():
    assert _delimiter("a,b;R;K", {"R", "K"}) == ";"
    assert _delimiter("a,b,c;R", {"R"}) == ";"
    assert _delimiter("a,b;c", set()) == ","
    assert _delimiter('N_f, "K", "seed; R; x; y"', {"N_f", "K", "R", "seed"}) == ","
    assert _delimiter("N_F|k\tx", {"n_f", "K"}) == "|"


def test_frames_and_rows():
    class Frame:
        columns = ("x", "R", "R")

        def __getitem__(self, name):
            return [20]

    with pytest.raises(UsageError, match=r"^duplicate column R \(columns 2 and 3\)$"):
        read_table(Frame(), Form(), ())
    assert list(read_table([{"a": 1, "b": 2}, {"a": 3, "c": 4}], Form(), ()).rows) == [(1, [1, 2]), (2, [3, None])]
    assert list(read_table({"a": [1, 3], "b": [2, 4]}, Form(), ()).rows) == [(1, (1, 2)), (2, (3, 4))]
    assert (read_table([{"a": 1}], Form(), ()).empty, read_table({"a": []}, Form(), ()).unit) == (0, "row")
    assert "columns differ in length: {'a': 1, 'b': 2}" in refused({"a": [1], "b": [1, 2]})


def test_columns_by_name():
    table = Table("m.csv", "line", ("ood_eror", "R", "R"), ())
    assert table.position("ood_eror") == 0
    with pytest.raises(UsageError, match=r"^m.csv: duplicate column R \(columns 2 and 3\)$"):
        table.position("R")
    assert table.like(["ood_error"]) == "; did you mean the column ood_eror? --rename ood_eror=ood_error"
    assert table.like(["score"]) == ""
    two = Table("", "row", ("ood_eror", "ood_errr"), ())
    assert two.like(["ood_error"]) == "; did you mean the column ood_errr? name it ood_error"
    assert (table.place(4, "R"), two.place(4, "R")) == ("m.csv, line 4, column R", "row 4, column R")


def test_each_part_of_a_new_name_is_needed():
    assert renames(["a=b", " c = d "]) == {"a": "b", "c": "d"}
    for text in ("a=", "=b", "ab", "="):
        with pytest.raises(UsageError, match=f"^--rename={text} is refused"):
            renames([text])


@pytest.mark.parametrize("form", [{"delimiter": ""}, {"thousands": ""}, {"thousands": "''"}])
def test_signs_are_one_character(form):
    with pytest.raises(UsageError, match="is refused"):
        Form(**form)
    assert Form(delimiter=";", decimal=",", thousands=".").thousands == "."
    assert Form(thousands=",").decimal is None


def numbers(**form):
    return Numbers(Table("m.csv", "line", ("x",), ()), Form(**form))


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ({}, "0,5", 0.5),
        ({}, " 12 ", 12.0),
        ({}, "1,2345", 1.2345),
        ({}, "-.5e1", -5.0),
        ({"decimal": ","}, "1,234", 1.234),
        ({"thousands": ","}, "1,234.5", 1234.5),
        ({"thousands": "'"}, "1'234.5", 1234.5),
        ({"decimal": ",", "thousands": "."}, "1.234,5", 1234.5),
        ({}, "NA", None),
        ({}, None, None),
        ({}, float("nan"), None),
        ({}, 3, 3.0),
    ],
)
def test_numbers_as_they_are_written(form, text, value):
    assert numbers(**form).read(text, 1, "x") == value


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        ({}, "1,234", "is ambiguous"),
        ({"decimal": "."}, "0,5", "'0,5' is not a number"),
        ({"thousands": "'"}, "0,5", "'0,5' is not a number"),
        ({}, "12.5%", "'12.5%' has a percent sign: write 0.125"),
        ({}, "5%", "'5%' has a percent sign: write 0.05"),
        ({}, "5x%", "'5x%' is not a number"),
        ({}, "%", "'%' is not a number"),
        ({}, "-Infinity", "'-Infinity' is not finite; a failed run has an empty field"),
        ({}, "infinite", "'infinite' is not a number"),
        ({}, "1e999", "'1e999' is not finite"),
        ({}, float("inf"), "inf is not finite"),
        ({}, object, "is not a number"),
    ],
)
def test_what_is_no_number(form, text, words):
    with pytest.raises(UsageError) as error:
        numbers(**form).read(text, 7, "x")
    assert str(error.value).startswith("m.csv, line 7, column x: ")
    assert words in str(error.value)


def test_commas_and_points_are_not_mixed():
    mixed = numbers()
    assert [mixed.read(text, i, "x") for i, text in enumerate(("12", "0.5", "13", "2.5"))] == [12, 0.5, 13, 2.5]
    with pytest.raises(UsageError, match=r"'1,234.5' is not a number"):
        mixed.read("1,234.5", 8, "x")
    with pytest.raises(UsageError, match=r"comma \(m.csv, line 9, column x\) and a decimal point \(m.csv, line 1, "):
        mixed.read("0,5", 9, "x")
    commas = numbers()
    assert [commas.read(text, i, "x") for i, text in enumerate(("0,5", "0,25"))] == [0.5, 0.25]
    with pytest.raises(UsageError, match=r"comma \(m.csv, line 0, column x\) and a decimal point \(m.csv, line 5, "):
        commas.read("0.5", 5, "x")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" 0012 ", "12"),
        (2**70, str(2**70)),
        (3.0, "3"),
        ("3.0", "3"),
        (2.5, "2.5"),
        (999_999_999_999_999.0, "999999999999999"),
        (1e15, "1000000000000000.0"),
        (-1e15, "-1000000000000000.0"),
    ],
)
def test_integers_are_written_without_a_point(value, text):
    assert numbers().text(value, 1, "x") == text
    with pytest.raises(UsageError, match="line 1, column x is empty"):
        numbers().text("", 1, "x")


NO_ROWS = "the table has no rows"
EMPTY = "the table is empty: it has no rows and no columns"
FORMS = "allowed are a path, a data frame, a mapping of columns, or rows, each a mapping"


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        ([], EMPTY),
        ({}, EMPTY),
        (iter(()), EMPTY),
        ([{}, {}], EMPTY),
        (arrow_table({}), EMPTY),
        (dict.fromkeys(("N_f", "K", "R", "seed", "ood_error"), ()), NO_ROWS),
        (arrow_table({name: [] for name in ("N_f", "K", "R", "seed", "ood_error")}), NO_ROWS),
        (None, f"measurements=None is refused: {FORMS}"),
        (b"N_f,K", f"measurements=b'N_f,K' is refused: {FORMS}"),
        ([{"K": 1}, 3], "row 2 is 3: allowed is a mapping from names of columns to values"),
        ([(1, 2)], "row 1 is (1, 2): allowed is a mapping from names of columns to values"),
        ({"K": 1}, "column K=1 is refused: allowed is a sequence, a value for each row"),
        ({"K": "12"}, "column K='12' is refused: allowed is a sequence, a value for each row"),
    ],
)
def test_what_is_no_table_or_an_empty_one_is_refused_in_a_plain_line(frame, line):
    assert refused(frame) == line
