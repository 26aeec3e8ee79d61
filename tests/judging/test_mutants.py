"""Mutants: refuted by the same code as the claim, by exact counterexamples, or by certificates that fail."""

import numpy as np
import pytest
from judging_builders import OBSERVABLES, make_cell, make_claim, settings

from empirics.judging.judge import judge_claim
from empirics.judging.mutants import _evidence, judge_mutants
from empirics.judging.outcome import Verdict
from theory import all_claims, claim

EXACT = ["coverage-half-mean", "covering-some-unseen", "covering-none-seen", "coverage-union", "coverage-union-sharp"]


@pytest.mark.parametrize("identifier", [*EXACT, "covering-some-unseen-sharp", "pretraining-rate-linear", "rank-one"])
def test_mutants_of_theorems_are_refuted_without_any_run(identifier):
    outcomes = judge_mutants([claim(identifier)], [], settings())
    assert outcomes
    for outcome in outcomes:
        assert outcome.refuted is True, outcome
        assert outcome.evidence


def test_measured_mutants_need_measurements():
    literal = claim("ood-error-literal")
    assert {o.refuted for o in judge_mutants([literal], [], settings())} == {None}
    rng = np.random.default_rng(0)
    errors = rng.binomial(40, 0.7, size=60) / 40

    def cell(values):
        made = make_cell(values, R=60, K=3, N_f=5, observable="ood_error")
        return type(made)(
            0, "main", made.symbols, made.seeds, observables=made.observables | {"pretraining_gap": (0.01,) * 60}
        )

    assert {o.refuted for o in judge_mutants([literal], [cell(errors.tolist())], settings())} == {True}
    # Without errors nothing refutes a bound that is too small, and this is said, not hidden.
    outcomes = judge_mutants([literal], [cell([0.0] * 60)], settings())
    assert {o.refuted for o in outcomes} == {False}
    assert all("do not distinguish the mutant from the claim" in o.evidence for o in outcomes)


def test_a_mutant_is_refuted_by_the_pooled_statement_too():
    """Twenty cells, each open, and the mean over them below what is asked."""
    values = [-1.0 if i in {round(j * 32 / 13) for j in range(13)} else 1.0 for i in range(32)]
    cells = [make_cell(np.roll(values, i).tolist(), index=i, observable="slope", N_f=i + 2) for i in range(20)]
    outcome = judge_claim(make_claim("comparison", observable="slope"), cells, settings(), OBSERVABLES, (16, 32))
    assert outcome.verdict is Verdict.VIOLATED
    assert all(o.verdict is Verdict.UNDECIDED for o in outcome.outcomes)
    refuted, evidence = _evidence(outcome, cells)
    assert refuted
    assert "all cells, 32 worlds: fraction of worlds in which it holds 0.594; upper limit" in evidence


def test_evidence_along_an_axis_stands_at_the_first_cell_of_the_series():
    cells = [make_cell([value] * 16, index=i, N_f=2 + i) for i, value in enumerate((0.1, 0.5))]
    outcome = judge_claim(make_claim("trend", axis="N_f", direction=-1), cells, settings(), OBSERVABLES, (16,))
    assert outcome.outcomes[0].cells == (0, 1)
    refuted, evidence = _evidence(outcome, cells)
    assert refuted
    assert evidence == f"{cells[0].label}: {outcome.outcomes[0].reason}"


def test_every_claim_with_a_number_has_a_mutant():
    assert [c.id for c in all_claims() if c.log_expression is not None and not c.mutants] == []
