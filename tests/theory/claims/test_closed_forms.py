"""C4, C5, C7: the closed forms bound the exact laws, as tightly as they are said to."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from theory.coverage import laws as covering
from theory.coverage.balls import log_some_unseen
from theory.numbers.balls import Enclosure


def at_most(exact: Fraction, bound: Enclosure) -> bool:
    """exact <= exp(bound), decided by the lower end of the enclosure (rounded down by two units)."""
    return exact == 0 or math.log(exact.numerator) - math.log(exact.denominator) <= bound.lower + 1e-12


def exceeds(exact: Fraction, bound: Enclosure) -> bool:
    return exact > 0 and math.log(exact.numerator) - math.log(exact.denominator) > bound.upper + 1e-12


@given(st.integers(1, 60), st.integers(1, 14), st.integers(1, 14))
@settings(deadline=None, max_examples=100)
def test_half_mean_tail_is_below_its_bound(N_f: int, K: int, R: int) -> None:
    K = min(K, R)
    exact = covering.below_half_mean(N_f, K, R)
    assert at_most(exact, theory.claim("coverage-half-mean").enclosure(N_f=N_f, K=K, R=R))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
@settings(deadline=None, max_examples=100)
def test_some_unseen_is_below_its_sharp_bound_and_within_its_factor(N_f: int, K: int, R: int) -> None:
    K = min(K, R)
    exact = covering.some_unseen(N_f, K, R)
    bound = min(Fraction(1), K * Fraction(R - K, R) ** N_f)
    assert exact <= bound
    # bound <= e/(e-1) exact, in rationals: 1.5819 < e/(e-1)
    assert bound * 10_000 <= exact * 15_819
    assert theory.claim("covering-some-unseen-sharp").bound(N_f=N_f, K=K, R=R) == pytest.approx(float(bound), rel=1e-12)


def _worst_unseen_factor(R: int) -> float:
    worst = 0.0
    for K in range(2, R):
        crossing = int(math.log(K) / -math.log1p(-K / R))  # where the union passes 1
        for N_f in {max(1, crossing), crossing + 1}:
            union = theory.claim("covering-some-unseen-sharp").bound(N_f=N_f, K=K, R=R)
            worst = max(worst, union / math.exp(log_some_unseen(N_f, K, R)))
    return worst


def test_worst_factor_of_the_sharp_unseen_bound() -> None:
    """1.52 up to |R| = 60; it goes on rising towards the proved e/(e-1), which is therefore sharp."""
    assert round(_worst_unseen_factor(60), 2) == 1.52
    assert 1.57 < _worst_unseen_factor(400) < math.e / (math.e - 1)


UNION_SHAPES = [
    (N_f, K, R)
    for R in (2, 3, 5, 8, 12)
    for K in range(1, min(R, 5) + 1)
    for N_f in (1, 2, 3, 4, 5, 7, 8, 11, 15, 16, 23, 24)
    if covering.half_mean_cut(N_f, K, R) <= 8
]


def test_union_is_below_both_bounds_and_sharp_is_within_its_factors() -> None:
    sharp, simple = theory.claim("coverage-union-sharp"), theory.claim("coverage-union")
    worst = 0.0
    for N_f, K, R in UNION_SHAPES:
        exact = covering.some_below_half(N_f, K, R)
        here = {"N_f": N_f, "K": K, "R": R}
        assert at_most(exact, sharp.enclosure(**here)), here
        assert sharp.log_bound(**here) <= simple.log_bound(**here) + 1e-12, here
        if exact == 0:
            assert sharp.bound(**here) == 0 or K == R
            continue
        bound = sharp.bound(**here)
        worst = max(worst, bound / float(exact))
        single = float(covering.below_half_mean(N_f, K, R))
        assert bound <= 4 / 3 * K * single * (1 + 1e-12), here
    assert 1.4 < worst < 2.11


def test_a_bad_case_of_the_sharp_union_bound() -> None:
    exact = covering.some_below_half_by_chain(151, 6, 150)
    assert exact is not None
    assert round(theory.claim("coverage-union-sharp").bound(N_f=151, K=6, R=150) / exact, 2) == 1.64


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(2, 10**6))
@settings(deadline=None, max_examples=150)
def test_sharp_form_is_never_looser_than_the_simple_one(N_f: int, K: int, R: int) -> None:
    K = min(K, R)
    sharp = theory.claim("coverage-union-sharp").log_bound(N_f=N_f, K=K, R=R)
    simple = theory.claim("coverage-union").log_bound(N_f=N_f, K=K, R=R)
    assert sharp <= simple * (1 - 1e-12)


def _literal_dominates_for_good(R: int, K: int) -> bool:
    """The exact integer criterion of the validity frontier."""
    return (R - K) ** (2 * R * R) * R ** (K * K) < R ** (2 * R * R)


@pytest.mark.parametrize(("R", "first", "last"), [(136, 96, 98), (138, 94, 103), (160, 97, 130), (200, 110, 171)])
def test_literal_reading_never_dominates_covering_failure_there(R: int, first: int, last: int) -> None:
    never = [K for K in range(1, R) if R * R * 2 * math.log1p(-K / R) + K * K * math.log(R) > -1e-6 * R]
    assert (never[0], never[-1]) == (first, last)
    for K in (first - 1, last + 1):
        assert _literal_dominates_for_good(R, K)
    for K in (first, last):
        assert not _literal_dominates_for_good(R, K)


def test_count_of_pairs_without_a_literal_frontier() -> None:
    pairs, closest = 0, (math.inf, 0, 0)
    for R in range(2, 201):
        K = np.arange(1, R)
        margin = 2 * np.log1p(-K / R) * R * R / (K * K) + math.log(R)
        pairs += int((margin > 0).sum())
        at = int(np.argmin(np.abs(margin)))
        closest = min(closest, (abs(float(margin[at])), R, int(K[at])))
    assert pairs == 2484
    assert closest[1:] == (138, 94)


def test_normalised_reading_falls_short_at_first_and_dominates_in_the_end() -> None:
    normalised, exact = theory.claim("ood-error-normalised"), theory.claim("covering-some-unseen")
    for R, K in [(20, 3), (60, 4), (100, 10)]:
        small = {"N_f": 1, "K": K, "R": R}
        large = {"N_f": 20 * R * R, "K": K, "R": R}
        assert normalised.log_bound(**small) < exact.log_bound(**small)
        assert normalised.log_bound(**large) > exact.log_bound(**large)


def test_longest_finite_frontier_of_the_literal_reading() -> None:
    """(|R|, K) = (175, 146): the one-point certificate holds from about 8.3e4 on, not before."""
    R, K = 175, 146
    assert _literal_dominates_for_good(R, K)
    literal, exact = theory.claim("ood-error-literal"), theory.claim("covering-some-unseen")

    def dominates(N_f: int) -> bool:
        return literal.enclosure(N_f=N_f, K=K, R=R).lower >= exact.enclosure(N_f=N_f, K=K, R=R).upper

    low, high = 10**4, 2 * 10**5
    assert not dominates(low)
    assert dominates(high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if dominates(middle) else (middle, high)
    assert 8.2e4 < high < 8.4e4
