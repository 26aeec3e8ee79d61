"""Whether a bound is at most a target, close to it."""

from fractions import Fraction

import theory
from theory.numbers.compare import meets


def test_targets_a_hair_from_one_are_told_from_bounds_a_hair_away() -> None:
    claim = theory.claim("coverage-half-mean")
    for R in range(2_000_000, 2_000_050):
        bound = 1 - Fraction(1, 2 * R**2)  # exp(-1/(2 R^2)) but for less than 1e-25
        for hair in (Fraction(1, 10**15), Fraction(1, 10**19)):
            assert meets(claim.stated_bound, bound + hair, {"N_f": 1, "K": 1, "R": R})
            assert not meets(claim.stated_bound, bound - hair, {"N_f": 1, "K": 1, "R": R})
