"""Logarithms of covering probabilities as float64 arrays, each with its error bound.

The binomial point probability is taken in the deviance form of C. Loader, *Fast and Accurate Computation of Binomial
Probabilities* (2000):

    log pmf(c; n, p) = -log(2 pi c (n-c)/n) / 2 + d(n) - d(c) - d(n-c)
                       - n p h((c - np)/(np)) - n (1-p) h((np - c)/(n(1-p)))

with h(e) = (1+e) log(1+e) - e >= 0 and d(n) = log n! less Stirling's formula. Nothing large cancels, while differences
of lgamma lose every digit of the answer at n = 10^9. All differences such as c - np are formed in integers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from theory.numbers.floats import Approximation, FloatArray

_UNIT = 2.0**-52
# d(n) for n = 0..15, and the coefficients of its asymptotic series in 1/n beyond.
_SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_SMALL = 16


@lru_cache(maxsize=1)
def _table() -> FloatArray:
    import mpmath

    with mpmath.workdps(40):
        values = [0.0] + [
            float(mpmath.loggamma(n + 1) - (n * mpmath.log(n) - n + mpmath.log(2 * mpmath.pi * n) / 2))
            for n in range(1, _SMALL)
        ]
    return np.array(values)


def _stirling_error(n: FloatArray) -> FloatArray:
    """d(n) = log n! - [n log n - n + log(2 pi n)/2], for whole n >= 1 (0 at n = 0)."""
    inverse = 1.0 / np.maximum(n, _SMALL)
    square = inverse * inverse
    total = np.zeros_like(inverse)
    for coefficient in reversed(_SERIES):
        total = total * square + coefficient
    return np.where(n < _SMALL, _table()[np.minimum(n, _SMALL - 1).astype(np.int64)], total * inverse)


def _deviance(excess: FloatArray) -> FloatArray:
    """h(e) = (1+e) log(1+e) - e for e >= -1, with h(-1) = 1; a series near 0 where the closed form cancels."""
    near = np.abs(excess) < 0.1
    series = np.zeros_like(excess)
    for k in range(18, 1, -1):
        series = series * -excess + 1.0 / (k * (k - 1))
    closed = np.where(excess > -1.0, (1.0 + excess) * np.log1p(excess) - excess, 1.0)
    return np.where(near, series * excess * excess, closed)


def log_some_below_half_bound(*, N_f: FloatArray, K: FloatArray, R: FloatArray) -> Approximation:
    """log of min(1, K pmf(c) / (1 - rho)), claim C7's sharp bound, with its error.

    c = floor(N_f K / (2R)) and rho = c (1-p) / ((N_f-c+1) p), p = K/R.
    """
    n, k, r = (np.asarray(a, dtype=np.float64) for a in (N_f, K, R))
    whole = r * n < 2.0**62
    shown, own, universe = (np.where(whole, a, 1.0).astype(np.int64) for a in (n, k, r))
    cut = shown * own // (2 * universe)
    away = (cut * universe - shown * own).astype(np.float64)  # (c - np) R, a whole number
    c = cut.astype(np.float64)
    rest = n - c
    with np.errstate(all="ignore"):
        missed = r - k
        mean, other_mean = n * k / r, n * missed / r
        first = mean * _deviance(away / (n * k))
        second = other_mean * _deviance(-away / (n * missed))
        spread = np.where(c > 0, -0.5 * np.log(2.0 * np.pi * c * (rest / n)), 0.0)
        correction = np.where(c > 0, _stirling_error(n) - _stirling_error(c) - _stirling_error(rest), 0.0)
        ratio = c * missed / ((rest + 1.0) * k)
        rough = np.where(c > 0, spread + correction - first - second, n * _log_ratio(missed, r))
        union = np.log(k)
        tail = -np.log1p(-ratio)
        value = np.where(missed == 0, np.where(n > 0, -np.inf, 0.0), union + rough + tail)
        scale = np.abs(first) + np.abs(second) + np.abs(spread) + np.abs(correction) + union + np.abs(rough) + tail
        error = np.where(missed == 0, 0.0, 16 * _UNIT * scale)
    certainly_trivial = value > error
    result = np.minimum(value, 0.0)
    return result, np.where(certainly_trivial, 0.0, np.where(whole, error, np.inf))


def _log_ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """log(part / whole) for whole numbers 0 <= part <= whole, accurate near 1 too."""
    return np.where(2 * part < whole, np.log(part / whole), np.log1p((part - whole) / whole))


@lru_cache(maxsize=4096)
def _log_none_once(K: int, R: int) -> float:
    """log [C(R-K,K) / C(R,K)]: a sum of K (at most R-K) logarithms of one sign."""
    if 2 * K > R:
        return -np.inf
    start = np.arange(K, dtype=np.float64)
    return float(np.sum(_log_ratio(R - K - start, R - start)))


def log_none_seen(*, N_f: FloatArray, K: FloatArray, R: FloatArray) -> Approximation:
    """log of [C(R-K,K)/C(R,K)]^N_f, claim C6, with its error."""
    pairs, where = np.unique(np.stack([np.ravel(K), np.ravel(R)]), axis=1, return_inverse=True)
    once: Any = np.array([_log_none_once(int(k), int(r)) for k, r in pairs.T])
    value = np.asarray(N_f) * once[np.ravel(where)].reshape(np.shape(K))
    return value, np.where(np.isneginf(value), 0.0, 64 * _UNIT * np.abs(value))
