"""Every mutant of a DERIVED claim is refuted, by exact or ball arithmetic at one point."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq

import theory
from theory import Claim, Kind, Mutant, Provenance
from theory.coverage import laws as covering

EXACT: dict[str, Callable[..., Fraction]] = {
    "coverage_half_mean_tail": covering.below_half_mean,
    "coverage_union": covering.some_below_half,
    "covering_some_unseen": covering.some_unseen,
    "covering_none_seen": covering.none_seen,
}

GRID = [
    {"N_f": n, "K": k, "R": r}
    for r in (2, 3, 5, 8, 10)
    for k in range(1, min(r, 5) + 1)
    for n in (1, 2, 3, 5, 9, 16, 24)
    if covering.half_mean_cut(n, k, r) <= 6
] + [{"N_f": 50, "K": 1, "R": 2}]


def cases() -> list[tuple[Claim, Mutant]]:
    return [
        (claim, mutant)
        for claim in theory.all_claims()
        if claim.provenance is Provenance.DERIVED and claim.observable in EXACT
        for mutant in claim.mutants
    ]


def violates(claim: Claim, exact: Fraction, here: dict[str, int]) -> bool:
    """Whether the exact probability certainly contradicts the claim's bound."""
    bound = claim.enclosure(**here)
    if isinstance(bound.ball, float):  # the bound is exactly 0
        return exact > 0
    with ctx.workprec(256):
        value = arb(fmpq(exact.numerator, exact.denominator))
        limit = arb(bound.ball).exp()
        if claim.kind is Kind.IDENTITY:
            return not value.overlaps(limit)
        return bool(value > limit) if claim.kind is Kind.UPPER else bool(value < limit)


@pytest.mark.parametrize(("claim", "mutant"), cases(), ids=lambda x: getattr(x, "name", getattr(x, "id", "")))
def test_mutant_is_refuted_by_exact_arithmetic(claim: Claim, mutant: Mutant) -> None:
    assert mutant.refuted_by == "certification"
    changed = claim.mutated(mutant)
    exact = EXACT[claim.observable]
    assert any(violates(changed, exact(**here), here) for here in GRID)


@pytest.mark.parametrize("claim", [c for c in theory.all_claims() if c.observable in EXACT], ids=lambda claim: claim.id)
def test_claim_itself_is_not(claim: Claim) -> None:
    exact = EXACT[claim.observable]
    assert not any(violates(claim, exact(**here), here) for here in GRID)


def one_step_gap(R: int, K: int, S: int, eta: Fraction) -> arb:
    """Gap of the linear memory after one gradient step from 0, in ball arithmetic; R = K = 1 world of S facts."""
    assert (R, K) == (1, 1)
    V = 2 * S + 2
    # Rows of -gradient at 0, by symmetry: fact s, and the single template r.
    mean = Fraction(1, V)
    step = {
        "s": {"u_r": eta / S * (1 - mean - mean / 2), "u_a": eta / S * (Fraction(1, 2) - mean - mean / 2)},
        "r": {"u_r": -eta * mean / 2, "u_a": eta / 2 * (Fraction(1, S) - mean)},
    }
    rest_s, rest_r = -eta / S * mean * Fraction(3, 2), -eta * mean / 2

    def loss(target: Fraction, others: list[tuple[int, Fraction]]) -> arb:
        total = sum((count * arb(fmpq(*(x - target).as_integer_ratio())).exp() for count, x in others), arb(1))
        return total.log()

    template = loss(step["s"]["u_r"], [(1, step["s"]["u_a"]), (V - 2, rest_s)])
    half = Fraction(1, 2)
    right = half * (step["s"]["u_a"] + step["r"]["u_a"])
    wrong = half * (rest_s + step["r"]["u_a"])
    own = half * (step["s"]["u_r"] + step["r"]["u_r"])
    other = half * (rest_s + rest_r)
    answer = loss(right, [(S - 1, wrong), (1, own), (V - S - 1, other)])
    return template + answer


def test_one_step_gap_agrees_with_plain_gradient_descent() -> None:
    S, eta = 6, Fraction(3, 2)
    V = 2 * S + 2
    X = np.zeros((2 * S, S + 1))
    Y = np.zeros((2 * S, V))
    for s in range(S):
        X[s, s], Y[s, S] = 1, 1
        X[S + s, [s, S]], Y[S + s, S + 1 + s] = 0.5, 1
    M = float(eta) / S * X.T @ (Y - 1 / V)
    logits = X @ M
    losses = np.log(np.exp(logits).sum(axis=1)) - (logits * Y).sum(axis=1)
    assert float(one_step_gap(1, 1, S, eta)) == pytest.approx(losses.sum() / S, rel=1e-13)


@pytest.mark.parametrize("name", ["twice-as-fast", "vocabulary-without-prompt", "templates-free"])
def test_rate_mutant_is_refuted_by_one_gradient_step(name: str) -> None:
    claim = theory.claim("pretraining-rate-linear")
    mutant = next(m for m in claim.mutants if m.name == name)
    assert mutant.refuted_by == "certification"
    S, eta = 40, Fraction(1, 64)
    here = {"S": S, "A": S, "R": 1, "K": 1, "eta": float(eta), "t": 1}
    with ctx.workprec(200):
        gap = one_step_gap(1, 1, S, eta)
        assert gap < arb(claim.enclosure(**here).ball).exp()
        assert gap > arb(claim.mutated(mutant).enclosure(**here).ball).exp()


def test_every_mutant_of_a_derived_claim_is_covered_by_a_test() -> None:
    elsewhere = {"pretraining-rate-linear", "rank-one", "pretraining-floor", "ood-error-linear-memory"}
    elsewhere |= {f"ood-error-linear-memory-{kind}" for kind in ("two-sided", "upper", "once")}
    covered = {claim.id for claim, _ in cases()} | elsewhere
    derived = {
        c.id for c in theory.all_claims() if c.provenance is Provenance.DERIVED and c.paper.name == "xu-chen"
    }  # other papers test their own mutants
    assert derived == covered
    assert all(theory.claim(identifier).mutants for identifier in derived)


def test_floor_mutants_differ_from_the_floor_at_a_world() -> None:
    claim = theory.claim("pretraining-floor")
    for mutant in claim.mutants:
        here = {name: {"K": 2, "R": 5}[name] for name in claim.mutated(mutant).symbols}
        changed = claim.mutated(mutant).enclosure(**here)
        true = claim.enclosure(K=2)
        assert changed.lower > true.upper or changed.upper < true.lower
