"""C12: identity and bounds of the rank-one claim, exactly where rational and in float64 elsewhere."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import theory

Vector = tuple[Fraction, ...]


def deficit(deltas: list[Vector], alphas: list[Fraction]) -> tuple[Fraction, Fraction, Fraction]:
    """share from the assembled gradient; coherence and tau from the facts; all exact."""
    N, width = len(deltas), len(deltas[0])
    # G = (1/N) sum delta_i (alpha_i e_i + (1 - alpha_i) e_p)^T: columns 0..N-1 subjects, column N the prompt
    G = [[Fraction(0)] * (N + 1) for _ in range(width)]
    for i, (delta, alpha) in enumerate(zip(deltas, alphas, strict=True)):
        for h in range(width):
            G[h][i] += delta[h] * alpha / N
            G[h][N] += delta[h] * (1 - alpha) / N
    column = sum(row[N] ** 2 for row in G)
    share = column / sum(x**2 for row in G for x in row)
    w = [[(1 - a) * x for x in d] for d, a in zip(deltas, alphas, strict=True)]
    mean_square = sum(sum(x**2 for x in v) for v in w) / N
    mean = [sum(v[h] for v in w) / N for h in range(width)]
    coherence = sum(x**2 for x in mean) / mean_square
    tau = sum(a**2 * sum(x**2 for x in d) for d, a in zip(deltas, alphas, strict=True)) / (N * mean_square)
    return share, coherence, tau


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_identity_holds_exactly_for_rational_gradients(data: st.DataObject) -> None:
    N, width = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 4))
    entry = st.integers(-5, 5).map(Fraction)
    deltas = [tuple(data.draw(st.lists(entry, min_size=width, max_size=width))) for _ in range(N)]
    alphas = [Fraction(data.draw(st.integers(1, 9)), 10) for _ in range(N)]
    if not any(sum((1 - a) * d[h] for d, a in zip(deltas, alphas, strict=True)) for h in range(width)):
        return  # the prompt's column vanishes: share 0, the deficit is not defined
    share, coherence, tau = deficit(deltas, alphas)
    assert 0 < share <= 1
    assert 0 < coherence <= 1
    assert coherence * (1 / share - 1) / tau == Fraction(1, N)
    assert share == coherence * N / (coherence * N + tau)


def test_value_of_the_claim_is_one_over_facts() -> None:
    assert np.allclose(theory.claim("rank-one").bound(N_f=np.arange(1, 9)) * np.arange(1, 9), 1, rtol=1e-15)


def test_mutants_are_refuted_by_one_gradient() -> None:
    """Orthogonal gradients of equal norm: coherence 1/N_f, and a share that does not grow with N_f."""
    half = Fraction(1, 2)
    shares = []
    for N in (2, 3, 6):
        deltas = [tuple(Fraction(int(i == j)) for j in range(N)) for i in range(N)]
        share, coherence, tau = deficit(deltas, [half] * N)
        shares.append(share)
        value = coherence * (1 / share - 1) / tau
        assert coherence == Fraction(1, N)
        assert value == Fraction(1, N)
        assert value not in (Fraction(1, N**2), Fraction(1, N + 1))  # the two mutants
        claim = theory.claim("rank-one")
        mutated = {m.name: claim.mutated(m).bound(N_f=N) for m in claim.mutants}
        assert mutated == {
            "without-coherence": pytest.approx(1 / N**2, rel=1e-14),
            "one-fact-more": pytest.approx(1 / (N + 1), rel=1e-14),
        }
    assert len(set(shares)) == 1  # 1 - share is not O(1/N_f) here


@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0, 3))
@settings(deadline=None, max_examples=100)
def test_singular_value_and_angle_bounds(seed: int, N: int, common: float) -> None:
    rng = np.random.default_rng(seed)
    delta = rng.normal(size=(N, 6)) + common * rng.normal(size=6)
    alpha = rng.uniform(0.05, 0.95, N)
    G = np.concatenate([(delta * alpha[:, None]).T, (delta * (1 - alpha)[:, None]).sum(axis=0)[:, None]], axis=1)
    total = (G**2).sum()
    share = (G[:, -1] ** 2).sum() / total
    _, sigma, right = np.linalg.svd(G)
    assert sigma[0] ** 2 / total >= share - 1e-12
    if share > 0.5 + 1e-9:
        assert right[0, -1] ** 2 >= share - 1e-9


def test_angle_bound_is_attained() -> None:
    """E = eps g u^T: cos^2 of the angle equals the share."""
    g = np.array([1.0, 2.0, -1.0])
    G = np.concatenate([0.4 * g[:, None], g[:, None]], axis=1)
    share = (G[:, 1] ** 2).sum() / (G**2).sum()
    right = np.linalg.svd(G)[2]
    assert right[0, 1] ** 2 == pytest.approx(share, rel=1e-12)
