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

from theory.numbers.balls import below_zero_at, rational
from theory.numbers.evaluate import LogBound, log_fraction

_TIE_BITS = 1 << 12


def meets(bound: LogBound, target: Fraction, values: Mapping[str, Any]) -> bool:
    """Whether the bound at ``values`` is at most ``target``.

    Raises:
        ArithmeticError: a tie that exact arithmetic does not resolve.
        theory.notation.DomainError: ``values`` lie outside the bound's domain.
    """
    log_bound = bound.at(values)
    if target == 0 or log_bound == -math.inf:
        return bool(log_bound == -math.inf)
    goal = log_fraction(target)
    if abs(log_bound - goal) > 1e-12 * (abs(log_bound) + abs(goal)):
        return bool(log_bound < goal)

    def excess(flint: Any) -> Any:
        return flint.arb(bound.enclosure(values, flint.ctx.prec).ball) - flint.arb(rational(target)).log()

    below = below_zero_at(excess, _TIE_BITS)
    return exact_sign(bound.name, bound.expression, target, values) <= 0 if below is None else below


def exact_sign(name: str, log_bound: sp.Expr, target: Fraction, values: Mapping[str, Any]) -> int:
    """Sign of exp(log_bound) - target by exact arithmetic, for where balls see no difference.

    Raises ArithmeticError: the two are not seen to be equal, and the bound is not rational.
    """
    logarithm = log_bound.subs({s: sp.Rational(Fraction(values[s.name])) for s in log_bound.free_symbols}).doit()
    exact = sp.Integer(0) if logarithm.has(sp.zoo) else sp.exp(logarithm)  # zoo: the logarithm of 0
    if exact.is_Rational:
        difference = Fraction(int(exact.p), int(exact.q)) - target
        return (difference > 0) - (difference < 0)
    if (exact - sp.Rational(target)).equals(0):
        return 0
    raise ArithmeticError(f"{name}: cannot tell {exact} from {target}")
