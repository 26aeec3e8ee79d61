"""C1, C2: the floor, and the rate of the linear memory against gradient descent itself."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import theory

Array = NDArray[np.float64]


class Memory:
    """The linear memory with uniform attention on a random world; independent of the package's engine."""

    def __init__(self, S: int, A: int, R: int, K: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.own = [rng.choice(R, K, replace=False) for _ in range(S)]
        answers = rng.permutation(A)[:S]
        self.shape = (S, A, R, K)
        V = S + R + A + 1
        rows = S + S * K
        self.x, self.y, self.weight = np.zeros((rows, S + R)), np.zeros((rows, V)), np.zeros(rows)
        for s in range(S):
            self.x[s, s], self.weight[s] = 1, 1 / S
            self.y[s, S + self.own[s]] = 1 / K
            for i, r in enumerate(self.own[s]):
                row = S + s * K + i
                self.x[row, [s, S + r]], self.weight[row] = 0.5, 1 / (S * K)
                self.y[row, S + R + answers[s]] = 1
        self.answers = answers
        self.beta = 0.5 * np.linalg.eigvalsh(self.x.T @ (self.weight[:, None] * self.x))[-1]

    def gap(self, memory: Array) -> float:
        logits = self.x @ memory
        top = logits.max(axis=1)
        norm = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
        return float(self.weight @ (norm - (self.y * logits).sum(axis=1))) - math.log(self.shape[3])

    def descend(self, eta: float, steps: int) -> Array:
        memory = np.zeros((self.x.shape[1], self.y.shape[1]))
        left = self.x.T * self.weight
        for _ in range(steps):
            logits = self.x @ memory
            p = np.exp(logits - logits.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            memory -= eta * left @ (p - self.y)
        return memory

    def comparator(self, rho: float) -> Array:
        """C2's comparator, row by row as the theory states it."""
        S, A, R, _ = self.shape
        memory = np.zeros((S + R, S + R + A + 1))
        for s in range(S):
            memory[s, S + self.own[s]] = rho
            memory[s, S + R + self.answers[s]] = rho / 2
        memory[S:, S + R : S + R + A] = rho
        memory[S:, S : S + R] = -rho
        return memory


@pytest.mark.parametrize(("S", "A", "R", "K"), [(6, 6, 4, 2), (5, 9, 3, 1), (8, 8, 8, 8)])
@pytest.mark.parametrize("rho", [0.25, 3.0, 11.0])
def test_bound_is_the_comparators_loss_and_norm(S: int, A: int, R: int, K: int, rho: float) -> None:
    """Second route: assemble the comparator and evaluate its loss; the formula must be exactly that."""
    claim = theory.claim("pretraining-rate-linear")
    memory = Memory(S, A, R, K, seed=1)
    M = memory.comparator(rho)
    eta, t = 1.7, 30
    expected = memory.gap(M) + float((M**2).sum()) / (4 * eta * t)
    symbols = {s.name: s for s in claim.log_expression.free_symbols}
    values = {"S": S, "A": A, "R": R, "K": K, "eta": eta, "t": t, "rho": rho}
    formula = math.exp(float(claim.log_expression.subs({symbols[n]: v for n, v in values.items()}).evalf()))
    assert formula == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("K", "ratio"), [(1, 370), (3, 123)])
def test_gradient_descent_stays_below_the_bound(K: int, ratio: int) -> None:
    claim = theory.claim("pretraining-rate-linear")
    memory = Memory(30, 30, 8, K, seed=0)
    eta = 1 / memory.beta
    gap = memory.gap(memory.descend(eta, 10_000))
    here = {"S": 30, "A": 30, "R": 8, "K": K, "eta": eta}
    assert gap <= claim.bound(t=10_000, **here)
    # Half the steps double the last term: the textbook constant, whose looseness the theory quotes.
    assert claim.bound(t=5_000, **here) / gap == pytest.approx(ratio, rel=0.06)


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 40), st.floats(0.05, 1.0))
@settings(deadline=None, max_examples=40)
def test_bound_holds_in_random_worlds(seed: int, K: int, steps: int, share: float) -> None:
    memory = Memory(7, 9, 6, K, seed)
    eta = share / memory.beta
    gap = memory.gap(memory.descend(eta, steps))
    bound = theory.claim("pretraining-rate-linear").bound(S=7, A=9, R=6, K=K, eta=eta, t=steps)
    assert 0 <= gap <= bound


def test_bound_falls_in_steps_with_order_log_squared_over_steps() -> None:
    t = 10 ** np.arange(0, 13)
    bound = theory.claim("pretraining-rate-linear").bound(S=30, A=30, R=8, K=2, eta=20.0, t=t)
    assert (np.diff(bound) < 0).all()
    scaled = bound[4:] * t[4:] / np.log(t[4:]) ** 2
    assert scaled.max() / scaled.min() < 3


@given(st.integers(0, 10**6), st.integers(1, 5))
@settings(deadline=None, max_examples=30)
def test_loss_floor_is_log_multiplicity(seed: int, K: int) -> None:
    """C1: gap = mean divergence + mean answer loss, at random parameters; and its infimum is approached."""
    memory = Memory(5, 5, 5, K, seed)
    M = np.random.default_rng(seed).normal(size=(memory.x.shape[1], memory.y.shape[1]))
    logits = memory.x @ M
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss = -float((memory.weight[:, None] * memory.y * log_p).sum())
    templates, answers = slice(0, 5), slice(5, None)
    divergence = float((memory.y[templates] * (-math.log(K) - log_p[templates])).sum()) / 5
    answer = -float((memory.weight[answers, None] * memory.y[answers] * log_p[answers]).sum())
    assert divergence >= -1e-12
    assert answer >= 0
    floor = theory.claim("pretraining-floor").bound(K=K)
    assert loss - divergence - answer == pytest.approx(floor, rel=1e-12, abs=1e-12)
    assert 0 <= memory.gap(memory.comparator(80.0)) < 1e-6


def test_model_that_confuses_subject_and_pair_stays_two_log_two_above_the_floor() -> None:
    """C1's corollary: the best common prediction for [s] and [s, r], by its own minimisation."""
    for K in (1, 2, 5, 9):
        # mass x on the answer, (1 - x)/K on each own template: loss = -log((1-x)/K) - log x, least at x = 1/2
        x = np.linspace(0.001, 0.999, 999)
        loss = -np.log((1 - x) / K) - np.log(x)
        assert loss.min() - math.log(K) == pytest.approx(2 * math.log(2), rel=1e-12)
