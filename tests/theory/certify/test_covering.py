"""C4, C6, C7 by second routes: exact rationals, enumeration and independent numerics."""

from fractions import Fraction
from itertools import combinations, product
from math import comb

import mpmath
import pytest

from theory.certify.covering_bounds import distance_to_union, ratio_at_most_half, sharpness
from theory.certify.covering_laws import monotone
from theory.coverage.laws import below_half_mean, half_mean_cut, some_below_half, some_unseen

GRID = [(N, K, R) for R in range(2, 10) for K in range(1, R) for N in (1, 2, 3, 5, 8, 13, 30)]


def _sharp(N: int, K: int, R: int) -> Fraction:
    """K pmf(c)/(1 - rho), without the minimum with 1."""
    c = half_mean_cut(N, K, R)
    pmf = Fraction(comb(N, c) * K**c * (R - K) ** (N - c), R**N)
    return K * pmf / (1 - Fraction(c * (R - K), (N - c + 1) * K))


def test_the_swap_coupling_is_uniform_by_counting() -> None:
    for R in range(2, 7):
        for K in range(1, R):
            found: dict[frozenset[int], Fraction] = {}
            containing = [frozenset(t) for t in combinations(range(R), K) if 0 in t]
            for T in containing:
                outside = [x for x in range(R) if x not in T]
                for x in outside:
                    moved = (T - {0}) | {x}
                    found[moved] = found.get(moved, Fraction(0)) + Fraction(1, len(containing) * len(outside))
            assert set(found.values()) == {Fraction(1, comb(R - 1, K))}
            assert len(found) == comb(R - 1, K)


def test_the_universe_coupling_is_uniform_and_shows_less() -> None:
    for R in range(1, 6):
        for K in range(1, R + 1):
            found: dict[frozenset[int], Fraction] = {}
            for T in map(frozenset, combinations(range(R), K)):
                whole = Fraction(1, comb(R, K))
                found[T] = found.get(T, Fraction(0)) + whole * (1 - Fraction(K, R + 1))
                for x in T:
                    moved = (T - {x}) | {R}
                    assert moved - {R} <= T
                    found[moved] = found.get(moved, Fraction(0)) + whole * Fraction(1, R + 1)
            assert set(found.values()) == {Fraction(1, comb(R + 1, K))}


def test_own_counts_are_negatively_associated_in_exact_rationals() -> None:
    for N, K, R in GRID:
        if N <= 8 and R <= 7:
            x = below_half_mean(N, K, R)
            assert some_below_half(N, K, R) >= 1 - (1 - x) ** K
        y = Fraction(R - K, R) ** N
        assert 1 - (1 - y) ** K <= some_unseen(N, K, R) <= K * y


def test_the_sharp_form_is_never_looser_than_the_simple_one() -> None:
    for N, K, R in GRID:
        ratio = mpmath.mpf(_sharp(N, K, R).numerator) / _sharp(N, K, R).denominator
        assert ratio <= K * mpmath.exp(-mpmath.mpf(N * K * K) / (2 * R * R))


@pytest.mark.parametrize("tilt", [Fraction(1, 100), Fraction(1, 4), Fraction(2, 3), Fraction(1)])
def test_the_sharp_form_is_below_every_tilted_expectation(tilt: Fraction) -> None:
    for N, K, R in GRID:
        p = Fraction(K, R)
        c = half_mean_cut(N, K, R)
        assert _sharp(N, K, R) / K <= tilt**-c * (1 - p + p * tilt) ** N


def test_half_mean_tail_in_high_precision() -> None:
    for N, K, R in GRID:
        tail = below_half_mean(N, K, R)
        assert mpmath.mpf(tail.numerator) / tail.denominator <= mpmath.exp(-mpmath.mpf(N * K * K) / (2 * R * R))


def test_factors_are_sharp_enough_to_be_refuted_below() -> None:
    assert sharpness().proved
    assert sharpness(Fraction(1582, 1000)).proved
    assert not sharpness(Fraction(1581, 1000)).proved
    assert "no counterexample" not in sharpness(Fraction(3, 2)).detail


def test_shifted_cuts_fail() -> None:
    assert [distance_to_union(s).proved for s in (-1, 0, 1)] == [False, True, False]
    assert [ratio_at_most_half(s).proved for s in (0, 1)] == [True, False]


def test_monotonicities_on_a_second_route() -> None:
    def counted(N: int, K: int, R: int) -> Fraction:
        own = set(range(K))
        sets = [set(t) for t in combinations(range(R), K)]
        missed = sum(1 for facts in product(sets, repeat=N) if not own <= set().union(*facts))
        return Fraction(missed, len(sets) ** N)

    assert counted(1, 1, 4) == Fraction(3, 4)
    assert counted(1, 2, 4) == Fraction(5, 6)
    assert not monotone(some_unseen, "K", -1).proved
    assert monotone(some_unseen, "R", 1).proved
    values = [float(some_unseen(5, K, 20)) for K in range(1, 5)]
    assert values == pytest.approx([0.774, 0.842, 0.843, 0.815], abs=5e-4)
