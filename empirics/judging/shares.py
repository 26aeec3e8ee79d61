"""Exact group-sequential limits for the share of worlds in which a property holds.

Counts are looked at a few times, at sample sizes that were declared beforehand. To
test "the share is at most theta" one rejects at look k if the successes reach
c_k(theta). The c_k spend the error probability alpha by a function of the part t of
the declared seeds that has been seen, fixed beforehand (Pocock's,
alpha ln(1 + (e - 1) t); Lan and DeMets, Biometrika 1983): c_k is the least number with

    P_theta[X_j >= c_j at some look j <= k] <= alpha ln(1 + (e - 1) t_k).

Everything is a sum of binomial probabilities: the error is exact, not asymptotic. A
limit inverts these tests (repeated confidence limits, Jennison and Turnbull 1989) on a
fixed grid of shares, among them the one that is asked for: the lower limit is the last
share of the grid up to which all are rejected, at this look or an earlier one. The test
of a share rejects every smaller share at least as rarely, since more successes are
likelier under a greater share: so a limit on a fixed grid errs with probability at most
alpha wherever the truth lies. (On a grid that is refined around the data it need not:
c_k is not monotone in theta.) Limits hold at all looks at once and only ever narrow; a
verdict is a comparison of its limit with the share that is asked for.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlog1py, xlogy

FloatArray = NDArray[np.float64]
Looks = tuple[tuple[int, int, float], ...]
"""At each look so far: observations, successes among them, and the part of the declared seeds that is seen."""

_STEPS = 200  # half a percent


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
        step = _binomial(more, shares)
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


def _binomial(n: int, shares: FloatArray) -> FloatArray:
    """Probability of each count in n for each share; scipy.stats has it too, and takes a second to import."""
    k, theta = np.arange(n + 1), shares[:, None]
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.exp(ways + xlogy(k, theta) + xlog1py(n - k, -theta)))


@lru_cache(maxsize=65536)
def lower_limit(looks: Looks, alpha: float, asked: float) -> float:
    """The lower limit of the share at level 1 - alpha, valid at all looks at once; 0 if nothing was observed.

    It reaches ``asked`` only if "the share is at most ``asked``" is rejected, and every smaller share of the grid
    too. A value of the grid: multiples of half a percent, and ``asked``.
    """
    grid, least = _tests(tuple((n, part) for n, _, part in looks), alpha, asked)
    successes = np.array([x for _, x, _ in looks])
    kept = np.flatnonzero(~(successes[:, None] >= least).any(axis=0))
    return float(grid[max(int(kept[0]) - 1, 0)])


def upper_limit(looks: Looks, alpha: float, asked: float) -> float:
    """The upper limit, by the same tests on failures; at most ``asked`` if "at least ``asked``" is rejected."""
    failures = tuple((n, n - x, part) for n, x, part in looks)
    return 1.0 - lower_limit(failures, alpha, round(1.0 - asked, 12))


@lru_cache(maxsize=4096)
def _tests(looks: tuple[tuple[int, float], ...], alpha: float, asked: float) -> tuple[FloatArray, NDArray[np.int64]]:
    """The grid of shares, 0 and 1 included, and the boundaries of their tests; no count rejects a share of 1."""
    grid = np.unique(np.append(np.arange(_STEPS + 1) / _STEPS, asked))
    sizes = tuple(n for n, _ in looks)
    budgets = tuple(spent(alpha, part) for _, part in looks)
    return grid, boundaries(sizes, budgets, grid)
