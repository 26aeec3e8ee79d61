"""The two-sided theorem's steps by a second route: gradient descent, random rows, made memories, counted coverage."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import claim
from theory.certify.linear_memory import draw_world
from theory.certify.linear_memory_coverage import at_most_once, attained_from_above, attained_from_below
from theory.certify.linear_memory_two_sided import (
    accumulation,
    decision,
    difference,
    mass,
    nonexpansive,
    row_error,
)
from theory.coverage.laws import some_below_half


def step(memory, answers, eta):
    """One gradient step on the rows (e_s + e_p)/2; columns of the facts, then the prompt's: shape [n + 1, V]."""
    n = len(memory) - 1
    logits = (memory[:n] + memory[n]) / 2
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(n), answers] -= 1
    return memory - eta / (2 * n) * np.vstack([p, p.sum(axis=0)])


@given(st.integers(0, 10**6), st.integers(1, 6), st.floats(0.1, 8), st.floats(0.01, 20))
def test_a_step_does_not_expand_distances(seed, n, eta, scale):
    generator = np.random.default_rng(seed)
    first, second = generator.normal(size=(2, n + 1, n + 3)) * scale
    answers = generator.integers(0, n + 3, n)
    after = np.linalg.norm(step(first, answers, eta) - step(second, answers, eta))
    assert after <= np.linalg.norm(first - second) * (1 + 1e-12)


def test_beyond_eight_it_may():
    level = np.array([[0.0, 0.0, -80.0], [0.0, 0.0, 0.0]])
    near = level + np.array([[1e-3, -1e-3, 0.0]] * 2)
    for eta, expands in ((8.0, False), (8.5, True)):
        after = np.linalg.norm(step(near, [0], eta) - step(level, [0], eta))
        assert (after > np.linalg.norm(near - level)) == expands


@given(st.integers(0, 10**6), st.integers(1, 8), st.floats(0, 3), st.floats(0.01, 0.99))
def test_a_rows_error_written_out(seed, others, size, share):
    """Random shares and moves, centred: |p^1 - p^0| against e^(2 omega) P (H + W^2)."""
    generator = np.random.default_rng(seed)
    q = generator.dirichlet(np.ones(others))
    rho = generator.normal(size=others) * size
    rho -= q @ rho
    followed = generator.dirichlet(np.ones(3)) * (1 - share) / share
    rows = []
    for weights in (q, q * np.exp(-rho)):
        row = np.concatenate([followed, weights])
        rows.append(row / row.sum())
    omega = np.abs(rho).max()
    bound = math.exp(2 * omega) * share * (math.sqrt(q**2 @ rho**2) + q @ rho**2)
    assert np.linalg.norm(rows[1] - rows[0]) <= bound * (1 + 1e-9) + 1e-15


@pytest.mark.parametrize("seed", range(6))
def test_the_made_memory_extracts_exactly_what_is_covered_twice(seed):
    """Its preference is found by bisection: mu = (3/2) h (p - q)."""
    world, N = draw_world(30, 5, 1, seed), 6
    h, size = 4 / N, world.vocabulary

    def excess(mu):
        weights = np.array([mu, 0.0, *[-9.0] * (size - 2)]) / 2
        p = np.exp(weights) / np.exp(weights).sum()
        return mu - 1.5 * h * (p[0] - p[-1])

    low, high = 0.0, 6.0
    assert excess(low) < 0 < excess(high)
    for _ in range(80):
        low, high = (low, (low + high) / 2) if excess((low + high) / 2) > 0 else ((low + high) / 2, high)
    votes = np.full((30, size), -9.0)
    np.put_along_axis(votes, world.subjects + world.templates, high, axis=1)
    answers = world.subjects + world.universe + world.answers
    votes[np.arange(30), answers] = 0
    tuned, held = np.arange(N), np.arange(N, 30)
    prompt = step(np.vstack([votes[tuned], np.zeros(size)]), answers[tuned], 8.0)[-1]
    covered = np.bincount(world.templates[tuned].ravel(), minlength=world.universe)
    right = (votes[held] + prompt).argmax(axis=1) == answers[held]
    np.testing.assert_array_equal(right, covered[world.templates[held, 0]] >= 2)


def test_the_bounds_are_the_laws_of_coverage():
    once, upper = claim("ood-error-linear-memory-once"), claim("ood-error-linear-memory-upper")
    for N, K, R in [(1, 1, 5), (6, 1, 8), (10, 3, 8), (40, 3, 20)]:
        p = Fraction(K, R)
        law = sum(math.comb(N, c) * p**c * (1 - p) ** (N - c) for c in (0, 1))
        assert at_most_once(N, K, R) == law
        assert once.bound(N_f=N, K=K, R=R) == pytest.approx(float(law), rel=1e-12)
        exact = float(some_below_half(N, K, R))
        assert exact * (1 - 1e-12) <= upper.bound(N_f=N, K=K, R=R) <= min(1, 2.11 * exact) + 1e-12
    assert claim("ood-error-linear-memory-two-sided").bound() == 1


def test_checks_tell_near_misses():
    assert nonexpansive(8).proved
    assert not nonexpansive(9).proved
    assert mass().proved
    assert not mass(own=2).proved
    assert row_error().proved
    refuted = row_error(profile=0)
    assert not refuted.proved
    assert "the error exceeds" in refuted.detail
    assert accumulation().proved
    assert not accumulation(prompt=0).proved
    assert difference(2).proved
    assert not difference(1).proved
    assert decision(1).proved
    assert not decision(0).proved
    for check, item, factor in (
        (attained_from_below, claim("ood-error-linear-memory-once"), Fraction(101, 100)),
        (attained_from_above, claim("ood-error-linear-memory-upper"), Fraction(1, 3)),
    ):
        assert check(item.log_expression).proved
        from sympy import Rational, log

        assert not check(item.log_expression + log(Rational(factor.numerator, factor.denominator))).proved
