"""Every number of results.json, computed a second time from the single runs."""

import ast
import copy
from pathlib import Path

import pytest
from plain.audit import audit, audit_runs

PLAIN = Path(__file__).with_name("plain")


def test_the_reader_imports_nothing_of_the_program():
    allowed = {
        "__future__",
        "collections",
        "csv",
        "dataclasses",
        "fractions",
        "functools",
        "itertools",
        "html",
        "io",
        "json",
        "math",
    }
    allowed |= {"mpmath", "numpy", "pathlib", "plain", "re", "scipy", "sqlite3", "statistics", "typing", "xml"}
    for file in PLAIN.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert {name.split(".")[0] for name in names} <= allowed, file


def test_all_numbers_of_a_quick_verification(quick):
    tally, _ = audit(quick.results)
    assert tally.wrong == []
    assert tally.numbers > 5000


def test_the_single_runs_are_those_of_the_store(quick):
    tally = audit_runs(quick.results, quick.directory / "runs.sqlite")
    assert tally.wrong == []
    assert tally.numbers > 10_000


def exchanged(document, one, other):
    document[one], document[other] = document[other], document[one]


def _sampled(results):
    return next(v for v in results["verdicts"] if v["limits"] == "exact")


FAULTS = {
    "limits exchanged": lambda r: exchanged(_sampled(r), "lower", "upper"),
    "alpha not divided": lambda r: _sampled(r).update(refuting=0.05),
    "a verdict": lambda r: _sampled(r).update(verdict="VIOLATED"),
    "scope inverted": lambda r: r["cells"][0].update(in_scope_seeds=[]),
    "a mean": lambda r: r["cells"][0]["observables"]["ood_error"].update(mean=0.5),
    "a bound": lambda r: r["cells"][0]["bounds"]["ood-error-literal"].update(bound=0.5),
    "Holm's value": lambda r: next(c for c in r["claims"] if c["pooled"])["pooled"].update(holm=0.001),
    "a claim's verdict": lambda r: r["claims"][0].update(verdict="UNDECIDED"),
    "one run": lambda r: r["cells"][4]["observables"]["ood_error"]["values"].__setitem__(0, 1.0),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_document_is_found(quick, fault):
    results = copy.deepcopy(quick.results)
    FAULTS[fault](results)
    assert audit(results)[0].wrong
