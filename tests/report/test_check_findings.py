"""The findings of ``factbound check``: table, summary and JUnit, in every case."""

import io
from xml.etree import ElementTree

from rich.console import Console

from empirics.report.findings import findings_junit, findings_markdown, print_findings
from empirics.verification.baseline import Baseline, BaselineCell, BaselineClaim, Finding, Level

CELLS = {"K=1": BaselineCell(verdict="HOLDS"), "K=2": BaselineCell(verdict="HOLDS")}
CLAIM = BaselineClaim(kind="upper", formula="a <= b", fingerprint="0", verdict="HOLDS", cells=CELLS)
NEW = Baseline(preset="quick", claims={"one": CLAIM, "two": CLAIM})
FINDINGS = [
    Finding(Level.WARNING, "one", "K=1", "a | wider"),
    Finding(Level.FAILURE, "one", "", "formula"),
    Finding(Level.FAILURE, "one", "K=2", "worse"),
    Finding(Level.NOTE, "two", "", "new"),
    Finding(Level.WARNING, "two", "", "narrower"),
    Finding(Level.FAILURE, "gone", "", "vanished"),
    Finding(Level.FAILURE, "", "", "another preset"),
]
SUMMARY = "4 failures, 2 warnings, 1 note in 2 claims, 4 cells."


def printed(findings):
    out = Console(file=io.StringIO(), width=100, highlight=False)
    print_findings(findings, NEW, out)
    return [[part.strip() for part in line.split("  ") if part.strip()] for line in out.file.getvalue().splitlines()]


def test_the_terminal():
    assert printed([]) == [["No change: 2 claims, 4 cells as in the baseline."]]
    assert printed(FINDINGS) == [
        ["claim", "where", "what"],
        ["WARNING", "one", "K=1", "a | wider"],
        ["FAILURE", "one", "formula"],
        ["FAILURE", "one", "K=2", "worse"],
        ["NOTE", "two", "new"],
        ["WARNING", "two", "narrower"],
        ["FAILURE", "gone", "vanished"],
        ["FAILURE", "another preset"],
        [SUMMARY],
    ]
    assert printed(FINDINGS[:1])[-1] == ["1 warning in 2 claims, 4 cells."]


def test_the_summary_of_a_page():
    nothing = "## Theorems against the baseline\n\nNo change: 2 claims, 4 cells as in the baseline.\n\n"
    assert findings_markdown([], NEW) == nothing
    assert findings_markdown(FINDINGS[:2], NEW) == (
        "## Theorems against the baseline\n\n1 failure, 1 warning in 2 claims, 4 cells.\n\n"
        "| | claim | where | what |\n| --- | --- | --- | --- |\n"
        "| WARNING | one | K=1 | a \\| wider |\n| FAILURE | one |  | formula |\n"
    )


def test_junit_has_a_case_for_each_claim():
    text = findings_junit(FINDINGS, NEW)
    assert text.startswith("<?xml")
    assert text.endswith(">\n")
    suite = ElementTree.fromstring(text)
    assert suite.attrib == {"name": "factbound check", "tests": "4", "failures": "3"}
    told = {case.get("name"): [(part.tag, part.get("message"), part.text) for part in case] for case in suite}
    assert told == {
        "one": [("failure", "formula", "formula\nK=2: worse"), ("system-out", None, "K=1: a | wider")],
        "two": [("system-out", None, "narrower")],
        "gone": [("failure", "vanished", "vanished")],
        "baseline": [("failure", "another preset", "another preset")],
    }
    assert {case.get("classname") for case in suite} == {"factbound"}
    clean = ElementTree.fromstring(findings_junit([], NEW))
    assert (clean.get("tests"), clean.get("failures"), [len(case) for case in clean]) == ("2", "0", [0, 0])
