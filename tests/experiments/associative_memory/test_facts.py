"""Worlds, scores and memories of a few facts, by loops and by linear programming."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from empirics.experiments.associative_memory.memories import best, hebbian, trained
from empirics.experiments.associative_memory.world import draw

KINDS = [{}, {"decoupled": True}, {"width": 4}, {"width": 4, "decoupled": True}]


def loops(facts, memory):
    """The gaps, one pair after the other."""
    rows = []
    for i, (x, y) in enumerate(zip(facts.inputs, facts.outputs, strict=True)):
        if facts.shared:
            others = [facts.outputs[j] for j in range(len(facts.outputs)) if j != i]
        else:
            others = list(facts.competitors[i])
        rows.append([float(y @ memory @ x - other @ memory @ x) for other in others])
    return np.array(rows)


def finite(gaps):
    return np.array([row[np.isfinite(row)] for row in gaps])


@pytest.mark.parametrize("kind", KINDS)
def test_gaps_and_their_coefficients(kind):
    facts = draw(5, 3, 7, **kind)
    memory = np.random.default_rng(0).standard_normal((3, facts.inputs.shape[1]))
    gaps = facts.gaps(memory)
    assert finite(gaps) == pytest.approx(loops(facts, memory), abs=1e-12)
    active = np.isfinite(gaps)
    rows = facts.rows(active)
    assert rows @ memory.ravel() == pytest.approx(gaps[active], abs=1e-12)
    weights = np.where(active, np.random.default_rng(1).random(gaps.shape), 0)
    assert facts.combination(weights).ravel() == pytest.approx(weights[active] @ rows, abs=1e-12)


def test_embeddings_are_gaussian_nested_and_each_seeds_own():
    large, small = draw(400, 12, 3), draw(400, 5, 3)
    assert np.array_equal(large.inputs[:, :5], small.inputs)
    assert np.array_equal(large.outputs[:, :5], small.outputs)
    assert not np.array_equal(small.inputs, draw(400, 5, 4).inputs)
    assert not np.array_equal(small.inputs, small.outputs)
    for part in (large.inputs, large.outputs):
        assert abs(part.mean()) < 4 / np.sqrt(part.size)
        assert part.var() == pytest.approx(1, abs=4 * np.sqrt(2 / part.size))
    apart = draw(6, 4, 3, decoupled=True)
    assert apart.competitors.shape == (6, 5, 4)
    assert np.array_equal(apart.outputs, draw(6, 4, 3).outputs)
    assert np.array_equal(apart.competitors[:, :, :2], draw(6, 2, 3, decoupled=True).competitors)
    features = draw(6, 4, 3, width=9).inputs
    assert features.shape == (6, 9)
    assert features.min() == 0


def test_the_hebbian_memory_is_the_sum_of_outer_products():
    facts = draw(6, 3, 1)
    total = sum(np.outer(y, x) for x, y in zip(facts.inputs, facts.outputs, strict=True))
    assert hebbian(facts).memory == pytest.approx(total, abs=1e-12)


def test_training_ends_at_the_minimum_of_the_softmax_loss():
    facts = draw(9, 2, 5)  # 9 facts in 4 weights: not all can be recalled
    found = trained(facts, 2000)

    def loss(flat):
        scores = facts.inputs @ flat.reshape(2, 2).T @ facts.outputs.T
        return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - np.diag(scores)))

    other = minimize(loss, np.ones(4), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 10**4})
    assert found.finished
    assert loss(found.memory.ravel()) == pytest.approx(other.fun, abs=1e-9)
    assert found.memory.ravel() == pytest.approx(other.x, abs=1e-4)
    assert not trained(facts, 1).finished


def separable(facts):
    """By a linear program: the largest margin of a memory with entries in [-1, 1] is positive."""
    gaps = facts.gaps(np.zeros((facts.outputs.shape[1], facts.inputs.shape[1])))
    rows = facts.rows(np.isfinite(gaps))
    size = rows.shape[1]
    limits = np.hstack([-rows, np.ones((len(rows), 1))])
    found = linprog([0] * size + [-1], limits, np.zeros(len(rows)), bounds=[(-1, 1)] * size + [(0, None)])
    return -found.fun > 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_memory_recalls_all_exactly_where_a_linear_program_does(kind):
    answers = []
    for facts, dimension, seed in itertools.product((4, 7, 10), (2, 3, 4), range(4)):
        world = draw(facts, dimension, seed, **kind)
        found = best(world)
        assert found.finished
        answers.append(bool((world.gaps(found.memory) > 0).all()))
        assert answers[-1] == separable(world)
        if not answers[-1]:  # the certificate: the violated constraints add up to nothing
            weights = np.maximum(1 - world.gaps(found.memory), 0)
            assert np.linalg.norm(world.combination(weights)) <= 1e-6 * weights.sum()
    assert {True, False} == set(answers)


def test_training_recalls_all_where_it_can():
    world = draw(30, 14, 2)
    assert separable(world)
    found = trained(world, 2000)
    assert found.finished
    assert (world.gaps(found.memory) > 0).all()
