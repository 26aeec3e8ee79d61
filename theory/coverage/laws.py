"""Exact covering laws: which templates the fine-tuned facts have shown.

A held-out fact owns K of R templates; N_f other facts each show K templates, drawn uniformly without replacement,
independently. Everything here is exact integer or rational arithmetic (0**0 = 1, C(n, k) = 0 for k > n), except the
two functions named ``..._by_chain``, which are second routes in float64. Claims C4, C6 and C7; proofs in docs/claims.
Laws named ``..._given_world`` are conditional on a given world. Enclosures beyond exact reach are in
:mod:`theory.coverage.balls`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import comb, prod
from typing import Any

State = tuple[int, ...]  # how many own templates were shown 0, 1, ..., cut times
_MOST_STATES = 100_000
_LONG = 1 << 14  # bits of C(R, K)**N_f from which FLINT's multiplication pays for loading it


def some_unseen(N_f: int, K: int, R: int) -> Fraction:
    """P(at least one of a fact's K templates is in no fine-tuned fact); long integers cost less unreduced.

    Example:
        >>> some_unseen(N_f=2, K=2, R=4)
        Fraction(17, 36)
    """
    return Fraction(*some_unseen_integers(N_f, K, R))


def some_unseen_integers(N_f: int, K: int, R: int) -> tuple[int, int]:
    """Numerator and denominator C(R,K)^N_f of :func:`some_unseen`, by inclusion-exclusion, unreduced.

    The alternating sum of at most K terms is exact: C(R-j,K) follows from C(R-j+1,K) by one exact division. The cost is
    that of K powers of N_f log2 C(R,K) bits: 0.3 s at K = 2000, R = 10^4, N_f = 20.

    Raises:
        ValueError: K > R.

    Example:
        >>> some_unseen_integers(N_f=2, K=2, R=4)
        (17, 36)
    """
    if K > R:
        raise ValueError(f"K={K} > R={R}: a fact cannot own more templates than there are")
    if N_f == 0:
        return 1, 1
    whole: Any = comb(R, K)
    choices: Any = 1
    if whole.bit_length() * N_f >= _LONG:
        from flint import fmpz

        whole, choices = fmpz(whole), fmpz(1)
    total, avoiding = 0 * whole, whole
    for j in range(1, min(K, R - K) + 1):  # C(R - j, K) = 0 beyond
        choices = choices * (K - j + 1) // j  # C(K, j)
        avoiding = avoiding * (R - j + 1 - K) // (R - j + 1)  # C(R - j, K)
        term = choices * avoiding**N_f
        total = total + term if j % 2 else total - term
    return int(total), int(whole**N_f)


def none_seen(N_f: int, K: int, R: int) -> Fraction:
    """P(none of a fact's K templates is in any fine-tuned fact).

    Example:
        >>> none_seen(N_f=2, K=2, R=4)
        Fraction(1, 36)
    """
    return Fraction(comb(R - K, K), comb(R, K)) ** N_f


def half_mean_cut(N_f: int, K: int, R: int) -> int:
    """c = floor(N_f K / (2R)), in integers: counts up to c are at most half the mean N_f K / R.

    Example:
        >>> half_mean_cut(N_f=40, K=3, R=20)
        3
    """
    return N_f * K // (2 * R)


def below_half_mean(N_f: int, K: int, R: int) -> Fraction:
    """P[C_r <= N_f K / (2R)] for C_r ~ Binomial(N_f, K/R), the coverage of one template.

    Example:
        >>> below_half_mean(N_f=4, K=2, R=6)
        Fraction(16, 81)
    """
    total, term = 0, (R - K) ** N_f
    if K == R:
        return Fraction(int(N_f == 0))
    for c in range(half_mean_cut(N_f, K, R) + 1):
        total += term
        term = term * (N_f - c) * K // ((c + 1) * (R - K))
    return Fraction(total, R**N_f)


def some_unseen_by_chain(N_f: int, K: int, R: int) -> float:
    """:func:`some_unseen` by a second route, in float64: a Markov chain on how many own templates were seen.

    One more fact shows ``new`` of the K - seen unseen own templates with the hypergeometric probability
    C(K-seen, new) C(R-K+seen, K-new) / C(R, K). No alternating sum, hence no cancellation.

    Example:
        >>> round(some_unseen_by_chain(N_f=2, K=2, R=4), 6)
        0.472222
    """
    whole = comb(R, K)
    state = [1.0] + [0.0] * K
    step = [
        [comb(K - seen, new) * comb(R - K + seen, K - new) / whole for new in range(K - seen + 1)]
        for seen in range(K + 1)
    ]
    for _ in range(N_f):
        following = [0.0] * (K + 1)
        for seen, mass in enumerate(state):
            for new, probability in enumerate(step[seen]):
                following[seen + new] += mass * probability
        state = following
    return sum(state[:K])


def some_below_half(N_f: int, K: int, R: int) -> Fraction:
    """P(at least one of a fact's K templates has C_r <= N_f K / (2R)), the event of claim C7, exact; for small cases.

    A Markov chain on how many of the K templates have been shown 0, 1, 2, ... times: by symmetry nothing else matters.
    Templates shown more often than the cut c form one state, so there are at most C(K + c + 1, K) states.

    Example:
        >>> some_below_half(N_f=2, K=2, R=4)
        Fraction(17, 36)
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


def some_below_half_by_chain(N_f: int, K: int, R: int) -> float | None:
    """:func:`some_below_half` in float64, measured beside C7's forms; None beyond 100,000 states C(K + c + 1, K).

    Example:
        >>> round(some_below_half_by_chain(N_f=2, K=2, R=4), 6)
        0.472222
    """
    cut = half_mean_cut(N_f, K, R)
    if comb(K + cut + 1, K) > _MOST_STATES:
        return None
    import numpy as np  # what only lists claims does without

    source, target, weight, finished = _chain(K, R, cut)
    mass: Any = np.zeros(finished + 1)
    mass[0] = 1.0
    for _ in range(N_f):
        mass = np.bincount(target, weights=mass[source] * weight)
    # The states in which some template is still below the cut, largest last; none cancels.
    return float(np.sort(mass[:finished]).sum())


def _start(K: int, cut: int) -> State:
    return (K,) + (0,) * cut


def _steps(state: State, K: int, R: int) -> list[tuple[State, int]]:
    """States after one more fact, with the number of template sets that lead there."""
    return [(after, comb(R - sum(state), new) * ways) for after, new, ways in _moves(state, K, R)]


def _moves(state: State, K: int, R: int) -> list[tuple[State, int, int]]:
    """States after one more fact; how many templates are shown whose showing changes nothing, and ways for the rest."""
    free = R - sum(state)
    found = []
    for shown in product(*(range(count + 1) for count in state)):
        if not 0 <= K - sum(shown) <= free:
            continue
        after = tuple(
            count - moved + (shown[i - 1] if i else 0)
            for i, (count, moved) in enumerate(zip(state, shown, strict=True))
        )
        found.append((after, K - sum(shown), prod(map(comb, state, shown))))
    return found


@lru_cache(maxsize=64)
def _chain(K: int, R: int, cut: int) -> tuple[Any, Any, Any, int]:
    """Transitions as arrays (source, target, probability) and the index of the state 'all done', the last."""
    import numpy as np

    sources, targets, moves, finished = _shape(K, min(R, 2 * K), cut)  # beyond, the same moves are possible
    whole = comb(R, K)
    known = {move: comb(R - move[0], move[1]) * move[2] / whole for move in set(moves)}
    return sources, targets, np.array([*map(known.__getitem__, moves), 1.0]), finished


@lru_cache(maxsize=64)
def _shape(K: int, R: int, cut: int) -> tuple[Any, Any, list[tuple[int, int, int]], int]:
    """The same without probabilities: for each transition but the last the templates below the cut, and its move."""
    import numpy as np

    done: State = (0,) * (cut + 1)
    index: dict[State, int] = {_start(K, cut): 0}
    waiting = [_start(K, cut)]
    rows: list[tuple[int, State]] = []
    moves: list[tuple[int, int, int]] = []
    while waiting:
        state = waiting.pop()
        for target, new, ways in _moves(state, K, R):
            if target != done and target not in index:
                index[target] = len(index)
                waiting.append(target)
            rows.append((index[state], target))
            moves.append((sum(state), new, ways))
    finished = len(index)
    index[done] = finished
    rows.append((finished, done))
    return np.array([row[0] for row in rows]), np.array([index[row[1]] for row in rows]), moves, finished


def some_unseen_given_world(own: Sequence[int], others: Sequence[Sequence[int]], N_f: int) -> Fraction:
    """P[some template in ``own`` unseen] in a fixed world, when N_f of ``others`` are drawn without replacement.

    Inclusion-exclusion over the subsets J of ``own``: the facts that avoid J number n_J, and all N_f come from them
    with probability C(n_J, N_f) / C(n, N_f). Subsets are grown one template at a time and merged by the set of facts
    that show one of them; at worst 2^K terms.

    Raises:
        ValueError: N_f exceeds the number of other facts.

    Example:
        >>> some_unseen_given_world(own=[0, 1], others=[[2, 3], [0, 1]], N_f=1)
        Fraction(1, 2)
    """
    count = len(others)
    if N_f > count:
        raise ValueError(f"N_f={N_f} facts cannot be drawn from {count}")
    terms = {0: 1}  # set of facts hit (as bits) -> signed number of subsets J that hit exactly these
    for shown in _necessary(_shown_by(own, others)):
        grown = dict(terms)
        for hit, sign in terms.items():
            union = hit | shown
            if count - union.bit_count() >= N_f:
                grown[union] = grown.get(union, 0) - sign
        terms = {hit: sign for hit, sign in grown.items() if sign}
    all_seen = sum(sign * comb(count - hit.bit_count(), N_f) for hit, sign in terms.items())
    return 1 - Fraction(all_seen, comb(count, N_f))


def none_seen_given_world(own: Sequence[int], others: Sequence[Sequence[int]], N_f: int) -> Fraction:
    """P[no template in ``own`` seen] when N_f of ``others`` are drawn without replacement.

    Example:
        >>> none_seen_given_world(own=[0, 1], others=[[2, 3], [0, 2]], N_f=1)
        Fraction(1, 2)
    """
    mine = set(own)
    avoiding = sum(1 for fact in others if mine.isdisjoint(fact))
    return Fraction(comb(avoiding, N_f), comb(len(others), N_f))


def _shown_by(own: Sequence[int], others: Sequence[Sequence[int]]) -> list[int]:
    """For each own template, the facts that show it, as the bits of an integer."""
    position = {template: i for i, template in enumerate(own)}
    if len(position) != len(own):
        raise ValueError("the templates of a fact are distinct")
    shown = [0] * len(own)
    for index, fact in enumerate(others):
        for template in fact:
            if template in position:
                shown[position[template]] |= 1 << index
    return shown


def _necessary(shown: list[int]) -> list[int]:
    """Drop each template that is certainly seen once another one is: its facts include the other's."""
    kept: list[int] = []
    for facts in sorted(shown, key=int.bit_count):
        if not any(other & ~facts == 0 for other in kept):
            kept.append(facts)
    return kept
