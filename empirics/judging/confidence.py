"""Time-uniform confidence limits for the mean of bounded observations.

The construction is betting (Waudby-Smith and Ramdas, "Estimating means of
bounded random variables by betting", JRSS B 2023). To test "the mean is at
least mu" for observations x in [0, 1], bet the fraction c of the wealth on
smaller values: the wealth

    W_n(c, mu) = prod_i (1 + c (mu - x_i) / (1 - mu)),   0 < c <= 1,

is a non-negative supermartingale under the hypothesis, and so is every average
of it over c. By Ville's inequality it ever reaches 1/alpha with probability at
most alpha, whenever one looks. The upper limit is the least mu that is refuted
so; it is monotone, hence a root is sought. The lower limit mirrors it.

Bets are averaged over a finite set that is fixed before the data: limits depend on
the observations but not on their order. With n zeros the upper limit is about
1 - alpha^(1/n), the exact binomial limit. Where one look at n observations is declared,
the set is tuned to n (:func:`bets_for`).

Observations need not be independent of the past: it suffices that each has the
same mean given those before it.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_END: Final = 1.0 - 1e-12  # the greatest mean that can be refuted
_CLOSE: Final = 1e-15  # to the root; a limit lies outside it
_STEPS: Final = 100  # of Newton's method; about six are needed
_BLOCK: Final = 1 << 16  # numbers at once: they stay in the cache
_TINY: Final = 1e-300  # in place of nothing, whose logarithm is no number
_MOST: Final = 10**9  # observations beyond which nobody would go

FloatArray = NDArray[np.float64]


class Bets:
    """All of the wealth, at weight 0.7, and smaller fractions of it, which share the rest evenly.

    To bet all is best when no observation contradicts, the common case (no errors at all); the rest is for means
    estimated with noise.
    """

    def __init__(self, smaller: FloatArray) -> None:
        self.fractions = np.concatenate([[1.0], smaller])
        self.log_weights = np.log(np.concatenate([[0.7], np.full(len(smaller), 0.3 / len(smaller))]))


ANY_TIME: Final = Bets(np.geomspace(0.9, 0.01, 12))


@lru_cache
def bets_for(looks: tuple[int, ...], alpha: float) -> Bets:
    """Six smaller bets tuned to n where one look at n observations is declared; else those for any time.

    Against a mean m of zeros and ones, sqrt(2 log(1/alpha) (1 - m) / (n m)) of the wealth grows fastest until n; other
    observations vary less and ask for more. So fractions below a third of sqrt(2 log(1/alpha) / n), its value at
    m = 0.9, are left out, and what remains has more weight. The limits still hold at any time.
    """
    if len(looks) != 1:
        return ANY_TIME
    least = min(math.sqrt(-2.0 * math.log(alpha) / looks[0]) / 3.0, 0.5)
    return Bets(np.geomspace(0.9, least, 6))


@dataclass(frozen=True)
class Interval:
    """Two limits around a mean."""

    mean: float
    lower: float
    upper: float


def log_wealth_path(values: FloatArray, mean: float, bets: Bets = ANY_TIME) -> FloatArray:
    """Log wealth won against "the mean is at least ``mean``" after 1, 2, .., n observations.

    Args:
        values: observations in [0, 1]; shape [..., n].
        mean: the hypothetical mean, in [0, 1).
        bets: what is bet, fixed before the observations.

    Returns:
        shape [..., n]; the hypothesis is refuted at level alpha once this reaches -log(alpha).
    """
    gains = _gains(np.asarray(values, dtype=np.float64), mean, bets)
    weights = bets.log_weights.reshape(-1, *([1] * (gains.ndim - 1)))
    return np.asarray(np.logaddexp.reduce(weights + np.cumsum(gains, axis=-1), axis=0))


def upper_limit(
    values: Sequence[float] | FloatArray, alpha: float, low: float = 0.0, high: float = 1.0, bets: Bets = ANY_TIME
) -> float:
    """One-sided upper confidence limit for the mean, valid at every sample size at once.

    Args:
        values: observations in [low, high]; shape [n], n >= 0.
        alpha: probability that the limit is ever below the mean.
        low: least possible observation.
        high: greatest possible observation.
        bets: what is bet, fixed before the observations.

    Raises:
        ValueError: an observation outside [low, high], or alpha outside (0, 1).

    Example:
        >>> round(upper_limit([0.0] * 32, alpha=0.05), 3)  # 32 seeds without an error
        0.098
    """
    return float(upper_limits(np.asarray(values, dtype=np.float64)[None], alpha, low, high, bets)[0])


def lower_limit(
    values: Sequence[float] | FloatArray, alpha: float, low: float = 0.0, high: float = 1.0, bets: Bets = ANY_TIME
) -> float:
    """One-sided lower confidence limit for the mean; the mirror image of :func:`upper_limit`.

    Example:
        >>> round(lower_limit([0.5, 0.6, 0.7] * 10, alpha=0.05), 2)
        0.53
    """
    mirrored = -np.asarray(values, dtype=np.float64)
    return 0.0 - upper_limit(mirrored, alpha, -high, -low, bets)  # never -0


def upper_limits(
    values: FloatArray, alpha: float, low: float = 0.0, high: float = 1.0, bets: Bets = ANY_TIME
) -> FloatArray:
    """:func:`upper_limit` for many samples of one size at once: from shape [samples, n] to shape [samples].

    A limit has the same bits whichever other samples are there.
    """
    return _scaled(_unit_limits(_unit(values, low, high, alpha), alpha, bets, alone=True), low, high)


def lower_limits(
    values: FloatArray, alpha: float, low: float = 0.0, high: float = 1.0, bets: Bets = ANY_TIME
) -> FloatArray:
    """:func:`lower_limit` for many samples of one size at once."""
    return 0.0 - upper_limits(-values, alpha, -high, -low, bets)


def interval(values: Sequence[float] | FloatArray, alpha: float, low: float = 0.0, high: float = 1.0) -> Interval:
    """Two-sided interval at level 1 - alpha (each side at alpha/2), valid at every sample size at once.

    Example:
        >>> found = interval([0.1, 0.0, 0.2, 0.1] * 10, alpha=0.05)
        >>> print(f"{found.mean:.2f} [{found.lower:.2f}, {found.upper:.2f}]")
        0.10 [0.06, 0.19]
    """
    x = np.asarray(values, dtype=np.float64)
    ((lower, upper),) = intervals(x[None], alpha, low, high)
    return Interval(float(x.mean()) if len(x) else math.nan, float(lower), float(upper))


@lru_cache(maxsize=4096)
def share(count: int, n: int, alpha: float) -> Interval:
    """:func:`interval` of the share of n observations that ``count`` of them make up; many cells ask for the same."""
    return interval(np.repeat([1.0, 0.0], [count, n - count]), alpha)


def intervals(values: FloatArray, alpha: float, low: float = 0.0, high: float = 1.0) -> FloatArray:
    """The limits of :func:`interval` for many samples of one size at once.

    Args:
        values: observations in [low, high]; shape [samples, n], n >= 0.
        alpha: one minus the level.
        low: least possible observation.
        high: greatest possible observation.

    Returns:
        lower and upper limits, shape [samples, 2].

    Raises:
        ValueError: as :func:`upper_limit` does.
    """
    above = _scaled(_unit_limits(_unit(values, low, high, alpha / 2), alpha / 2, ANY_TIME), low, high)
    below = _scaled(_unit_limits(_unit(-values, -high, -low, alpha / 2), alpha / 2, ANY_TIME), -high, -low)
    return np.stack([0.0 - below, above], axis=1)


def _scaled(limits: FloatArray, low: float, high: float) -> FloatArray:
    return np.where(limits < 1.0, low + (high - low) * limits, high)


def _unit_limits(x: FloatArray, alpha: float, bets: Bets, *, alone: bool = False) -> FloatArray:
    """Upper limits for observations in [0, 1] of shape [samples, n]; shape [samples].

    With s = 1 / (1 - mean) a bet c wins the factor 1 - c + c (1 - x) s, so the wealth is a polynomial in s without
    negative coefficients, and its logarithm is convex in log s. Newton's method therefore passes the root in at most
    its first step and then falls to it: no bracket is needed. With ``alone`` sums are taken in the order in which they
    are for a sample by itself, which is slower: rounding does not depend on the others then.
    """
    count, n = x.shape
    limits = np.ones(count)
    if n == 0:
        return limits
    y = np.ascontiguousarray(np.maximum(1.0 - x.T, _TINY))
    threshold = -math.log(alpha)
    size = max(1, _BLOCK // (n * len(bets.fractions)))
    for start in range(0, count, size):
        block, means = y[:, start : start + size], x[start : start + size].mean(axis=1)
        at_end, _ = _log_wealths(block, np.full(len(means), 1.0 / (1.0 - _END)), bets, alone=alone)
        (refutable,) = np.nonzero((means < _END) & (at_end >= threshold))
        block, log_s = block[:, refutable], -np.log1p(-means[refutable])
        if alone:
            block = np.ascontiguousarray(block)
        for number in range(_STEPS if len(refutable) else 0):
            log_wealth, slope = _log_wealths(block, np.exp(log_s), bets, alone=alone)
            step = (threshold - log_wealth) / slope
            moving = np.abs(step) * np.exp(-log_s) > _CLOSE / 10
            if number:
                moving &= step < 0.0  # a step upwards is rounding
            log_s = np.where(moving, log_s + step, log_s)
            if not moving.any():
                break
        limits[start + refutable] = np.minimum(2.0 * _CLOSE - np.expm1(-log_s), 1.0)
    return limits


def _log_wealths(y: FloatArray, s: FloatArray, bets: Bets, *, alone: bool) -> tuple[FloatArray, FloatArray]:
    """Log wealth against the mean 1 - 1/s, and its slope in log s; y = 1 - x of shape [n, samples], else [samples]."""
    c = bets.fractions[:, None]
    factors = (y * s)[:, None, :] * c  # [n, bets, samples]
    factors += 1.0 - c
    logs = bets.log_weights[:, None] + np.log(factors).sum(axis=0)
    slopes = len(y) - (1.0 - c) * np.reciprocal(factors).sum(axis=0)
    most = logs.max(axis=0)
    shares = np.exp(logs - most)
    if alone:  # NumPy adds what lies side by side in an order of its own, as the bets of one sample do
        shares, slopes = (np.asfortranarray(part) for part in (shares, slopes))
    total = shares.sum(axis=0)
    return most + np.log(total), (shares * slopes).sum(axis=0) / total


def observations_needed(
    values: Sequence[float] | FloatArray,
    bound: float,
    alpha: float,
    low: float = 0.0,
    high: float = 1.0,
    bets: Bets = ANY_TIME,
) -> int | None:
    """Sample size at which the upper limit would reach ``bound`` if what comes resembles ``values``.

    None if it never would (the mean is not below the bound) or beyond 10^9.

    Example:
        >>> observations_needed([0.0] * 8, bound=0.1, alpha=0.05)
        32
    """
    x = _unit(values, low, high, alpha)
    target = (bound - low) / (high - low)
    if len(x) == 0 or target <= x.mean() or target <= 0:
        return None
    if target >= 1:
        return 1
    values, counts = np.unique(x, return_counts=True)
    per_observation = _gains(values, target, bets) @ (counts / len(x))
    threshold = -math.log(alpha)
    found = bisect_left(range(_MOST), threshold, key=lambda n: _mixture((n + 1) * per_observation, bets)) + 1
    return found if found <= _MOST else None


def _gains(x: FloatArray, mean: float, bets: Bets) -> FloatArray:
    """Logarithm of what each bet wins on each observation; x of shape [..., n], the result of shape [bets, ..., n]."""
    fractions = bets.fractions.reshape(-1, *([1] * x.ndim))
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(1.0 + fractions * ((mean - x) / (1.0 - mean)), 0.0))


def _mixture(log_wealths: FloatArray, bets: Bets) -> float:
    return float(np.logaddexp.reduce(bets.log_weights + log_wealths))


def _unit(values: Sequence[float] | FloatArray, low: float, high: float, alpha: float) -> FloatArray:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha={alpha} must lie strictly between 0 and 1")
    x = (np.asarray(values, dtype=np.float64) - low) / (high - low)
    if x.size and not (x.min() >= 0.0 and x.max() <= 1.0):
        raise ValueError(f"observations between {np.min(values)} and {np.max(values)} leave the range [{low}, {high}]")
    return x


def student_t(values: Sequence[float], alpha: float) -> tuple[float | None, float | None]:
    """Student's t limits of a mean at level 1 - alpha; None with fewer than two values."""
    ((lower, upper),) = student_ts(np.asarray(values, dtype=np.float64)[None], alpha).tolist()
    return (lower if math.isfinite(lower) else None), (upper if math.isfinite(upper) else None)


def student_ts(values: FloatArray, alpha: float) -> FloatArray:
    """The limits of :func:`student_t` for many samples of one size, shape [samples, n]; shape [samples, 2].

    What is not finite stands for None.
    """
    count, n = values.shape
    if n < 2:
        return np.full((count, 2), np.nan)
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 1 - alpha / 2)) * np.std(values, ddof=1, axis=1) / math.sqrt(n)
    mean = np.mean(values, axis=1)
    return np.stack([mean - half, mean + half], axis=1)
