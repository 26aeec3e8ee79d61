"""One directory with every verdict, arm, failure and missing value: all that is written and printed, read again."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest
from invented_runs import SETTINGS, invented
from plain.audit import answers_of, audit, audit_runs
from plain.drawn import check_picture
from plain.figure_data import check_csv
from plain.findings import check_findings
from plain.page import check_page
from plain.printed import check_cells_csv, check_reasons, check_terminal
from plain.readers import csv_rows
from plain.tally import Tally

from empirics.cli.app import run
from empirics.experiments.one_layer.experiment import OneLayer
from empirics.verification.results import read_results

WORDS = {"HOLDS", "SUPPORTED", "VIOLATED", "UNDECIDED", "VACUOUS", "OUT OF SCOPE", "NOT TESTED"}


def verified(directory, *more):
    """Verify without training; what it prints."""
    options = [part for setting in SETTINGS for part in ("--set", setting)]
    text = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(text):
        patch.setattr(OneLayer, "run_arms", invented)
        patch.setenv("COLUMNS", "200")
        command = ["verify", "--preset", "default", "--workers", "1", "--output", str(directory), *options]
        assert run([*command, *more]) == 1
    return text.getvalue()


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """The directory, and what was printed."""
    directory = tmp_path_factory.mktemp("everything") / "results"
    return directory, verified(directory)


@pytest.fixture(scope="module")
def results(everything):
    return json.loads((everything[0] / "results.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def answers(results):
    return answers_of(results)


def test_it_has_every_verdict_and_failure(results, answers):
    assert {claim["verdict"] for claim in results["claims"]} >= {"HOLDS", "SUPPORTED", "VIOLATED", "UNDECIDED"}
    assert {v["verdict"] for v in results["verdicts"]} == WORDS - {"SUPPORTED"}
    assert any(v["flat"] for v in results["verdicts"])
    assert {"main", "low-rank", "linear-memory"} < {cell["variant"] for cell in results["cells"]}
    assert any(cell["failed"] for cell in results["cells"])


def test_every_number(everything, results):
    tally, _ = audit(results)
    assert tally.wrong == []
    assert audit_runs(results, everything[0] / "runs.sqlite").wrong == []


@pytest.mark.parametrize("what", ["terminal", "reasons", "cells.csv", "report.html"])
def test_what_people_read(everything, results, answers, what):
    directory, printed = everything
    tally = Tally()
    if what == "terminal":
        check_terminal(tally, printed, answers, results)
    elif what == "reasons":
        check_reasons(tally, answers, results)
    else:
        check = check_cells_csv if what == "cells.csv" else check_page
        check(tally, (directory / what).read_text("utf-8"), answers, results)
    assert tally.wrong == []
    assert tally.numbers > 100


def test_every_figure(everything, results, answers):
    tally = Tally()
    for file in sorted((everything[0] / "plots").glob("*.csv")):
        rows = check_csv(tally, file.stem, file.read_text("utf-8"), answers, results)
        check_picture(tally, file.stem, rows, file.with_suffix(".svg").read_text("utf-8"))
    assert tally.wrong == []
    assert csv_rows("a\n1\n") == [{"a": "1"}]


@pytest.fixture(scope="module")
def findings(everything):
    """The page of findings that these results give."""
    studies = str(Path(__file__).parents[1] / "studies")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(studies)
        from evidence import Evidence
        from findings import page

        return page(Evidence(read_results(everything[0] / "results.json")), "factbound verify")


def test_the_findings(findings, results, answers):
    tally = Tally()
    check_findings(tally, findings, answers, results)
    assert tally.wrong == []
    assert tally.numbers > 100


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"\*\*(refuted|not decided)\*\*", "**supported**"),
        (r"\n  - open, .*", ""),
        (r"at least \d\d % of worlds in", "at least 99 % of worlds in"),
        (r"(\| 20 \| 1 \| )(\d\.\d+)", r"\g<1>9\g<2>"),
        (r"(\d+) HOLDS", r"1\1 HOLDS"),
    ],
)
def test_a_fault_in_the_findings_is_seen(findings, results, answers, before, after):
    changed = re.sub(before, after, findings, count=1)
    assert changed != findings
    tally = Tally()
    check_findings(tally, changed, answers, results)
    assert tally.wrong


def test_the_document_on_standard_output_is_the_one_in_the_file(tmp_path):
    printed = json.loads(verified(tmp_path, "--claims", "ood-error-literal,trend-finetuned", "--json"))
    assert printed == json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert audit(printed)[0].wrong == []
