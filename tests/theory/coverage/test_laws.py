"""C4, C6: the exact laws against enumeration of all worlds, their monotonicities, Monte Carlo."""

from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from theory.coverage import laws as covering

SMALL = [(R, K, N_f) for R in range(1, 6) for K in range(1, R + 1) for N_f in (1, 2, 3) if comb(R, K) ** N_f <= 1500]


def shapes(max_R: int = 14, max_N: int = 14) -> st.SearchStrategy[tuple[int, int, int]]:
    return st.integers(1, max_R).flatmap(
        lambda R: st.tuples(st.integers(1, max_N), st.integers(1, R), st.just(R))
    )  # (N_f, K, R)


def below_half(own: tuple[int, ...], facts: tuple[tuple[int, ...], ...], R: int) -> list[bool]:
    K = len(own)
    return [2 * R * sum(r in fact for fact in facts) <= len(facts) * K for r in own]


@pytest.mark.parametrize(("R", "K", "N_f"), SMALL)
def test_laws_averaged_over_worlds_equal_enumeration_of_all_worlds(R: int, K: int, N_f: int) -> None:
    sets = list(combinations(range(R), K))
    own = sets[0]  # by symmetry any held-out fact will do
    worlds = list(product(sets, repeat=N_f))
    some = none = union = single = 0
    for facts in worlds:
        seen = set().union(*facts)
        some += not set(own) <= seen
        none += seen.isdisjoint(own)
        below = below_half(own, facts, R)
        union += any(below)
        single += below[0]
    whole = len(worlds)
    assert covering.some_unseen(N_f, K, R) == Fraction(some, whole)
    assert covering.none_seen(N_f, K, R) == Fraction(none, whole)
    assert covering.some_below_half(N_f, K, R) == Fraction(union, whole)
    assert covering.below_half_mean(N_f, K, R) == Fraction(single, whole)


@pytest.mark.parametrize(("S", "R", "K"), [(4, 4, 2), (5, 3, 2), (4, 4, 3), (4, 5, 1), (6, 3, 1)])
def test_laws_given_a_world_equal_enumeration_and_average_to_the_laws(S: int, R: int, K: int) -> None:
    sets = list(combinations(range(R), K))
    for N_f in range(1, S):
        totals = [Fraction(0)] * 2
        worlds = list(product(sets, repeat=S))
        for world in worlds:
            own, others = world[0], world[1:]
            choices = list(combinations(others, N_f))
            some = sum(not set(own) <= set().union(*facts) for facts in choices)
            none = sum(set().union(*facts).isdisjoint(own) for facts in choices)
            given_some = covering.some_unseen_given_world(own, others, N_f)
            given_none = covering.none_seen_given_world(own, others, N_f)
            assert given_some == Fraction(some, len(choices))
            assert given_none == Fraction(none, len(choices))
            totals = [total + part for total, part in zip(totals, (given_some, given_none), strict=True)]
        averages = [total / len(worlds) for total in totals]
        assert averages == [
            covering.some_unseen(N_f, K, R),
            covering.none_seen(N_f, K, R),
        ]


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_conditional_law_equals_plain_inclusion_exclusion_on_random_worlds(data: st.DataObject) -> None:
    R, S = data.draw(st.integers(2, 9)), data.draw(st.integers(2, 12))
    K = data.draw(st.integers(1, min(R, 5)))
    sets = st.permutations(range(R)).map(lambda order: tuple(order[:K]))
    world = data.draw(st.lists(sets, min_size=S, max_size=S))
    N_f = data.draw(st.integers(0, S - 1))
    own, others = world[0], world[1:]
    total = sum(
        (-1) ** (size + 1) * comb(sum(not set(subset) & set(fact) for fact in others), N_f)
        for size in range(1, K + 1)
        for subset in combinations(own, size)
    )
    assert covering.some_unseen_given_world(own, others, N_f) == Fraction(total, comb(S - 1, N_f))


def test_conditional_law_is_feasible_for_many_own_templates() -> None:
    rng = np.random.default_rng(5)
    world = [tuple(int(r) for r in rng.choice(60, 16, replace=False)) for _ in range(40)]
    value = covering.some_unseen_given_world(world[0], world[1:], 25)
    assert 0 < value < 1


def test_a_template_that_is_seen_once_another_is_costs_nothing() -> None:
    """Facts that show each template, as bits: what holds another's facts is dropped, equal ones but for one."""
    assert covering._necessary([0b0111, 0b0011, 0b1100, 0b0011, 0b1010]) == [0b0011, 0b1100, 0b1010]
    assert covering._necessary([0b1, 0b0, 0b10]) == [0b0]  # what nobody shows is never seen: the others say no more


def test_table_of_the_theory() -> None:
    values = [round(float(covering.some_unseen(5, K, 20)), 3) for K in (1, 2, 3, 4)]
    assert values == [0.774, 0.842, 0.843, 0.815]


@given(shapes())
@settings(deadline=None, max_examples=150)
def test_laws_are_probabilities_and_fall_in_facts_and_rise_in_templates(shape: tuple[int, int, int]) -> None:
    N_f, K, R = shape
    for law in (covering.some_unseen, covering.none_seen):
        here = law(N_f, K, R)
        assert 0 <= here <= 1
        assert law(N_f + 1, K, R) <= here
        assert law(N_f, K, R + 1) >= here
    assert covering.none_seen(N_f, K, R) <= covering.some_unseen(N_f, K, R)
    if K < R:
        assert covering.none_seen(N_f, K + 1, R) <= covering.none_seen(N_f, K, R)


def test_some_unseen_is_not_monotone_in_multiplicity() -> None:
    values = [covering.some_unseen(5, K, 20) for K in range(1, 5)]
    assert values[0] < values[1] < values[2] > values[3]


@given(st.integers(1, 30), st.integers(1, 12))
def test_limits(N_f: int, R: int) -> None:
    assert covering.some_unseen(N_f, R, R) == 0
    assert covering.some_unseen(N_f, 1, R) == covering.none_seen(N_f, 1, R) == Fraction(R - 1, R) ** N_f
    assert covering.some_unseen(0, R, R) == 1
    K = max(1, R // 2)
    assert covering.some_unseen(1, K, R) == 1 - Fraction(1, comb(R, K))


@given(shapes(24, 40))
@settings(deadline=None, max_examples=60)
def test_chain_agrees_with_the_alternating_sum(shape: tuple[int, int, int]) -> None:
    exact = float(covering.some_unseen(*shape))
    assert covering.some_unseen_by_chain(*shape) == pytest.approx(exact, rel=1e-11, abs=1e-300)


@given(shapes(7, 9))
@settings(deadline=None, max_examples=40)
def test_half_mean_chain_agrees_with_the_exact_one(shape: tuple[int, int, int]) -> None:
    exact = float(covering.some_below_half(*shape))
    assert covering.some_below_half_by_chain(*shape) == pytest.approx(exact, rel=1e-12, abs=1e-300)


def test_half_mean_chain_declines_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    assert covering.some_below_half_by_chain(400, 12, 20) is None
    monkeypatch.setattr(covering, "_chain", lambda *_: (np.array([0]), np.array([0]), np.array([1.0]), 1))
    # One template that is shown by all: cut + 2 states.
    assert covering.some_below_half_by_chain(2 * 99_998, 1, 1) == 1
    assert covering.some_below_half_by_chain(2 * 99_999, 1, 1) is None


def test_no_facts_and_all_templates() -> None:
    for R in (1, 3, 7):
        assert covering.below_half_mean(0, R, R) == covering.below_half_mean(0, 1, R) == 1
        assert covering.some_below_half(0, R, R) == covering.some_unseen(0, R, R) == covering.none_seen(0, R, R) == 1
        assert covering.below_half_mean(1, R, R) == covering.some_below_half(1, R, R) == 0
        assert covering.some_below_half_by_chain(0, R, R) == covering.some_unseen_by_chain(0, R, R) == 1


def test_facts_beyond_a_world_and_repeated_templates_are_refused() -> None:
    others = [(0, 1), (1, 2), (2, 3)]
    assert covering.some_unseen_given_world((0, 1), others, 3) == 0
    assert covering.some_unseen_given_world((0, 4), others, 3) == 1
    assert covering.some_unseen_given_world((0, 1), others, 0) == 1
    with pytest.raises(ValueError, match="N_f=4 facts cannot be drawn from 3"):
        covering.some_unseen_given_world((0, 1), others, 4)
    with pytest.raises(ValueError, match="the templates of a fact are distinct"):
        covering.some_unseen_given_world((0, 0), others, 2)


def test_integers_stay_exact_and_feasible_at_large_sizes() -> None:
    N_f, K, R = 12, 2000, 10_000
    numerator, denominator = covering.some_unseen_integers(N_f, K, R)
    assert denominator == comb(R, K) ** N_f
    assert 0 < numerator < denominator
    shorter = covering.some_unseen_integers(N_f, 40, 80)
    assert shorter == (
        sum((-1) ** (j + 1) * comb(40, j) * comb(80 - j, 40) ** N_f for j in range(1, 41)),
        comb(80, 40) ** N_f,
    )


def test_too_many_templates_are_refused() -> None:
    with pytest.raises(ValueError, match="K=5 > R=4"):
        covering.some_unseen(3, 5, 4)


@pytest.mark.parametrize(("N_f", "K", "R"), [(5, 3, 20), (20, 4, 40), (10, 6, 20)])
def test_monte_carlo_agrees(N_f: int, K: int, R: int) -> None:
    """Exact Clopper-Pearson intervals; each wrongly rejects with probability 1e-6 (fixed seed: once and for all)."""
    runs, rng = 20_000, np.random.default_rng(20_250_801)
    shown = rng.random((runs, N_f, R)).argsort(axis=2)[:, :, :K]
    counts = np.zeros((runs, R), dtype=np.int64)
    np.add.at(counts, (np.arange(runs)[:, None, None], shown), 1)
    own = counts[:, :K]  # the held-out fact owns templates 0 .. K-1
    half = own * 2 * R <= N_f * K
    observed = {
        covering.some_unseen(N_f, K, R): (own == 0).any(axis=1),
        covering.none_seen(N_f, K, R): (own == 0).all(axis=1),
        covering.below_half_mean(N_f, K, R): half[:, 0],
    }
    exact_union = covering.some_below_half_by_chain(N_f, K, R)
    assert exact_union is not None
    observed[Fraction(exact_union)] = half.any(axis=1)
    for exact, hits in observed.items():
        interval = stats.binomtest(int(hits.sum()), runs).proportion_ci(1 - 1e-6, "exact")
        assert interval.low <= float(exact) <= interval.high
