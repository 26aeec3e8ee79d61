"""C2's lemma by second routes: the whole weighted sum for given t, and gradient descent itself."""

import numpy as np
import pytest
import sympy as sp

from theory.certify.descent_lemma import combination


@pytest.mark.parametrize("t", [1, 2, 3, 5])
def test_the_whole_combination_of_valid_inequalities(t: int) -> None:
    """2t [bound - gap] is a sum of nonnegative multiples of valid inequalities and squares, written out for given t."""
    eta = sp.Symbol("eta", positive=True)
    f = sp.symbols(f"f_0:{t + 1}", real=True)
    f_M = sp.Symbol("f_M", real=True)
    G = sp.symbols(f"G_0:{t + 1}", nonnegative=True)
    P = sp.symbols(f"P_0:{t + 1}", real=True)  # <g_k, d_k>
    D = [sp.Symbol("D_0", nonnegative=True)]
    for k in range(t):
        D.append(D[-1] - 2 * eta * P[k] + eta**2 * G[k])
    convex = [P[k] - (f[k] - f_M) for k in range(t + 1)]  # each >= 0
    decrease = [f[k] - f[k + 1] - eta / 2 * (G[k] + G[k + 1]) for k in range(t)]
    monotone = [G[k] - G[k + 1] for k in range(t)]
    square = (eta * t) ** 2 * G[t] - 2 * eta * t * P[t] + D[t]
    # G_j for 1 <= j < t carries -eta j, moved to G_t through the monotone differences.
    moved = sum((sum((monotone[i] for i in range(j, t)), sp.Integer(0)) * eta * j for j in range(1, t)), sp.Integer(0))
    combined = (
        sum(convex[:t], sp.Integer(0))
        + sum(((j + 1) * decrease[j] for j in range(t)), sp.Integer(0))
        + moved
        + t * convex[t]
        + square / (2 * eta)
    )
    assert sp.expand(combined - (D[0] / (2 * eta) - 2 * t * (f[t] - f_M))) == 0


@pytest.mark.parametrize("seed", range(4))
def test_gradient_descent_obeys_it_and_not_much_more(seed: int) -> None:
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(7, 4))
    labels = generator.integers(0, 2, size=7)

    def loss(x: np.ndarray) -> float:
        return float(np.logaddexp(0, features @ x).sum() - labels @ (features @ x))

    beta = np.linalg.eigvalsh(features.T @ features)[-1] / 4
    eta = 1 / beta
    x = np.zeros(4)
    comparators = [generator.normal(size=4) * scale for scale in (0.1, 1, 5) for _ in range(5)]
    for t in range(1, 60):
        x = x - eta * features.T @ (1 / (1 + np.exp(-features @ x)) - labels)
        for M in comparators:
            assert loss(x) - loss(M) <= M @ M / (4 * eta * t) + 1e-12


def test_only_constants_up_to_four_are_proved() -> None:
    assert [combination(c).proved for c in (1, 2, 3, 4, 5, 8)] == [True, True, True, True, False, False]
