"""Whether a bound is at most a target, close to it and at it."""

import math
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

import theory
from theory.claims.xu_chen.paper import NOTATION, K, N_f, R
from theory.numbers.balls import working_precision
from theory.numbers.compare import exact_sign, meets
from theory.numbers.evaluate import LogBound
from theory.parts import Evaluation

HALVES = {"N_f": 1, "K": 1, "R": 2}


def bound(expression: sp.Expr) -> LogBound:
    return LogBound("mine", expression, NOTATION, (), Evaluation())


def test_targets_a_hair_from_one_are_told_from_bounds_a_hair_away() -> None:
    claim = theory.claim("coverage-half-mean")
    for R_ in range(2_000_000, 2_000_050):
        near = 1 - Fraction(1, 2 * R_**2)  # exp(-1/(2 R^2)) but for less than 1e-25
        for hair in (Fraction(1, 10**15), Fraction(1, 10**19)):
            assert meets(claim.stated_bound, near + hair, {"N_f": 1, "K": 1, "R": R_})
            assert not meets(claim.stated_bound, near - hair, {"N_f": 1, "K": 1, "R": R_})


@pytest.mark.parametrize("scale", [3, 10**3, 10**6, 10**9])
def test_targets_far_away_and_targets_at_the_bound(scale: int) -> None:
    """log(K / R) is a rational's logarithm: at the target itself it is met, by a hair less it is not."""
    values = {"K": 2, "R": scale}
    for hair in (Fraction(1, 3), Fraction(1, 10**9), Fraction(1, 10**2000), Fraction(0)):
        target = Fraction(2, scale)
        assert meets(bound(sp.log(K / R)), target * (1 + hair), values)
        assert meets(bound(sp.log(K / R)), target * (1 - hair), values) is (hair == 0)


def test_a_bound_of_one_meets_a_target_of_one() -> None:
    assert meets(bound(sp.log(K / K + 0 * R)), Fraction(1), {})
    assert meets(bound(sp.log(K) - sp.log(R)), Fraction(1), {"K": 3, "R": 3})
    assert not meets(bound(sp.log(K) - sp.log(R)), Fraction(1), {"K": 3, "R": 2})


def test_a_target_of_zero_is_met_by_zero_alone() -> None:
    unseen = bound(N_f * sp.log(1 - K / R))
    for target in (Fraction(0), Fraction(1, 10**400), Fraction(1)):
        assert meets(unseen, target, {"N_f": 3, "K": 2, "R": 2})
    assert not meets(unseen, Fraction(0), HALVES)


def approximation(bits: int) -> Fraction:
    """A rational above exp(-1/8) by less than 2^-bits, and by more than a quarter of that."""
    with working_precision(bits + 200) as flint:
        scaled = (flint.arb(-1) / 8).exp() * flint.arb(2) ** (bits + 1)
        return Fraction(int(scaled.floor().unique_fmpz()) + 2, 1 << (bits + 1))


def test_irrational_bounds_are_told_from_targets_by_4096_bits_and_no_more() -> None:
    half_mean = theory.claim("coverage-half-mean").stated_bound  # exp(-1/8)
    target = approximation(3900)
    assert meets(half_mean, target, HALVES)
    assert not meets(half_mean, target - Fraction(3, 1 << 3901), HALVES)
    with pytest.raises(ArithmeticError, match=r"coverage-half-mean: cannot tell exp\(-1/8\)"):
        meets(half_mean, approximation(6000), HALVES)


@pytest.mark.parametrize(
    ("expression", "target", "sign"),
    [
        (sp.log(K / R), Fraction(1, 2), 0),
        (sp.log(K / R), Fraction(1, 3), 1),
        (sp.log(K / R), Fraction(2, 3), -1),
        (N_f * sp.log(1 - 2 * K / R), Fraction(1, 3), -1),
        (N_f * sp.log(1 - 2 * K / R), Fraction(0), 0),
        (sp.log(sp.sqrt(R) + 1) + sp.log(sp.sqrt(R) - 1), Fraction(1), 0),
    ],
)
def test_signs_at_a_tie_are_exact(expression: sp.Expr, target: Fraction, sign: int) -> None:
    assert exact_sign("mine", expression, target, HALVES) == sign


def test_floats_given_as_values_are_taken_as_they_are() -> None:
    values: dict[str, Any] = {"K": 3, "R": 0.1}
    assert exact_sign("mine", sp.log(R / K), Fraction(0.1) / 3, values) == 0
    assert exact_sign("mine", sp.log(R / K), Fraction(1, 30), values) == 1
    assert math.isclose(0.1 / 3, 1 / 30)


def test_what_exact_arithmetic_does_not_tell_is_refused_by_name() -> None:
    with pytest.raises(ArithmeticError, match="mine: cannot tell"):
        exact_sign("mine", sp.log(sp.sqrt(R)), Fraction(7, 5), HALVES)
