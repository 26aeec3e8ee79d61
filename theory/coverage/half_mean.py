"""The joint half-mean event of claim C7: some own template covered at most half its mean.

Exact, as a Markov chain on how many own templates have been shown 0, 1, 2, ...
times: by symmetry nothing else matters. A template shown more often than the
cut is done and no longer told apart.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import comb
from typing import Any

__all__ = ["half_mean_cut", "some_below_half", "some_below_half_by_chain"]

State = tuple[int, ...]  # how many own templates were shown 0, 1, ..., cut times


def half_mean_cut(N_f: int, K: int, R: int) -> int:
    """c = floor(N_f K / (2R)), in integers: counts up to c are at most half the mean N_f K / R."""
    return N_f * K // (2 * R)


def some_below_half(N_f: int, K: int, R: int) -> Fraction:
    """P[some own template has C_r <= N_f K / (2R)], exact; for small cases (see the chain's size).

    There are at most C(K + c + 1, K) states, c the cut.
    """
    cut = half_mean_cut(N_f, K, R)
    states = {_start(K, cut): 1}
    for _ in range(N_f):
        following: dict[State, int] = {}
        for state, ways in states.items():
            for target, weight in _steps(state, K, R):
                following[target] = following.get(target, 0) + ways * weight
        states = following
    return 1 - Fraction(states.get((0,) * (cut + 1), 0), comb(R, K) ** N_f)


def some_below_half_by_chain(N_f: int, K: int, R: int, most_states: int = 100_000) -> float | None:
    """:func:`some_below_half` in float64: the measured counterpart of the closed forms of C7.

    Args:
        N_f: fine-tuned facts.
        K: multiplicity.
        R: templates in the universe.
        most_states: give up beyond this many states C(K + c + 1, K).

    Returns:
        The probability, or None where the chain would be too large.
    """
    cut = half_mean_cut(N_f, K, R)
    if comb(K + cut + 1, K) > most_states:
        return None
    import numpy as np

    source, target, weight, finished = _chain(K, R, cut)
    mass: Any = np.zeros(finished + 1)
    mass[0] = 1.0
    for _ in range(N_f):
        mass = np.bincount(target, weights=mass[source] * weight, minlength=finished + 1)
    # The states in which some template is still below the cut, largest last; none cancels.
    return float(np.sort(mass[:finished]).sum())


def _start(K: int, cut: int) -> State:
    return (K,) + (0,) * cut


def _steps(state: State, K: int, R: int) -> list[tuple[State, int]]:
    """States after one more fact, with the number of template sets that lead there."""
    free = R - sum(state)  # templates whose showing changes nothing
    found = []
    for shown in product(*(range(count + 1) for count in state)):
        ways = comb(free, K - sum(shown)) if sum(shown) <= K else 0
        if not ways:
            continue
        for count, moved in zip(state, shown, strict=True):
            ways *= comb(count, moved)
        after = tuple(
            count - moved + (shown[i - 1] if i else 0)
            for i, (count, moved) in enumerate(zip(state, shown, strict=True))
        )
        found.append((after, ways))
    return found


@lru_cache(maxsize=64)
def _chain(K: int, R: int, cut: int) -> tuple[Any, Any, Any, int]:
    """Transitions as arrays (source, target, probability) and the index of the state 'all done', the last."""
    import numpy as np

    done: State = (0,) * (cut + 1)
    index: dict[State, int] = {_start(K, cut): 0}
    waiting = [_start(K, cut)]
    rows: list[tuple[int, State, float]] = []
    whole = comb(R, K)
    while waiting:
        state = waiting.pop()
        for target, ways in _steps(state, K, R):
            if target != done and target not in index:
                index[target] = len(index)
                waiting.append(target)
            rows.append((index[state], target, ways / whole))
    finished = len(index)
    index[done] = finished
    rows.append((finished, done, 1.0))
    sources = np.array([row[0] for row in rows])
    targets = np.array([index[row[1]] for row in rows])
    return sources, targets, np.array([row[2] for row in rows]), finished
