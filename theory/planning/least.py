"""Least values at which bounds meet a target where they are not monotone.

Each search is rigorous: what it skips is excluded by a monotone bound on the
quantity, and what it keeps is decided by the caller's predicate.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from theory.notation import DomainError

_MARGIN = 1e-9
_MOST_EXAMINED = 20_000
_MOST_BOUNDED = 10**7


def least_multiplicity_some_unseen(
    good: Callable[[int], bool], target: Fraction, low: int, high: int, *, N_f: int, R: int
) -> tuple[int | None, int | None]:
    """Least K with P(at least one template unseen) <= target, and that from which all are; P is not monotone in K.

    With x = (1 - K/R)^N_f, P lies between 1 - (1-x)^K (negative association) and K x (union bound); only the K that
    this leaves open are decided exactly, by ``good``.

    Raises DomainError: there are too many K, or too many of them are too close to the target.
    """
    if high - low >= _MOST_BOUNDED:
        raise DomainError(f"K from {low} to {high}: at most {_MOST_BOUNDED} are looked at; give a smaller R")
    K = np.arange(low, high + 1, dtype=np.float64)
    with np.errstate(divide="ignore"):
        log_x = N_f * np.log1p(-K / R)
    log_x[K == R] = -np.inf
    union = np.log(K) + log_x
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.log1p(-np.exp(np.minimum(log_x, -1e-300)))
        independent = np.where(union < -30, union - 1e-12, np.log(-np.expm1(K * inside)))
    goal = math.log(target) if target > 0 else -math.inf
    slack = _MARGIN * (1 + abs(goal)) if math.isfinite(goal) else 0.0
    surely = (union < goal - slack) | np.isneginf(union)
    never = (independent > goal + slack) & ~surely
    state = np.where(surely, 1, np.where(never, -1, 0))
    first = _settle(range(len(K)), state, lambda i: good(low + i), 1)
    if first is None:
        return None, None
    last_bad = _settle(range(len(K) - 1, -1, -1), state, lambda i: good(low + i), -1)
    if last_bad is None:
        return low + first, low
    return low + first, low + last_bad + 1 if last_bad + 1 < len(K) else None


def _settle(order: range, state: np.ndarray, good: Callable[[int], bool], wanted: int) -> int | None:
    """The first index in ``order`` whose state is ``wanted``, deciding open ones on the way."""
    examined = 0
    for i in order:
        if state[i] == 0:
            examined += 1
            if examined > _MOST_EXAMINED:
                raise DomainError(f"more than {_MOST_EXAMINED} multiplicities are too close to the target")
            state[i] = 1 if good(i) else -1
        if state[i] == wanted:
            return i
    return None


def least_facts_below_half(
    good: Callable[[int], bool], target: Fraction, low: int, high: int, *, K: int, R: int
) -> tuple[int | None, int | None]:
    """Least N_f at which C7's sharp bound U meets the target; U jumps up where the cut c does.

    On a block of constant c = floor(N_f K / (2R)) U falls strictly (for c < N_f p one more fact lowers the point
    probability, and rho), so block ends decide. With D = KL(p/2 || p), p = K/R, for N_f p >= 2:

        U >= K (1-p)/2 exp(-N_f D) / sqrt(4 N_f p + 8)    (pmf(c) from pmf(c+1), whose
             argument c+1 lies between N_f p / 2 and N_f p)
        U <= (4/3) K exp(-N_f D)                          (Chernoff, and U within 4/3 of the union)

    The first is a falling function of N_f: no smaller block is worth a look. The second bounds the blocks in which U
    can still rise above the target. Beside the least N_f stands the least from which U stays within the target.
    """
    if K == R:
        return (low, low) if good(low) else (None, None)
    if target == 0:
        return None, None
    if target >= 1:
        return low, low
    p = K / R
    goal = math.log(target.numerator) - math.log(target.denominator)
    rate = p / 2 * math.log(0.5) + (1 - p / 2) * (math.log1p(-p / 2) - math.log1p(-p))

    def floor_of(n: float) -> float:
        return math.log(K) + math.log1p(-p) - math.log(2) - n * rate - 0.5 * math.log(4 * n * p + 8) - 1e-6

    def ceiling_of(n: float) -> float:
        return math.log(4 * K / 3) - n * rate + 1e-6

    excluded = last_true(lambda n: floor_of(n) > goal, 0, high)  # U > target up to here, once N_f p >= 2
    block = excluded * K // (2 * R) if excluded * K >= 2 * R else 0
    # The block c = 0 has U = min(1, K (1-p)^N_f) and is looked at in any case.
    candidates = [0] if block > 0 else []
    first = None
    while first is None:
        c = candidates.pop(0) if candidates else block
        if not candidates and c == block:
            block += 1
        start, end = max(low, -(-2 * R * c // K)), -(-2 * R * (c + 1) // K) - 1
        if start > high:
            return None, None
        if start <= end and good(min(end, high)):
            first = first_true(good, start, min(end, high))
    beyond = last_true(lambda n: ceiling_of(n) > goal, 0, high) + 1  # U <= target from here on
    return first, _stays_from(good, first, min(beyond, high), K, R)


def _stays_from(good: Callable[[int], bool], first: int, beyond: int, K: int, R: int) -> int:
    """The least N_f from which all up to ``beyond`` are good: the last bad block start decides."""
    c = beyond * K // (2 * R)
    while True:
        start, end = max(first, -(-2 * R * c // K)), min(beyond, -(-2 * R * (c + 1) // K) - 1)
        if start <= end and not good(start):
            found = first_true(good, start, end)
            return end + 1 if found is None else found
        if start <= first:
            return first
        c -= 1


def first_true(good: Callable[[int], bool], low: int, high: int) -> int | None:
    """Least integer of [low, high] where a rising predicate holds: galloping, then bisection."""
    if good(low):
        return low
    step, below = 1, low
    while True:
        above = min(low + step, high)
        if good(above):
            break
        if above == high:
            return None
        below, step = above, 2 * step
    return bisect_left(range(above), True, below + 1, key=good)


def last_true(allowed: Callable[[int], bool], low: int, high: int) -> int:
    """Greatest integer of [low, high] where a falling predicate holds; low - 1 if nowhere."""
    beyond = first_true(lambda value: not allowed(value), low, high)
    return high if beyond is None else beyond - 1
