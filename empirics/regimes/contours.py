"""Contours of the error: where along an axis it falls to a level, measured and predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from empirics.experiments.protocol import Point
from theory.planning.plan import plan

FloatArray = NDArray[np.float64]

LEVELS: Final = (0.5, 0.05)
"""The levels whose contours are drawn."""


@dataclass(frozen=True)
class Crossing:
    """The axis' value at a level, of the mean over all seeds; its 2.5th and 97.5th percentile over resampled seeds."""

    value: float
    lower: float
    upper: float


def crossing(axis: Sequence[int], errors: Sequence[float] | FloatArray, level: float) -> float:
    """Where the error falls to ``level``, linear in the axis' logarithm between the values looked at.

    The errors are first made non-increasing along the axis (isotonic least squares), so there is one crossing.
    It is 0 if the error is at most the level from the first value on, infinity if it never falls to it.
    Values of the axis increase; both shapes [n].
    """
    smooth = isotonic_regression(np.asarray(errors, dtype=np.float64), increasing=False).x
    below = np.flatnonzero(smooth <= level)
    if len(below) == 0:
        return math.inf
    i = int(below[0])
    if i == 0:
        return 0.0
    high, low = float(smooth[i - 1]), float(smooth[i])
    share = (high - level) / (high - low)
    return math.exp(math.log(axis[i - 1]) + share * math.log(axis[i] / axis[i - 1]))


def measured_crossing(
    axis: Sequence[int], errors: FloatArray, level: float, resamples: int = 200, seed: int = 0
) -> Crossing | None:
    """The crossing of the mean over seeds, and its spread over resampled seeds; None without any complete seed.

    ``errors`` has one row per value and one column per seed, NaN where there is none; shape [n, seeds].
    """
    complete = errors[:, np.isfinite(errors).all(axis=0)]  # a seed out of scope is so all along the axis
    if complete.shape[1] == 0:
        return None
    generator = np.random.default_rng(seed)
    spread = [
        crossing(axis, complete[:, generator.integers(0, complete.shape[1], complete.shape[1])].mean(axis=1), level)
        for _ in range(resamples)
    ]
    low, high = np.percentile(np.minimum(spread, 1e300), [2.5, 97.5], method="closest_observation")
    return Crossing(
        crossing(axis, complete.mean(axis=1), level),
        float(low) if low < 1e300 else math.inf,
        float(high) if high < 1e300 else math.inf,
    )


@lru_cache(maxsize=4096)
def predicted_crossing(identifier: str, level: float, axis: str, point: Point) -> int | None:
    """The least value of the axis at which a claim's number is at most the level; ``point`` holds its other symbols."""
    return plan(identifier, str(level), axis, **dict(point.values)).value
