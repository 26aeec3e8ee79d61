"""Exact group-sequential limits for the share of worlds in which a property holds.

Counts are looked at a few times, at sample sizes that were declared beforehand. To
test "the share is at most theta" one rejects at look k if the successes reach
c_k(theta). The c_k spend the error probability alpha by a function of the part t of
the declared seeds that has been seen, fixed beforehand (Pocock's,
alpha ln(1 + (e - 1) t); Lan and DeMets, Biometrika 1983): c_k is the least number with

    P_theta[X_j >= c_j at some look j <= k] <= alpha ln(1 + (e - 1) t_k).

Everything is a sum of binomial probabilities: the error is exact, not asymptotic. A
limit inverts the family of these tests (repeated confidence limits, Jennison and
Turnbull 1989): the lower limit is the share below which every share is rejected, at
this look or an earlier one. So limits hold at all looks at once, only ever narrow,
and never contradict a verdict.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

__all__ = ["Looks", "boundaries", "lower_limit", "rejected", "spent", "upper_limit"]

FloatArray = NDArray[np.float64]
Looks = tuple[tuple[int, int, float], ...]
"""At each look so far: observations, successes among them, and the part of the declared seeds that is seen."""

_GRID = 256


def spent(alpha: float, part: float) -> float:
    """The error probability that may be spent once ``part`` of the declared seeds is seen, in (0, 1]."""
    return alpha * math.log1p((math.e - 1.0) * min(part, 1.0))


def boundaries(sizes: tuple[int, ...], budgets: tuple[float, ...], shares: FloatArray) -> NDArray[np.int64]:
    """For each look and share the least number of successes that rejects "the share is at most this".

    Args:
        sizes: observations at each look, not falling; K of them.
        budgets: probability that may be spent up to each look; K of them.
        shares: hypothetical shares; shape [n].

    Returns:
        shape [K, n]; one more than the look's size where no number of successes suffices.
    """
    alive: FloatArray = np.ones((len(shares), 1))  # probability of each count so far, not yet rejected
    rejecting: FloatArray = np.zeros(len(shares))
    before = 0
    found = np.empty((len(sizes), len(shares)), dtype=np.int64)
    for look, (size, budget) in enumerate(zip(sizes, budgets, strict=True)):
        more = size - before
        step = binom.pmf(np.arange(more + 1), more, shares[:, None])
        wider = np.zeros((len(shares), size + 1))
        for count in range(more + 1):
            wider[:, count : count + before + 1] += alive * step[:, count, None]
        tail = np.cumsum(wider[:, ::-1], axis=1)[:, ::-1]  # of this count or more
        enough = rejecting[:, None] + tail <= budget * (1.0 + 1e-12)
        found[look] = np.where(enough.any(axis=1), enough.argmax(axis=1), size + 1)
        beyond = np.arange(size + 1) >= found[look][:, None]
        rejecting = rejecting + np.where(beyond, wider, 0.0).sum(axis=1)
        alive, before = np.where(beyond, 0.0, wider), size
    return found


@lru_cache(maxsize=65536)
def rejected(looks: Looks, alpha: float, share: float) -> bool:
    """Whether some look so far rejects "the share is at most ``share``" at error probability ``alpha``."""
    return bool(_rejected(looks, alpha, np.array([share]))[0])


@lru_cache(maxsize=65536)
def lower_limit(looks: Looks, alpha: float) -> float:
    """The lower limit of the share at level 1 - alpha, valid at all looks at once; 0 if nothing was observed.

    Every share of a grid up to it is rejected; the grid is refined once, and the limit is on the safe side of it.
    """
    low, high = 0.0, 1.0
    for _ in range(2):
        grid = np.linspace(low, high, _GRID + 1)
        kept = np.flatnonzero(~_rejected(looks, alpha, grid))
        first = int(kept[0]) if len(kept) else _GRID
        low, high = float(grid[max(first - 1, 0)]), float(grid[first])
    return low


def upper_limit(looks: Looks, alpha: float) -> float:
    """The upper limit, by the same tests on failures."""
    return 1.0 - lower_limit(tuple((n, n - x, part) for n, x, part in looks), alpha)


def _rejected(looks: Looks, alpha: float, shares: FloatArray) -> NDArray[np.bool_]:
    if not looks:
        return np.zeros(len(shares), dtype=bool)
    sizes = tuple(n for n, _, _ in looks)
    budgets = tuple(spent(alpha, part) for _, _, part in looks)
    successes = np.array([x for _, x, _ in looks])
    return np.asarray((successes[:, None] >= boundaries(sizes, budgets, shares)).any(axis=0))
