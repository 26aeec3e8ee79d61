"""The alternating sum in balls: against exact rationals, at its early end, and within rounding of 0 and 1."""

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from theory.coverage import balls as covering_balls
from theory.coverage import laws as covering
from theory.numbers.balls import rational, working_precision
from theory.numbers.evaluate import log_fraction


@given(st.integers(1, 40), st.integers(1, 60), st.integers(1, 60))
@settings(deadline=None, max_examples=100)
def test_exact_law_in_balls_agrees_with_rationals(n: int, k: int, r: int) -> None:
    k = min(k, r)
    exact = covering.some_unseen(n, k, r)
    assert covering_balls.log_some_unseen(n, k, r) == pytest.approx(log_fraction(exact), rel=1e-15, abs=0)
    if 0 < exact < 1:
        with working_precision(200):
            ball = covering_balls.log_some_unseen_ball(200, N_f=n, K=k, R=r)
            assert ball.overlaps(flint.arb(rational(exact)).log())


@pytest.mark.parametrize("bits", [20, 96, 300])
def test_the_sum_and_its_complement_are_enclosed_though_it_stops_early(bits: int) -> None:
    for n, k, r in [(1, 1, 2), (3, 40, 90), (30, 40, 90), (400, 40, 90), (9, 300, 1000), (60, 300, 1000), (5, 7, 8)]:
        exact = covering.some_unseen(n, k, r)
        with working_precision(bits) as module:
            found, complement = covering_balls._probability(module, n, k, r, bits)
        with working_precision(20_000):
            assert found.contains(rational(exact))
            assert complement.contains(1 - rational(exact))
            assert found.rad() < 2.0 ** (-bits + 12) * max(1, math.exp(k * (1 - k / r) ** n))


def test_the_alternating_sum_stops_where_the_rest_is_negligible() -> None:
    """Each term asks for four whole numbers."""
    for bits, n, k, r in [(96, 10**6, 10**5, 10**6), (96, 300, 40, 90), (96, 60, 300, 1000), (20, 100, 40, 90)]:
        asked: list[int] = []
        with working_precision(bits) as module:

            def fmpz(number: int, asked: list[int] = asked) -> Any:
                asked.append(number)
                return flint.fmpz(number)

            counting = SimpleNamespace(arb=module.arb, fmpq=module.fmpq, fmpz=fmpz)
            covering_balls._probability(counting, n, k, r, bits)
        if r == 10**6:
            assert len(asked) < 40
            continue
        terms = [math.comb(k, j) * Fraction(math.comb(r - j, k), math.comb(r, k)) ** n for j in range(1, 40)]
        total = covering.some_unseen(n, k, r)
        mean = k * (1 - k / r) ** n
        least = min(total, 1 - total)
        end = next(j for j, term in enumerate(terms, 1) if j > mean and term < least * Fraction(1, 2**bits))
        assert (len(asked) - 1) // 4 in (end - 1, end, end + 1)


def test_the_law_in_balls_is_exact_where_it_is_0_or_1() -> None:
    assert covering_balls.log_some_unseen(0, 3, 8) == 0.0
    assert covering_balls.log_some_unseen(0, 8, 8) == 0.0
    assert covering_balls.log_some_unseen(4, 8, 8) == -math.inf
    assert covering_balls.log_some_unseen(1, 8, 8) == -math.inf
    assert type(covering_balls.log_some_unseen(4, 3, 8)) is float
    with pytest.raises(ValueError, match="K=9 > R=8"):
        covering_balls.log_some_unseen(4, 9, 8)


def test_a_law_below_every_float_from_one_is_one() -> None:
    """1 - P is about exp(-K q_1): from exp(-745) on a float does not hold it."""
    for k in (*range(740, 775, 5), 761, 762, 763, 764, 10_000):  # with K q_1 = K - 1
        assert -1e-300 < covering_balls.log_some_unseen(1, k, k * k) <= 0
    assert covering_balls.log_some_unseen(1, 763, 763 * 952) == 0  # K q_1 = 762.2
    value = covering_balls.log_some_unseen(1, 600, 360_000)
    assert value == pytest.approx(-1 / math.comb(360_000, 600), rel=1e-12, abs=5e-324)


def test_small_probabilities_keep_their_digits() -> None:
    for n, k, r in [(50, 58, 60), (200, 30, 60), (10, 39, 40)]:
        assert covering_balls.log_some_unseen(n, k, r) == pytest.approx(
            log_fraction(covering.some_unseen(n, k, r)), rel=1e-14, abs=0
        )


@pytest.mark.parametrize(
    ("n", "k", "r"),
    [
        (10**9, 10**5, 10**6),
        (1, 10**6 - 2, 10**6),
        (1, 10**5, 10**6),  # within 2^-1100 of 1
        (60, 10**5, 10**6),
        (10**7, 3, 10**6),
        (24, 500_000, 10**6),
    ],
)
def test_exact_law_at_large_sizes_lies_between_its_bounds(n: int, k: int, r: int) -> None:
    value = covering_balls.log_some_unseen(n, k, r)
    upper = theory.claim("covering-some-unseen-sharp").log_bound(N_f=n, K=k, R=r)
    assert math.isfinite(value)
    assert upper + math.log(1 - 1 / math.e) - 1e-9 <= value <= upper


def test_complement_of_a_law_close_to_one_keeps_its_digits() -> None:
    exact = Fraction(2, 10**6 * (10**6 - 1))  # 1 / C(R, 2)
    value = covering_balls.log_some_unseen(1, 999_998, 10**6)
    assert value == pytest.approx(math.log1p(-float(exact)), rel=1e-15, abs=0)
