"""Closed-form inverses of log-bounds, as SymPy expressions."""

from __future__ import annotations

import sympy as sp

from theory.claim import Claim

delta = sp.Symbol("delta", positive=True)
"""The target that a bound is to be at most."""


def symbolic_inverse(claim: Claim, unknown: str) -> sp.Expr | None:
    """The real value of ``unknown`` at which the bound equals :data:`delta`, or None.

    Three shapes are inverted, after taking a minimum with the trivial bound off: ``a x + b``, ``a log(x) + b`` and ``a
    x**2``, with a and b free of x. Nothing is solved by search, so a result is always the inverse of the whole bound.
    """
    if claim.log_expression is None or claim.minimised_over:
        return None
    x = claim.notation[unknown].symbol
    stated = claim.log_expression
    if isinstance(stated, sp.log) and isinstance(stated.args[0], sp.Min):  # targets under 1 never see log(min(1, .))
        stated = sp.log(sp.Min(*(a for a in stated.args[0].args if a != 1)))
    expression = sp.expand_log(stated, force=True)
    slope = sp.diff(expression, x)
    if slope == 0 or expression.has(sp.Sum, sp.floor, sp.Max):
        return None
    if x not in slope.free_symbols:
        return (sp.log(delta) - expression.subs(x, 0)) / slope
    scale = sp.cancel(slope * x)
    if x not in scale.free_symbols:
        return sp.exp((sp.log(delta) - expression.subs(x, 1)) / scale)
    factor = sp.cancel(expression / x**2)
    if x not in factor.free_symbols:
        return sp.sqrt(sp.log(delta) / factor)
    return None
