"""Bounds that hold for every positive value of a parameter: pick a good value of it.

Any value gives a true bound, so the search need not be rigorous; it returns
short binary fractions, at which the bound is then evaluated like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from theory.numbers.floats import FloatArray, approximate

_GRID = np.geomspace(2.0**-20, 2.0**10, 241)
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
_ROUNDS = 24
_FRACTION_BITS = 24
_BLOCK = 1 << 20  # numbers evaluated at a time


def minimiser(expression: sp.Expr, parameter: sp.Symbol, values: Mapping[str, FloatArray]) -> FloatArray:
    """A value of ``parameter`` > 0 near the least ``expression``, for each point of the arrays, of one shape.

    With a 24-bit mantissa: the best point of a geometric grid, refined by golden-section search between its neighbours.
    """
    shape = np.shape(next(iter(values.values()))) if values else ()

    def at(parameter_value: FloatArray) -> FloatArray:
        value, _ = approximate(expression, {**values, parameter.name: parameter_value})
        return np.where(np.isnan(value), np.inf, value)

    def on_grid(points: FloatArray) -> FloatArray:
        return at(np.multiply.outer(points, np.ones(shape)))

    best: Any = np.inf
    best_at: Any = 0
    size = max(1, _BLOCK // max(1, int(np.prod(shape))))
    for start in range(0, len(_GRID), size):
        block = on_grid(_GRID[start : start + size])
        best_at = np.where(block.min(axis=0) < best, start + block.argmin(axis=0), best_at)
        best = np.minimum(block.min(axis=0), best)
    low = np.log(_GRID[np.maximum(best_at - 1, 0)])
    high = np.log(_GRID[np.minimum(best_at + 1, len(_GRID) - 1)])
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = at(np.exp(left)), at(np.exp(right))
    for _ in range(_ROUNDS):
        go_left = at_left < at_right
        low, high = np.where(go_left, low, left), np.where(go_left, right, high)
        fresh = np.where(go_left, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        at_fresh = at(np.exp(fresh))
        left, right = np.where(go_left, fresh, right), np.where(go_left, left, fresh)
        at_left, at_right = np.where(go_left, at_fresh, at_right), np.where(go_left, at_left, at_fresh)
    mantissa, exponent = np.frexp(np.exp((low + high) / 2))
    short: FloatArray = np.ldexp(np.round(np.ldexp(mantissa, _FRACTION_BITS)), exponent - _FRACTION_BITS)
    return short
