"""What a user can get wrong ends in one line and a status of its own, never in a traceback."""

import csv
import io
import shlex
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pyarrow
import pytest
from calls import kept
from pyarrow import parquet

import empirics
import empirics.cli.verify  # before a test replaces what it takes
from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.files import write_atomically
from empirics.verification.baseline import Baseline
from theory import claim, registry

CLAIM = ["--claim", "ood-error-literal", "--assume", "pretraining_gap"]
COLUMNS = {"R": 9, "K": 3, "N_f": 5, "seed": 0, "ood_error": 0.125}
LONG = "a" * 300  # longer than any file system takes


def csv_of(path, *rows):
    """A table with these rows, each told by what is unlike ``COLUMNS``."""
    rows = [COLUMNS | row for row in rows or ({},)]
    path.write_text("\n".join(",".join(map(str, line)) for line in (rows[0], *(r.values() for r in rows))) + "\n")
    return str(path)


@pytest.fixture
def refused(capsys):
    """The one line, without the program's name, in which a command is refused."""

    def line(*words, status=2):
        assert run(list(words)) == status
        out, err = capsys.readouterr()
        assert out == ""
        (told,) = err.splitlines()
        return told.removeprefix("factbound: ")

    return line


def test_a_parquet_file_that_is_none(refused, tmp_path):
    path = tmp_path / "m.parquet"
    path.write_bytes(b"PAR1 and no more")
    assert refused("judge", str(path), *CLAIM).startswith(f"cannot read {path}: ")


def test_parquet_on_standard_input(refused, monkeypatch, capsys):
    whole = io.BytesIO()
    parquet.write_table(pyarrow.table({name: [value] for name, value in COLUMNS.items()}), whole)
    for content, status in ((whole.getvalue(), 0), (whole.getvalue()[:99], 2)):
        stream = io.BufferedReader(io.BytesIO(content))
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
        if status:
            assert refused("judge", "-", *CLAIM).startswith("cannot read standard input: ")
        else:
            assert run(["judge", "-", *CLAIM]) == 0
            assert "1 row read, 1 used" in capsys.readouterr().out


def test_one_line_of_something_else_is_no_table(refused, tmp_path):
    path = tmp_path / "m.json"
    path.write_text("[" + "1234567;" * 20_000 + "]")
    assert refused("judge", str(path), *CLAIM) == (
        f"{path}, line 1: field larger than field limit (131072); is this file a table?"
    )


@pytest.mark.parametrize(("column", "told"), [("K", "is not finite"), ("seed", "is not an integer")])
def test_a_number_of_five_thousand_digits(refused, tmp_path, column, told):
    path = csv_of(tmp_path / "m.csv", {column: "3" * 5000})
    line = refused("judge", path, *CLAIM)
    assert line.startswith(f"{path}, line 2, column {column}: ")
    assert told in line


def test_an_integer_beyond_every_float():
    with pytest.raises(UsageError, match=r"^row 1, column ood_error: 1000.* is not a number$"):
        empirics.judge([COLUMNS | {"ood_error": 10**400}], CLAIM[1])


@pytest.mark.parametrize("text", ["0,inf", "-inf,1", "-1e308,1e308", "1,1", "0"])
def test_a_range_without_an_end_gives_no_limits(refused, tmp_path, text):
    path = csv_of(tmp_path / "m.csv")
    assert refused("judge", path, *CLAIM, f"--range={text}") == (
        f"--range={text} is refused: allowed are finite numbers LOW,HIGH with LOW < HIGH, as in 0,1"
    )


def test_values_stay_in_the_range_that_is_given(refused, tmp_path):
    path = csv_of(tmp_path / "m.csv")
    assert refused("judge", path, *CLAIM, "--range=0.5,1") == (
        f"{path}, line 2, column ood_error: 0.125 is outside the range [0.5, 1]"
    )


def test_a_mean_without_a_range_has_no_limits():
    item = replace(claim(CLAIM[1]), id="mine", observable="rank_one_deficit", mutants=())
    with pytest.raises(UsageError, match=r"^rank_one_deficit has no finite range, .* pass one \(--range LOW,HIGH\)$"):
        empirics.judge([COLUMNS | {"rank_one_deficit": 0.5}], item)


def test_the_file_of_the_other_arm_has_the_same_columns(refused, tmp_path):
    (tmp_path / "main").mkdir()
    other = csv_of(tmp_path / "main" / "m.csv")
    path = csv_of(tmp_path / "m.csv", {"S": 12})
    assert refused("judge", path, "--claim", "ablation-mlp-only", "--reference", other) == (
        f"{other}: column S is missing; ablation-mlp-only needs the columns seed, ood_error, S "
        "(found: R, K, N_f, seed, ood_error)"
    )


def test_a_figure_replaces_neither_table(refused, tmp_path):
    path, other = csv_of(tmp_path / "m.csv"), csv_of(tmp_path / "main.csv")
    words = ["judge", path, "--claim", "ablation-mlp-only", "--reference", other]
    for given in (path, other):
        plot = given.replace(".csv", ".svg")
        assert refused(*words, "--plot", plot) == (
            f"--plot={plot} is refused: its data would replace the measurements {given}"
        )
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.csv", "main.csv"]


def test_names_that_are_too_long(refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused("plot", LONG).startswith(f"{LONG} is neither a directory nor a claim")
    assert refused("check", "--baseline", LONG).startswith(f"cannot read the baseline {LONG}: File name too long")
    assert refused("report", LONG).startswith(f"cannot read {LONG}/results.json: File name too long")
    assert refused("verify", "--config", LONG) == f"cannot read the configuration {LONG}: File name too long"


def test_a_baseline_that_has_no_place_is_told_before_anything_runs(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    ran = []
    monkeypatch.setattr("empirics.verification.verify.verify", lambda *_, **__: ran.append("verify"))
    place = tmp_path / "file" / "b.json"
    assert run(["check", "--update", "--baseline", str(place)]) == 2
    told = f"factbound: cannot write to the output directory {place.parent}: "
    assert capsys.readouterr().err.startswith(told)
    assert ran == []


def test_a_dry_run_beside_a_store_that_cannot_be_read(capsys, tmp_path):
    (tmp_path / "runs.sqlite").mkdir()
    assert run(["verify", "--dry-run", "--preset", "quick", "--output", str(tmp_path)]) == 2
    path = tmp_path / "runs.sqlite"
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == f"factbound: cannot read {path}: Is a directory; use another --output"


def test_closed_streams_are_one_line():
    command = shlex.join([sys.executable, "-m", "empirics", "bound", "ood-error-literal", "N_f=40", "K=3", "R=60"])
    done = subprocess.run(f"{command} <&- >&-", shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "factbound: cannot write to standard output: it is closed\n"


@pytest.mark.parametrize(("place", "why"), [("none/f.svg", "No such file or directory"), ("f.svg", "Is a directory")])
def test_a_figure_that_cannot_be_written(refused, tmp_path, place, why):
    path = csv_of(tmp_path / "m.csv")
    (tmp_path / "f.svg").mkdir()
    assert refused("judge", path, *CLAIM, "--plot", str(tmp_path / place)) == f"cannot write {tmp_path / place}: {why}"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["f.svg", "m.csv"]


def test_a_figure_leaves_out_what_is_not_known(tmp_path):
    """A bound that is not defined in a cell, and cells without a value."""
    path = csv_of(tmp_path / "m.csv", {"K": 30}, {"K": 30, "seed": 1}, {"K": 3, "ood_error": ""})
    assert run(["judge", path, *CLAIM, "--plot", str(tmp_path / "f.svg")]) == 3
    rows = list(csv.DictReader((tmp_path / "f.csv").open()))
    assert {(row["K"], row["bound"] == "", row["mean"] == "") for row in rows} == {
        ("30", True, False),
        ("3", False, True),
    }


@pytest.mark.parametrize("option", ["--markdown", "--junit"])
def test_a_summary_that_cannot_be_written(monkeypatch, tmp_path, capsys, option):
    (tmp_path / "b.json").write_text('{"preset": "quick", "claims": {}}')
    monkeypatch.setattr("empirics.verification.verify.verify", lambda *_, **__: SimpleNamespace(claims=[]))
    kept(monkeypatch, "empirics.verification.baseline", "baseline_of", Baseline(preset="quick", claims={}))
    assert run(["check", "--baseline", str(tmp_path / "b.json"), option, str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"factbound: cannot write {tmp_path}: Is a directory\n"


def test_a_section_of_the_configuration_that_is_a_number(refused, tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("world = 3\n")
    line = refused("verify", "--config", str(path))
    assert line.startswith(f"{path}: world=3 is not a section; allowed are [")
    assert "[world]" in line


def test_a_name_that_the_package_has_not():
    with pytest.raises(AttributeError, match="module 'empirics' has no attribute 'nothing'"):
        empirics.nothing


def test_a_claim_of_a_broken_plug_in_is_an_error_of_its_own(refused, monkeypatch):
    point = registry.Plugin(EntryPoint("theirs", "theirs:CLAIMS", "factbound.claims"), "theory.claim.Claim")
    broken = {"their-bound": registry.BrokenPluginError(point, ValueError("no such thing"))}
    found = replace(registry._registry(), broken=broken)
    monkeypatch.setattr(registry, "_registry", lambda: found)
    assert refused("claims", "their-bound", status=70) == (
        "entry point theirs (theirs:CLAIMS) is broken: ValueError: no such thing"
    )


def test_ctrl_c_while_a_file_is_written_leaves_the_old_one(monkeypatch, tmp_path):
    (tmp_path / "f").write_text("old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "f", "new")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]
