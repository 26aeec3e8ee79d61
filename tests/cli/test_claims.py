"""``claims``, ``bound`` and ``plan`` on claims of one's own: every line that they print."""

import json
import math
from dataclasses import replace

import pytest
import sympy as sp

from empirics.cli import claims as command
from empirics.cli import plan as planning
from empirics.cli.app import run
from empirics.observables.definition import SHARE, Observable
from theory import Assumption, Claim, Kind, Measured, Mutant, Notation, Paper, Premises, Provenance, Source, Symbol
from theory import claim as registered
from theory.describe import described

n, k = (sp.Symbol(name, integer=True, positive=True) for name in "nk")
PAPER = Paper("mine", Notation("mine", Symbol(n, "samples", 1), Symbol(k, "colours", 1)), unknowns=("n", "k"))
BOUND = Claim(
    id="mine",
    title="A bound of [mine]",
    statement="It falls.",
    kind=Kind.UPPER,
    observable="my_error",
    log_expression=-n * k / sp.Integer(4),
    source=Source(paper=PAPER, provenance=Provenance.STATED, text="page 3", number="Theorem [1]"),
    premises=Premises(domain=(k < n + 10,), assumptions=(Assumption("many", n >= 2, "enough [samples]"),)),
    measured=Measured(per_run="my_excess"),
    mutants=(Mutant("twice", -n * k / sp.Integer(2), "twice too strong"),),
    required=True,
)
TREND = Claim(
    id="falling",
    title="It falls with [n]",
    statement="More is better.",
    kind=Kind.TREND,
    observable="other_error",
    source=Source(paper=PAPER, provenance=Provenance.DERIVED, text="here"),
    measured=Measured(axis="n"),
)
KNOWN = {"my_error": Observable("my_error", "Share of mistakes.", SHARE, 0, 1, trivial=0.5)}


@pytest.fixture(autouse=True)
def _mine(monkeypatch):
    found = {c.id: c for c in (BOUND, TREND)}
    for module in (command, planning):
        monkeypatch.setattr(module, "claim", found.__getitem__)
    monkeypatch.setattr(command, "all_claims", lambda: tuple(found.values()))
    monkeypatch.setattr(command, "observable", KNOWN.get)


def told(capsys, *arguments, status=0):
    assert run([*arguments]) == status
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def columns(lines):
    return [[part for part in line.split("  ") if part] for line in lines]


def test_the_list(capsys):
    paper, *table = told(capsys, "claims")
    assert paper.strip() == "mine"
    heading, *rows = ([part.strip() for part in row] for row in columns(table))
    assert heading == ["claim", "kind", "provenance", "required", "formula"]
    assert rows == [
        ["mine", "Theorem [1]", "upper", "STATED", "yes", BOUND.formula],
        ["falling", "trend", "DERIVED", "no", "It falls with [n]"],
    ]


def test_one_claim_in_full(capsys):
    assert [" ".join(line.split()) for line in told(capsys, "claims", "mine")] == [
        "mine (Theorem [1]) A bound of [mine]",
        "statement It falls.",
        f"formula {BOUND.formula}",
        "kind upper",
        "provenance STATED: the source's formula, not proved here",
        f"source {BOUND.source_text}",
        "observable my_error: Share of mistakes.",
        "judged on my_excess at most 0, run by run",
        "required yes: a violation fails a verification",
        "domain k < n + 10",
        "assumes n >= 2 (enough [samples])",
        "mutant twice: twice too strong (to be refuted by certification)",
        "Evidence (docs/trust.md says what it rests on)",
        "prose proof no: the source states it; it is not proved here",
        "formal proof no: no theorem in Coq",
        "certificate no: no step is checked by machine",
        "measurement no: not measured here; the verdict would be on the share of worlds in which it holds",
        "where: my_excess in arm main; factbound judge MEASUREMENTS.csv --claim mine",
        "mutants no: not tested here: twice",
        "where: factbound verify --mutants --claims mine",
    ]
    plain = told(capsys, "claims", "falling")
    assert plain[1].startswith("statement  "), "without a heading, from the edge on"
    shown = [" ".join(line.split()) for line in plain]
    assert shown[0] == "falling It falls with [n]"
    heading = shown.index("Evidence (docs/trust.md says what it rests on)")
    assert shown[heading - 2 : heading] == ["observable other_error", "required no"]
    assert shown[heading + 3] == "certificate no: NOT CHECKED: no certificate is on record"


def test_evidence_in_full(capsys, monkeypatch):
    monkeypatch.setattr(command, "claim", registered)
    shown = [" ".join(line.split()) for line in told(capsys, "claims", "coverage-union")]
    for line in (
        "prose proof yes: in numbered steps",
        "where: docs/claims/coverage-union.md",
        "shows: the statement follows from its premises, if every step is right",
        "does not show: that every step is right: it was read, not checked by machine",
        "formal proof yes: on record, Coq 8.16.1: half_mean_union",
    ):
        assert line in shown
    document = json.loads("\n".join(told(capsys, "claims", "coverage-union", "--json")))
    old = described(registered("coverage-union"))
    assert {name: document[name] for name in old} == old, "keys are only added"
    assert set(document) - set(old) == {"evidence"}
    assert [(row["kind"], row["present"]) for row in document["evidence"]] == [
        ("prose proof", True), ("formal proof", True), ("certificate", True), ("measurement", False), ("mutants", True),
    ]  # fmt: skip


def test_documents_and_formulas(capsys):
    whole = json.loads("\n".join(told(capsys, "claims", "--json")))
    assert [document["id"] for document in whole] == ["mine", "falling"]
    assert json.loads("\n".join(told(capsys, "claims", "mine", "--json"))) == whole[0]
    assert told(capsys, "claims", "--latex") == [f"mine: {BOUND.latex}"]
    assert told(capsys, "claims", "mine", "--latex") == [BOUND.latex]
    assert run(["claims", "falling", "--latex"]) == 2
    assert "falling is a trend claim and states no formula" in capsys.readouterr().err


def test_a_bound(capsys):
    assert told(capsys, "bound", "mine", "n=1", "k=2") == [
        "mine  A bound of [mine]",
        f"  {BOUND.formula}",
        f"  bound      {math.exp(-0.5):.6g}",
        "  log bound  -0.5",
        "  vacuous    yes",
        "  status     STATED: the source's formula, not proved here",
        "  premise    n >= 2: FAILS",
    ]
    strong = told(capsys, "bound", "mine", "n=4", "k=1")
    assert (strong[4], strong[-1]) == ("  vacuous    no", "  premise    n >= 2: holds")
    document = json.loads("\n".join(told(capsys, "bound", "mine", "n=4", "k=1", "--json")))
    assert (document["log_bound"], document["vacuous"]) == (-1.0, False)


def test_a_lower_bound_is_vacuous_at_the_least_value(capsys, monkeypatch):
    lower = replace(BOUND, kind=Kind.LOWER, measured=Measured(), mutants=())
    monkeypatch.setattr(command, "claim", {"mine": lower}.__getitem__)
    monkeypatch.setattr(command, "observable", {"my_error": replace(KNOWN["my_error"], lower=0.25)}.get)
    assert told(capsys, "bound", "mine", "n=8", "k=1")[4] == "  vacuous    yes"
    assert told(capsys, "bound", "mine", "n=4", "k=1")[4] == "  vacuous    no"


def test_a_bound_of_an_observable_that_nobody_knows_is_never_vacuous(capsys, monkeypatch):
    monkeypatch.setattr(command, "observable", {}.get)
    assert told(capsys, "bound", "mine", "n=1", "k=1")[4] == "  vacuous    no"
    assert "observable other_error" in [" ".join(s.split()) for s in told(capsys, "claims", "falling")]


def test_a_bound_of_0_and_a_premise_that_is_measured(capsys):
    document = {
        "bound": 0.0, "log_bound": None, "vacuous": False, "status": "DERIVED",
        "premises": [
            {"relation": "gap[x] <= 1", "holds": None, "missing": []},
            {"relation": "k >= n", "holds": None, "missing": ["n", "k"]},
        ],
    }  # fmt: skip
    command._print_bound(TREND, document)
    lines = capsys.readouterr().out.splitlines()
    assert "  bound      0" in lines
    assert "  log bound  -inf" in lines
    assert lines[-2].rstrip() == "  premise    gap[x] <= 1: to be measured"
    assert lines[-1].rstrip() == "  premise    k >= n: n, k not given"


def plans(reached):
    common = {"unknown": "n", "target": sp.Rational(1, 20), "reason": "first of [all]"}
    found = {"value": 7, "holds_from": 7, "bound_at": 0.0498765432, "bound_before": 0.0625}
    other = {"claim": "other[x]", **common, "reason": "never so [small]"}
    about = {"observable": "my_error", "guarantees": True, "status": "not [proved]", "premises": (("k >= 2", "holds"),)}
    return [
        planning.Plan(
            claim="mine",
            symbolic=-sp.log(k) / k if reached else None,
            **common,
            **about,
            **(found if reached else {"value": None}),
        ),
        planning.Plan(value=None, **other, **about),
        planning.Plan(
            **(other | about | {"claim": "third", "reason": "not told", "observable": "others"}), value=1, bound_at=0.01
        ),
    ]


def test_a_plan(capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(planning, "ask", lambda *question: asked.append(question) or plans(True))
    lines = told(capsys, "plan", "mine", "--target", "0.05", "k=3", "--unknown", "n")
    assert asked == [(BOUND, "0.05", {"k": 3}, "n")]
    assert lines[0] == "n = 7 is enough for my_error <= 0.05 at k=3"
    assert lines[1].startswith("  bound    mine: ")
    assert lines[2:7] == [
        "  status   not [proved]",
        "  premise  k >= 2: holds",
        "  value    0.0498765, 0.0625 at n = 6",
        "  inverse  n >= -log(k)/k, delta the target",
        "  method   first of [all]",
    ]
    assert [line.split() for line in lines[8:11]] == [
        ["other", "bounds", "on", "n", "bound", "there", "bound", "at", "n", "−", "1"],
        ["other[x]", "my_error", "unreachable", "-", "-"],
        ["third", "others", "1*", "0.01", "-"],
    ]
    assert lines[11:] == [
        "other[x]: never so [small]",
        "* third: 1 is enough; a larger n may not be",
    ]
    document = json.loads("\n".join(told(capsys, "plan", "mine", "--target", "0.05", "k=3", "--json")))
    assert (document["id"], document["values"]) == ("mine", {"k": 3})
    assert [found["id"] for found in document["beside"]] == ["other[x]", "third"]


def test_a_plan_without_symbols_and_without_a_closed_form(capsys, monkeypatch):
    monkeypatch.setattr(planning, "ask", lambda *question: plans(False)[:1])
    lines = told(capsys, "plan", "mine", "--target", "0.05")
    assert lines[0] == "unreachable: no bound here guarantees my_error <= 0.05"
    assert lines[2:] == ["  status   not [proved]", "  premise  k >= 2: holds", "  why      first of [all]"]
    assert run(["plan", "mine"]) == 2
    assert "--target is missing" in capsys.readouterr().err
