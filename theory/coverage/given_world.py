"""Covering laws conditional on a given world, exact: what the seeds of one world sample from.

The world is fixed; only the choice of the N_f fine-tuned facts is random
(uniformly without replacement), so counts are hypergeometric. C(n, k) = 0 for
k > n. Claims C4 and C6.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb

__all__ = ["below_half_mean_given_world", "none_seen_given_world", "some_unseen_given_world"]


def some_unseen_given_world(own: Sequence[int], others: Sequence[Sequence[int]], N_f: int) -> Fraction:
    """P[some template in ``own`` unseen] when N_f of ``others`` are drawn without replacement.

    Inclusion-exclusion over the subsets J of ``own``: the facts that avoid J
    number n_J, and all N_f come from them with probability
    C(n_J, N_f) / C(n, N_f). Subsets are grown one template at a time and merged
    by the set of facts that show one of them; a template that is shown wherever
    another one is shown need not be asked for; a subset avoided by fewer than
    N_f facts, and all its supersets, contribute nothing. At worst 2^K terms.

    Args:
        own: the templates of the held-out fact, distinct.
        others: the templates of each other fact.
        N_f: how many of the others are fine-tuned.

    Raises:
        ValueError: N_f exceeds the number of other facts.
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
    """P[no template in ``own`` seen] when N_f of ``others`` are drawn without replacement."""
    mine = set(own)
    avoiding = sum(1 for fact in others if mine.isdisjoint(fact))
    return Fraction(comb(avoiding, N_f), comb(len(others), N_f))


def below_half_mean_given_world(N_f: int, K: int, R: int, S: int, owners: int) -> Fraction:
    """P[C_r <= N_f K / (2R)] for C_r ~ Hypergeometric(S, owners, N_f).

    Args:
        N_f: fine-tuned facts, drawn from all S.
        K: multiplicity.
        R: templates in the universe.
        S: facts in the world.
        owners: n_r, how many of them were written with template r.
    """
    cut = N_f * K // (2 * R)
    ways = sum(comb(owners, c) * comb(S - owners, N_f - c) for c in range(min(cut, N_f) + 1))
    return Fraction(ways, comb(S, N_f))


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
