"""Is a bound at most a target? Decided, never guessed.

Floats decide where their distance is beyond their error, balls where it is not,
and exact arithmetic at a tie (a bound that *is* the target).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from theory.claim import Claim
from theory.numbers.balls import rational, working_precision
from theory.numbers.evaluate import expression_of, log_fraction

__all__ = ["meets"]

_TIE_BITS = 4096


def meets(claim: Claim, target: Fraction, values: Mapping[str, Any]) -> bool:
    """Whether the claim's bound at ``values`` is at most ``target``.

    Raises:
        ArithmeticError: a tie that exact arithmetic does not resolve.
        theory.notation.DomainError: ``values`` lie outside the claim's domain.
    """
    log_bound = claim.log_bound(**values)
    if target == 0 or log_bound == -math.inf:
        return bool(log_bound == -math.inf)
    goal = log_fraction(target)
    if abs(log_bound - goal) > 1e-12 * (abs(log_bound) + abs(goal)):
        return bool(log_bound < goal)
    return _closely(claim, target, values)


def _closely(claim: Claim, target: Fraction, values: Mapping[str, Any]) -> bool:
    bits = 128
    while bits <= _TIE_BITS:
        bound = claim.enclosure(relative_bits=bits, **values)
        if isinstance(bound.ball, float):
            return True
        with working_precision(2 * bits) as flint:
            difference = flint.arb(bound.ball) - flint.arb(rational(target)).log()
            if difference < 0:
                return True
            if difference > 0:
                return False
        bits *= 2
    return _tie(claim, target, values)


def _tie(claim: Claim, target: Fraction, values: Mapping[str, Any]) -> bool:
    """The bound equals the target as far as 4096 bits see: exact arithmetic decides."""
    expression = expression_of(claim)
    substitution = {s: sp.Rational(Fraction(values[s.name])) for s in expression.free_symbols}
    exact = sp.exp(expression.subs(substitution).doit())
    if exact.is_Rational:
        return Fraction(int(exact.p), int(exact.q)) <= target
    difference = exact - sp.Rational(target)
    if difference.equals(0):
        return True
    raise ArithmeticError(f"{claim.id}: cannot tell {exact} from {target}")
