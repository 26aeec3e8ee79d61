"""The linear memory's extraction by a second route: gradient descent itself, on random and on made memories."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from theory import claim
from theory.certify.linear_memory import LinearMemoryWorld, draw_world, near_descent
from theory.certify.linear_memory_extraction import averaging, failure
from theory.certify.linear_memory_extraction_premise import attained, bounded_only_if, convergence, own_template_first
from theory.coverage.laws import some_unseen

Array = NDArray[np.float64]


def finetune(votes: Array, targets: Array, steps: Iterable[float]) -> Array:
    """The prompt's column after gradient descent on the rows (e_s + e_p)/2; votes [n, V], one step size per step."""
    n = len(votes)
    gained, prompt = np.zeros_like(votes), np.zeros(votes.shape[1])
    for eta in steps:
        logits = (votes + gained + prompt) / 2
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(n), targets] -= 1
        gained -= eta / (2 * n) * p
        prompt -= eta / (2 * n) * p.sum(axis=0)
        np.testing.assert_allclose(prompt, gained.sum(axis=0), atol=1e-9)  # step 1
    return prompt


def answered(world: LinearMemoryWorld, votes: Array, prompt: Array, facts: Array) -> Array:
    """Whether each fact's arg max at [s, p] is its answer, strictly."""
    logits = votes[facts] + prompt
    own = world.subjects + world.universe + world.answers[facts]
    right = logits[np.arange(len(facts)), own]
    logits[np.arange(len(facts)), own] = -np.inf
    return right > logits.max(axis=1)


def uncovered(world: LinearMemoryWorld, tuned: Array, held: Array) -> Array:
    """Whether each held-out fact has an own template that no fine-tuned fact owns."""
    return ~np.isin(world.templates[held], world.templates[tuned]).all(axis=1)


def dominance(world: LinearMemoryWorld, votes: Array) -> float:
    """The premise written out, triple by triple."""
    first = world.subjects
    found = []
    for fact, own in enumerate(world.templates):
        answer = first + world.universe + world.answers[fact]
        for r in own:
            passed = [
                votes[s, first + r] - votes[s, answer] for s in range(world.subjects) if r not in world.templates[s]
            ]
            found.append(votes[fact, first + r] - votes[fact, answer] - max([0.0, *passed]))
    return float(min(found))


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 60), st.floats(0.1, 8), st.floats(0.1, 20))
def test_the_prompt_never_moves_two_tokens_apart_by_more_than_a_fact_prefers_one(
    seed: int, n: int, steps: int, largest: float, scale: float
) -> None:
    generator = np.random.default_rng(seed)
    votes = generator.normal(size=(n, n + 4)) * scale
    prompt = finetune(votes, np.arange(n), generator.uniform(0.5, 1, steps) * largest)
    for v in range(n, n + 4):
        for w in range(n, n + 4):
            c = votes[:, v] - votes[:, w]
            slack = 1e-9 * (1 + scale)
            assert -max(0, c.max()) - slack <= prompt[v] - prompt[w] <= max(0, (-c).max()) + slack


def test_beyond_a_step_of_eight_the_prompt_overshoots() -> None:
    votes = np.array([[-40.0, 0.1, 0.0]])
    within, beyond = (finetune(votes, np.array([0]), [eta]) for eta in (8.0, 8.5))
    assert within[1] - within[2] >= -0.1
    assert beyond[1] - beyond[2] < -0.1


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 8), st.integers(0, 80))
def test_a_memory_with_dominance_never_extracts_an_uncovered_fact(seed: int, K: int, N: int, steps: int) -> None:
    """Random votes, made dominant by raising every own template by what is lacking."""
    generator = np.random.default_rng(seed)
    world = draw_world(12, int(generator.integers(K, 10)), K, seed)
    votes = generator.normal(size=(12, world.vocabulary)) * generator.choice([0.1, 1, 5])
    lacking = -dominance(world, votes)
    np.put_along_axis(
        votes,
        world.subjects + world.templates,
        np.take_along_axis(votes, world.subjects + world.templates, axis=1) + lacking + 1e-6,
        axis=1,
    )
    assert dominance(world, votes) >= 0
    order = generator.permutation(12)
    tuned, held = order[:N], order[N:]
    targets = world.subjects + world.universe + world.answers[tuned]
    prompt = finetune(votes[tuned], targets, [8.0] * steps)
    assert not answered(world, votes, prompt, held)[uncovered(world, tuned, held)].any()


@pytest.mark.parametrize("seed", range(10))
def test_the_made_memory_extracts_exactly_the_covered_facts(seed: int) -> None:
    generator = np.random.default_rng(seed)
    K = int(generator.integers(1, 5))
    world = draw_world(30, int(generator.integers(K, 12)), K, seed)
    N = int(generator.integers(1, 12))
    votes = np.full((30, world.vocabulary), -9.0)
    np.put_along_axis(votes, world.subjects + world.templates, 1 / (8 * N * (K + 2)), axis=1)
    votes[np.arange(30), world.subjects + world.universe + world.answers] = 0
    assert dominance(world, votes) > 0
    order = generator.permutation(30)
    tuned, held = order[:N], order[N:]
    prompt = finetune(votes[tuned], world.subjects + world.universe + world.answers[tuned], [8.0])
    np.testing.assert_array_equal(answered(world, votes, prompt, held), ~uncovered(world, tuned, held))


@pytest.mark.parametrize(("subjects", "universe"), [(4, 2), (9, 4), (20, 12)])
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_one_template_per_fact_has_dominance_at_every_step(subjects: int, universe: int, share: float) -> None:
    world = draw_world(subjects, universe, 1, subjects)
    for near in near_descent(world, Fraction(2 * subjects * share), [0, 1, 2, 5, 20, 100, 400]).values():
        assert dominance(world, near.memory[:, :subjects].T) >= -1e-12


def test_three_templates_per_fact_lack_it_after_one_step_and_need_no_coverage() -> None:
    world = draw_world(10, 8, 3, 0)
    votes = near_descent(world, Fraction(1), [1])[1].memory[:, :10].T
    assert dominance(world, votes) < 0
    assert answered(world, votes, np.zeros(world.vocabulary), np.arange(10)).all()


def test_fine_tuning_for_long_ends_in_errors_everywhere() -> None:
    """Votes small enough for the end to be seen: first all are right, at last all are wrong."""
    world = draw_world(8, 3, 2, 1)
    votes = np.zeros((8, world.vocabulary))
    votes[np.arange(8), world.subjects + world.universe + world.answers] = 0.5
    tuned, held = np.arange(2), np.arange(2, 8)
    targets = world.subjects + world.universe + world.answers[tuned]
    assert answered(world, votes, np.zeros(world.vocabulary), held).all()
    assert not answered(world, votes, finetune(votes[tuned], targets, [4.0] * 300), held).any()


def test_the_bound_is_the_law_of_covering() -> None:
    item = claim("ood-error-linear-memory")
    for N, K, R in [(1, 1, 5), (6, 3, 8), (10, 4, 20)]:
        assert item.bound(N_f=N, K=K, R=R) == pytest.approx(float(some_unseen(N, K, R)), rel=1e-12)
    assert item.bound(N_f=6, K=1, R=8) == pytest.approx(float(Fraction(7, 8) ** 6), rel=1e-12)


def test_checks_tell_near_misses() -> None:
    bound = claim("ood-error-linear-memory").log_expression
    assert bound is not None
    assert averaging(8).proved
    assert "below -1/10" in averaging(9).detail
    assert not averaging(9).proved
    assert failure().proved
    assert not failure(1).proved
    assert own_template_first(2).proved
    assert not own_template_first(3).proved
    assert attained(bound).proved
    assert attained(bound - sp.Rational(1, 100)).proved  # a smaller bound is true as well
    assert not attained(bound + sp.Rational(1, 100)).proved
    assert bounded_only_if().proved
    assert convergence(4).proved
    assert not convergence(5).proved
