"""Bounds that hold for every positive value of a parameter: pick a good value of it.

Any value gives a true bound, so the search need not be rigorous; it returns
short binary fractions, at which the bound is then evaluated like any other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.running_error import approximate

__all__ = ["minimiser"]

FloatArray = NDArray[np.float64]

_GRID = np.geomspace(2.0**-20, 2.0**10, 241)
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
_ROUNDS = 40
_FRACTION_BITS = 24


def minimiser(expression: sp.Expr, parameter: sp.Symbol, values: Mapping[str, FloatArray]) -> FloatArray:
    """A value of ``parameter`` > 0 near the least ``expression``, for each point of the arrays.

    Args:
        expression: over ``parameter`` and the symbols named in ``values``.
        parameter: what is free.
        values: arrays of one shape.

    Returns:
        Floats with 24-bit mantissas: the best point of a geometric grid,
        refined by golden-section search between its neighbours.
    """
    shape = np.shape(next(iter(values.values()))) if values else ()

    def at(parameter_value: FloatArray) -> FloatArray:
        value, _ = approximate(expression, {**values, parameter.name: parameter_value})
        return np.where(np.isnan(value), np.inf, value)

    best, best_at = np.full(shape, np.inf), np.zeros(shape, dtype=np.int64)
    for position, point in enumerate(_GRID):
        value = at(np.full(shape, point))
        best_at = np.where(value < best, position, best_at)
        best = np.minimum(value, best)
    low = np.log(_GRID[np.maximum(best_at - 1, 0)])
    high = np.log(_GRID[np.minimum(best_at + 1, len(_GRID) - 1)])
    for _ in range(_ROUNDS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        go_left = at(np.exp(left)) < at(np.exp(right))
        low, high = np.where(go_left, low, left), np.where(go_left, right, high)
    mantissa, exponent = np.frexp(np.exp((low + high) / 2))
    short: FloatArray = np.ldexp(np.round(np.ldexp(mantissa, _FRACTION_BITS)), exponent - _FRACTION_BITS)
    return short
