"""Near misses: which are judged by what, and the evidence that is told, word by word."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import sympy as sp
from judging_builders import OBSERVABLES, make_cell, make_claim, settings

from empirics.judging import mutants as module
from empirics.judging.mutants import (
    MutantOutcome,
    _by_certification,
    _by_exact_arithmetic,
    judge_mutants,
    mutated_claims,
)
from empirics.observables.definition import Observable
from theory import Mutant
from theory.claims.xu_chen.paper import K, R

POINTS = ({"R": 2, "K": 1}, {"R": 4, "K": 3}, {"R": 3, "K": 2})
SHARE = Observable("share", "K of R", "1", 0, 1, sampling="exact", exact=lambda p: p["K"] / p["R"], small=POINTS)
MEASURED = Mutant("half", sp.log(sp.Rational(1, 20)), "a twentieth", "measurement")
CERTIFIED = Mutant("other", sp.log(sp.Rational(1, 3)), "a third")


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    known = OBSERVABLES | {"share": SHARE}
    monkeypatch.setattr(module, "observables", lambda: known)
    monkeypatch.setattr("empirics.judging.judge.known_observables", lambda: known)


def claim_with(*mutants, observable="error"):
    return replace(make_claim("upper", bound="1/2", observable=observable), mutants=mutants)


def test_measurements_refute_what_they_are_to_refute_and_can():
    claims = [claim_with(MEASURED, CERTIFIED), claim_with(MEASURED, observable="share")]
    assert [(c.id, m.name, x.id) for c, m, x in mutated_claims(claims)] == [("test", "half", "test:half")]


@pytest.mark.parametrize("looks", [(), (40,)])
def test_the_first_cell_that_refutes_is_the_evidence(looks):
    cells = [
        make_cell([0.0] * 40, index=4),
        make_cell([0.3] * 40, index=7, N_f=6),
        make_cell([0.4] * 40, index=9, N_f=7),
    ]
    (found,) = judge_mutants([claim_with(MEASURED)], cells, settings(), looks)
    assert (found.claim, found.mutant, found.refuted) == ("test", "half", True)
    assert found.evidence.startswith("|R|=20, K=2, N_f=6: error: lower limit ")
    assert found.evidence.endswith(" > 0.05 (40 seeds)")


def test_what_measurements_do_not_tell():
    (open_,) = judge_mutants([claim_with(MEASURED)], [make_cell([0.05] * 9)], settings())
    assert (open_.refuted, open_.evidence) == (
        False,
        "the verdict is UNDECIDED: these runs do not distinguish the mutant from the claim",
    )
    other = make_cell([0.5] * 9, observable="slope")
    (untested,) = judge_mutants([claim_with(MEASURED)], [other], settings())
    assert untested == MutantOutcome("test", "half", None, "not tested: no run measured error")


def test_the_looks_are_those_of_the_claim(monkeypatch):
    seen = []
    real = module.judge_claim
    monkeypatch.setattr(module, "judge_claim", lambda *a, looks: seen.append(looks) or real(*a, looks=looks))
    judge_mutants([claim_with(MEASURED)], [make_cell([0.05] * 9)], settings(), (4, 9))
    assert seen == [(4, 9)]


def exactly(bound):
    mutant = Mutant("m", bound, "", "certification")
    return _by_exact_arithmetic(claim_with(mutant, observable="share"), mutant, settings())


def test_the_first_small_point_beyond_the_number_is_the_counterexample():
    found = exactly(sp.log(sp.Rational(7, 10)))
    assert (found.refuted, found.evidence) == (True, "|R|=4, K=3: exact value 0.75 > 0.7")
    assert exactly(sp.log(sp.Rational(2, 5))).evidence.startswith("|R|=2, K=1: ")
    none = exactly(sp.log(K / R))
    assert none == MutantOutcome("test", "m", False, "no counterexample with R up to 4, K up to 3")


def test_without_exact_values_certificates_speak(monkeypatch):
    def certificate(step, proved, claim="test:m"):
        return SimpleNamespace(claim=claim, step=step, proved=proved, detail=f"at {step}")

    for given, refuted, evidence in (
        ([], None, "no certificate covers it"),
        ([certificate("a", False, "test:n")], None, "no certificate covers it"),
        ([certificate("a", True)], False, "every step of its proof is proved"),
        ([certificate("a", False), certificate("b", True)], False, "a: at a"),
        (
            [certificate("a", False), certificate("b", False), certificate("c", True, "test:n")],
            True,
            "a: at a; b: at b",
        ),
    ):
        monkeypatch.setattr("theory.certify.mutants", lambda identifier, given=given: iter(given))
        mutant = Mutant("m", None, "")
        assert _by_certification(claim_with(), mutant) == MutantOutcome("test", "m", refuted, evidence)
        for observable in ("error", "nobody's"):
            claim = claim_with(mutant, observable=observable)
            assert judge_mutants([claim], [], settings()) == [MutantOutcome("test", "m", refuted, evidence)]
