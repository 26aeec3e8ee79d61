"""C12 by a second route: singular value decompositions of actual gradients."""

import numpy as np
import pytest
import sympy as sp

from theory.certify.rank_one import decay, half_is_needed, share_identity


def _gradient(generator: np.random.Generator, N: int, shared: float) -> tuple[np.ndarray, float, float, float]:
    """A fine-tuning gradient, its share, coherence and tau, entry by entry."""
    hidden = 5
    alphas = generator.uniform(0.2, 0.8, N)
    deltas = generator.normal(size=(N, hidden)) + shared * generator.normal(size=hidden)
    G = np.zeros((hidden, N + 1))
    for i in range(N):
        feature = np.zeros(N + 1)
        feature[i], feature[N] = alphas[i], 1 - alphas[i]
        G += np.outer(deltas[i], feature) / N
    w = (1 - alphas)[:, None] * deltas
    c = np.sum(w.mean(axis=0) ** 2) / np.mean(np.sum(w**2, axis=1))
    tau = np.sum(alphas[:, None] ** 2 * deltas**2) / np.sum(w**2)
    share = np.sum(G[:, N] ** 2) / np.sum(G**2)
    return G, float(share), float(c), float(tau)


@pytest.mark.parametrize("seed", range(20))
def test_share_singular_value_and_cosine(seed: int) -> None:
    generator = np.random.default_rng(seed)
    N = int(generator.integers(1, 30))
    G, share, c, tau = _gradient(generator, N, shared=float(generator.choice([0, 1, 5])))
    assert share == pytest.approx(c * N / (c * N + tau), rel=1e-12)
    _, values, rows = np.linalg.svd(G)
    assert values[0] ** 2 >= share * np.sum(G**2) * (1 - 1e-12)
    if share > 0.5:
        assert rows[0, N] ** 2 >= share * (1 - 1e-12)


def test_equality_of_the_cosine_bound() -> None:
    g = np.array([1.0, 2.0, -1.0])
    for epsilon in (0.1, 0.5, 0.9):
        G = np.outer(g, [0, 1]) + epsilon * np.outer(g, [1, 0])
        _, _, rows = np.linalg.svd(G)
        assert rows[0, 1] ** 2 == pytest.approx(1 / (1 + epsilon**2), rel=1e-12)


def test_orthogonal_gradients_never_concentrate() -> None:
    shares = []
    for N in (2, 10, 50):
        G = np.hstack([np.eye(N), np.ones((N, 1))]) / 2 / N  # alpha = 1/2, delta_i = e_i
        shares.append(np.sum(G[:, N] ** 2) / np.sum(G**2))
    assert shares == pytest.approx([0.5, 0.5, 0.5])


def test_checks_tell_near_misses() -> None:
    N, c_0 = sp.symbols("N c_0", positive=True)
    assert decay(c_0).proved
    assert not decay(c_0 / N).proved
    assert share_identity().proved
    assert not share_identity(2 / N).proved
    assert half_is_needed(sp.Rational(3, 5)).proved
