"""Contours of the OOD error: the N_f at which it falls to a level, measured and predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from theory.planning.plan import plan

__all__ = ["LEVELS", "PREDICTING", "Crossing", "crossing", "measured_crossing", "predicted_crossing"]

FloatArray = NDArray[np.float64]

LEVELS: Final = (0.5, 0.05)
"""The levels whose contours are drawn."""

PREDICTING: Final = ("ood-error-normalised", "ood-error-literal", "covering-some-unseen", "covering-none-seen")
"""The claims whose contours are drawn: both readings of the headline bound, and the exact covering laws."""


@dataclass(frozen=True)
class Crossing:
    """N_f at a level: infinite where the largest N_f looked at is still above it, 0 where the least is below.

    Attributes:
        value: from the mean over all seeds.
        lower: 2.5th percentile over resampled seeds.
        upper: 97.5th percentile.
    """

    value: float
    lower: float
    upper: float


def crossing(finetuned: Sequence[int], errors: Sequence[float] | FloatArray, level: float) -> float:
    """Where the error falls to ``level``, linear in log N_f between the values looked at.

    The errors are first made non-increasing in N_f (isotonic least squares), so there is one crossing.

    Args:
        finetuned: N_f, increasing.
        errors: mean errors; as many.
        level: the level.

    Returns:
        N_f; 0 if the error is at most the level from the first on, infinity if it never falls to it.
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
    return math.exp(math.log(finetuned[i - 1]) + share * math.log(finetuned[i] / finetuned[i - 1]))


def measured_crossing(
    finetuned: Sequence[int], errors: FloatArray, level: float, resamples: int = 200, seed: int = 0
) -> Crossing | None:
    """The crossing of the mean over seeds, and its spread over resampled seeds.

    Args:
        finetuned: N_f, increasing.
        errors: one row per N_f, one column per seed, NaN where there is no value.
        level: the level.
        resamples: bootstrap samples of seeds.
        seed: of the resampling.

    Returns:
        None if some N_f has no value at all.
    """
    if not np.isfinite(errors).any(axis=1).all():
        return None
    complete = errors[:, np.isfinite(errors).all(axis=0)]  # a seed out of scope is so at every N_f
    if complete.shape[1] == 0:
        return None
    generator = np.random.default_rng(seed)
    spread = [
        crossing(
            finetuned, complete[:, generator.integers(0, complete.shape[1], complete.shape[1])].mean(axis=1), level
        )
        for _ in range(resamples)
    ]
    low, high = np.percentile(np.minimum(spread, 1e300), [2.5, 97.5], method="closest_observation")
    return Crossing(
        crossing(finetuned, complete.mean(axis=1), level),
        float(low) if low < 1e300 else math.inf,
        float(high) if high < 1e300 else math.inf,
    )


@lru_cache(maxsize=4096)
def predicted_crossing(claim: str, level: float, templates: int, multiplicity: int) -> int | None:
    """The least N_f at which a claim's bound (or exact law) is at most the level; None if there is none."""
    return plan(claim, str(level), K=multiplicity, R=templates).value
