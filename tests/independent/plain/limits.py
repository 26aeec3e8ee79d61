"""Confidence limits, written again from docs/statistics.md: exact sums, and grids instead of bisection."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import numpy as np
from scipy import special, stats

Stakes = tuple[tuple[float, ...], float]
"""What is staked beside the whole, and the weight of each."""

# "a fixed average over 13 values of c": 0.7 on c = 1, 0.025 on each of 12 from 0.9 down to 0.01, in equal ratios.
ALWAYS: Stakes = (tuple(0.9 * (0.01 / 0.9) ** (i / 11) for i in range(12)), 0.025)


def stakes(looks: Sequence[int], alpha: float) -> Stakes:
    """With one look at n: six, at equal ratios from 0.9 down to a third of sqrt(2 ln(1/alpha) / n), at most 1/2."""
    if len(looks) != 1:
        return ALWAYS
    last = min(0.5, (2 * math.log(1 / alpha) / looks[0]) ** 0.5 / 3)
    return tuple(0.9 * (last / 0.9) ** (i / 5) for i in range(6)), 0.05


def wealth(values: Sequence[float], least: float | np.ndarray, staked: Stakes = ALWAYS) -> np.ndarray:
    """Logarithm of the wealth against "the mean of values in [0, 1] is at least ``least``", for each ``least``."""
    x, m = np.asarray(values, dtype=float), np.atleast_1d(np.asarray(least, dtype=float))
    with np.errstate(divide="ignore"):
        factors = np.log(
            1 + np.array([1.0, *staked[0]])[:, None, None] * (m[None, :, None] - x) / (1 - m)[None, :, None]
        )
    return np.asarray(
        special.logsumexp(factors.sum(axis=2) + np.log([0.7, *[staked[1]] * len(staked[0])])[:, None], axis=0)
    )


def betting_upper(
    values: Sequence[float], alpha: float, low: float = 0.0, high: float = 1.0, looks: Sequence[int] = ()
) -> float:
    """Least mean that the wealth refutes: a grid of 64 points between two ends, ten times finer at each turn."""
    return _betting_upper(tuple(values), alpha, low, high, stakes(looks, alpha))


@cache
def _betting_upper(values: tuple[float, ...], alpha: float, low: float, high: float, staked: Stakes) -> float:
    if not values:
        return high
    x = (np.asarray(values, dtype=float) - low) / (high - low)
    a, b = float(x.mean()), 1.0
    for _ in range(10):
        grid = np.linspace(a, b, 65)
        refuted = np.zeros(65, dtype=bool)
        inside = grid < 1
        refuted[inside] = wealth(x, grid[inside], staked) >= -math.log(alpha)
        if not refuted.any():
            a, b = grid[-2], grid[-1]
        elif refuted[0]:
            b = a
            break
        else:
            first = int(np.argmax(refuted))
            a, b = float(grid[first - 1]), float(grid[first])
    return low + (high - low) * (a + b) / 2


def betting_lower(
    values: Sequence[float], alpha: float, low: float = 0.0, high: float = 1.0, looks: Sequence[int] = ()
) -> float:
    """The mirror image."""
    return -betting_upper([-v for v in values], alpha, -high, -low, looks)


def refutes_at_most(values: Sequence[float], asked: float, staked: Stakes) -> float:
    """p-value of "the mean of values in [0, 1] is at most ``asked``": 1 over the wealth, at most 1."""
    return min(1.0, math.exp(-float(wealth([1 - v for v in values], 1 - asked, staked)[0])))


def student(values: Sequence[float], alpha: float) -> tuple[float, float, float]:
    """Mean with Student's t limits on both sides."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, -math.inf, math.inf
    spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values))
    half = float(stats.t.ppf(1 - alpha / 2, len(values) - 1)) * spread
    return mean, mean - half, mean + half


def spent(alpha: float, part: float) -> float:
    """What may be spent of alpha once ``part`` of the declared seeds has been seen."""
    return alpha * math.log(1 + (math.e - 1) * part)


@cache
def boundary(theta: Fraction, sizes: tuple[int, ...], allowed: tuple[float, ...]) -> tuple[int, ...]:
    """Least numbers of successes at each look, such that P_theta[a crossing by look k] <= allowed[k].

    Probabilities are integers over ``theta.denominator ** sizes[-1]``: sums of binomial ones, without rounding.
    """
    good, bad = theta.numerator, theta.denominator - theta.numerator
    alive = {0: 1}  # successes so far -> probability times denominator ** size, of the paths that did not cross
    crossed, before, found = Fraction(0), 0, []
    for size, limit in zip(sizes, allowed, strict=True):
        new = size - before
        steps = [math.comb(new, j) * good**j * bad ** (new - j) for j in range(new + 1)]
        now: dict[int, int] = {}
        for x, p in alive.items():
            for j, q in enumerate(steps):
                now[x + j] = now.get(x + j, 0) + p * q
        room = (Fraction(limit) - crossed) * theta.denominator**size
        least, sum_above = size + 1, 0
        for x in range(size, -1, -1):
            sum_above += now.get(x, 0)
            if sum_above > room:
                break
            least = x
        found.append(least)
        crossed += Fraction(sum(p for x, p in now.items() if x >= least), theta.denominator**size)
        alive, before = {x: p for x, p in now.items() if x < least}, size
    return tuple(found)


def exact_lower(
    counts: Sequence[int], sizes: Sequence[int], parts: Sequence[float], alpha: float, asked: float
) -> float:
    """Last share of the grid of half percents, and of ``asked``, up to which every share is rejected.

    ``counts`` are the successes among the first ``sizes`` worlds in scope, at the looks that were reached; ``parts``
    the part of the declared seeds seen at each of them.
    """
    last = 0.0
    allowed = tuple(spent(alpha, part) for part in parts)
    grid = {Fraction(k, 200): k / 200 for k in range(1, 200)} | {Fraction(repr(asked)): asked}
    for share in sorted(grid):
        needed = boundary(share, tuple(sizes), allowed)
        if not any(x >= c for x, c in zip(counts, needed, strict=True)):
            break
        last = grid[share]
    return last


def exact_limits(
    yes: Sequence[int],
    no: Sequence[int],
    sizes: Sequence[int],
    parts: Sequence[float],
    levels: tuple[float, float],
    asked: float,
) -> tuple[float, float]:
    """Lower limit from successes at the first level, upper one from failures at the second: ties count for neither."""
    lower = exact_lower(yes, sizes, parts, levels[0], asked)
    return lower, 1 - exact_lower(no, sizes, parts, levels[1], float(1 - Fraction(repr(asked))))


def binomial_tail(n: int, least: int, share: float) -> float:
    """P[at least ``least`` successes in n], as an incomplete beta function."""
    return 1.0 if least <= 0 else 0.0 if least > n else float(special.betainc(least, n - least + 1, share))


def holm(values: Sequence[float]) -> list[float]:
    """Adjusted p-values: the i-th least of m times (m - i + 1), never less than one before, at most 1."""
    m, largest = len(values), 0.0
    out = [0.0] * m
    for i, k in enumerate(sorted(range(m), key=lambda k: values[k])):
        largest = max(largest, min(1.0, (m - i) * values[k]))
        out[k] = largest
    return out


def benjamini_yekutieli(values: Sequence[float]) -> list[float]:
    """Adjusted p-values: the i-th least times m (1 + 1/2 + ... + 1/m) / i, never more than one behind, at most 1."""
    m, least = len(values), 1.0
    factor = sum(1 / i for i in range(1, m + 1)) * m
    out = [0.0] * m
    for i, k in reversed(list(enumerate(sorted(range(m), key=lambda k: values[k]), start=1))):
        least = min(least, factor * values[k] / i)
        out[k] = least
    return out
