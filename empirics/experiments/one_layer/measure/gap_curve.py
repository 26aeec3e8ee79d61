"""What the curve of the pre-training gap says: its rate at the end, and how much of it is left.

A curve is a sequence of (step, gap) at logarithmically spaced steps.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from empirics.experiments.protocol import Curve

__all__ = ["SLOPE_LIMIT", "gap_exponent", "gap_left", "gap_observables", "gap_slope"]

SLOPE_LIMIT = 1.0
"""Slopes are clipped to [-1, 1]: see the observable's definition."""


def gap_observables(gap: Curve) -> dict[str, float | None]:
    """Rate and rest of the gap."""
    return {
        "pretraining_gap_slope": gap_slope(gap),
        "pretraining_gap_exponent": gap_exponent(gap),
        "pretraining_gap_left": gap_left(gap),
    }


def gap_slope(gap: Curve) -> float | None:
    """Least-squares slope of log(gap t / log^2 t) on log t over the recorded t in [T/10, T], clipped."""
    found = _last_decade(gap)
    if found is None:
        return None
    t, g = found
    return min(max(_slope(np.log(t), np.log(g * t / np.log(t) ** 2)), -SLOPE_LIMIT), SLOPE_LIMIT)


def gap_exponent(gap: Curve) -> float | None:
    """Least-squares slope of log gap on log t over the same steps."""
    found = _last_decade(gap)
    return None if found is None else _slope(np.log(found[0]), np.log(found[1]))


def _last_decade(gap: Curve) -> tuple[Float64[np.ndarray, " t"], Float64[np.ndarray, " t"]] | None:
    """Steps t >= 2 of the last decade and their gaps; None if fewer than three, or a gap is not positive and finite."""
    steps, values = np.array(gap.steps, dtype=np.float64), np.array(gap.values)
    last = steps >= max(2.0, steps[-1] / 10)
    t, g = steps[last], values[last]
    if len(t) < 3 or not (np.isfinite(g).all() and (g > 0).all()):
        return None
    return t, g


def _slope(x: Float64[np.ndarray, " t"], y: Float64[np.ndarray, " t"]) -> float:
    x = x - x.mean()
    return float((x * y).sum() / (x * x).sum())


def gap_left(gap: Curve) -> float | None:
    """The last gap divided by the first, between 0 and 1; None where either is not finite or the first not positive."""
    first, last = gap.values[0], gap.values[-1]
    if not (math.isfinite(first) and math.isfinite(last) and first > 0):
        return None
    return min(max(last / first, 0.0), 1.0)
