"""Exact covering laws: which templates the fine-tuned facts have shown.

A held-out fact owns K of R templates; N_f other facts each show K templates,
drawn uniformly without replacement, independently. Everything here is exact
integer or rational arithmetic (0**0 = 1, C(n, k) = 0 for k > n). Claims C4 and
C6; proofs in docs/claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb

__all__ = [
    "below_half_mean",
    "expected_unseen",
    "none_seen",
    "none_seen_given_world",
    "some_unseen",
    "some_unseen_by_chain",
    "some_unseen_given_world",
]


def some_unseen(N_f: int, K: int, R: int) -> Fraction:
    """P[some own template is shown by no fine-tuned fact], by inclusion-exclusion."""
    whole = comb(R, K)
    total = 0
    for j in range(1, K + 1):
        total += (-1) ** (j + 1) * comb(K, j) * comb(R - j, K) ** N_f
    return Fraction(total, whole**N_f)


def none_seen(N_f: int, K: int, R: int) -> Fraction:
    """P[no own template is shown by any fine-tuned fact]."""
    return Fraction(comb(R - K, K), comb(R, K)) ** N_f


def expected_unseen(N_f: int, K: int, R: int) -> Fraction:
    """Expected number of own templates that no fine-tuned fact shows, K (1 - K/R)^N_f."""
    return K * Fraction(R - K, R) ** N_f


def below_half_mean(N_f: int, K: int, R: int) -> Fraction:
    """P[C_r <= N_f K / (2R)] for C_r ~ Binomial(N_f, K/R), the coverage of one template."""
    cut = N_f * K // (2 * R)
    total = sum(comb(N_f, c) * K**c * (R - K) ** (N_f - c) for c in range(cut + 1))
    return Fraction(total, R**N_f)


def some_unseen_by_chain(N_f: int, K: int, R: int) -> float:
    """:func:`some_unseen` by a second, independent route, in float64.

    The number of own templates seen so far is a Markov chain: from ``seen``, one
    more fact shows ``new`` of the K - seen unseen own templates with the
    hypergeometric probability C(K-seen, new) C(R-K+seen, K-new) / C(R, K). No
    alternating sum, hence no cancellation.
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


def some_unseen_given_world(own: Sequence[int], others: Sequence[Sequence[int]], N_f: int) -> Fraction:
    """P[some template in ``own`` unseen] when N_f of ``others`` are drawn without replacement.

    Inclusion-exclusion over the subsets of ``own``: those facts that avoid a
    subset J number n_J, and all N_f come from them with probability
    C(n_J, N_f) / C(n, N_f) (hypergeometric). Cost 2^K.
    """
    bit = {template: 1 << i for i, template in enumerate(own)}
    masks = [sum(bit.get(r, 0) for r in fact) for fact in others]
    total = 0
    for subset in range(1, 1 << len(own)):
        avoiding = sum(1 for mask in masks if not mask & subset)
        total += (-1) ** (subset.bit_count() + 1) * comb(avoiding, N_f)
    return Fraction(total, comb(len(others), N_f))


def none_seen_given_world(own: Sequence[int], others: Sequence[Sequence[int]], N_f: int) -> Fraction:
    """P[no template in ``own`` seen] when N_f of ``others`` are drawn without replacement."""
    mine = set(own)
    avoiding = sum(1 for fact in others if mine.isdisjoint(fact))
    return Fraction(comb(avoiding, N_f), comb(len(others), N_f))
