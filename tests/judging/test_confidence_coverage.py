"""Confidence sequences cover under continuous monitoring: by simulation, and exactly by counts."""

import math

import numpy as np
import pytest
from scipy import stats

from empirics.judging.confidence import bets_for, log_wealth_path

REPETITIONS, LENGTH, ALPHA = 2000, 200, 0.05


def correlated_facts(rng, mean):
    """Facts of one seed share a model: the seed's own error rate is Beta, its 20 held-out facts follow it."""
    rates = rng.beta(0.5 * mean, 0.5 * (1 - mean), size=(REPETITIONS, LENGTH))
    return rng.binomial(20, rates) / 20


LAWS = {
    "bernoulli 0.05": (0.05, lambda rng: (rng.random((REPETITIONS, LENGTH)) < 0.05).astype(float)),
    "bernoulli 0.5": (0.5, lambda rng: (rng.random((REPETITIONS, LENGTH)) < 0.5).astype(float)),
    "bernoulli 0.9": (0.9, lambda rng: (rng.random((REPETITIONS, LENGTH)) < 0.9).astype(float)),
    "beta": (0.2, lambda rng: rng.beta(1, 4, size=(REPETITIONS, LENGTH))),
    "narrow beta": (0.5, lambda rng: rng.beta(200, 200, size=(REPETITIONS, LENGTH))),
    "two points": (0.34, lambda rng: np.where(rng.random((REPETITIONS, LENGTH)) < 0.8, 0.3, 0.5)),
    "rare jumps": (0.02, lambda rng: np.where(rng.random((REPETITIONS, LENGTH)) < 0.02, 1.0, 0.0)),
    "correlated facts": (0.3, lambda rng: correlated_facts(rng, 0.3)),
}


@pytest.mark.parametrize("law", LAWS)
def test_coverage_under_continuous_monitoring(law):
    """Over 200 looks the limits ever exclude the true mean in at most alpha of 2000 repetitions (each side)."""
    mean, draw = LAWS[law]
    values = draw(np.random.default_rng(20260101))
    assert abs(values.mean() - mean) < 5 * values.std() / math.sqrt(values.size)
    allowed = stats.binom.ppf(1 - 1e-6, REPETITIONS, ALPHA)
    for path in (log_wealth_path(values, mean), log_wealth_path(1 - values, 1 - mean)):
        excluded = (path >= -math.log(ALPHA)).any(axis=1).sum()
        assert excluded <= allowed
        # Not only within the simulation's error: the guarantee is conservative.
        assert excluded <= ALPHA * REPETITIONS


def test_looking_every_time_at_fixed_sample_limits_would_not_cover():
    """The simulation has teeth: Clopper-Pearson limits, looked at 200 times, exclude the mean far too often."""
    mean, draw = LAWS["bernoulli 0.5"]
    counts = np.cumsum(draw(np.random.default_rng(1)), axis=1)
    n = np.arange(1, LENGTH + 1)
    upper = stats.beta.ppf(1 - ALPHA, counts + 1, np.maximum(n - counts, 1e-12))
    excluded = (np.where(counts == n, 1.0, upper) < mean).any(axis=1).mean()
    assert excluded > 2 * ALPHA


@pytest.mark.parametrize("n", [16, 64])
@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_bets_tuned_to_one_look_err_at_most_alpha_however_often_one_looks(n, p):
    """Exactly, by the counts at each of 2 n looks: the probability that the limit is ever below the mean."""
    bets = bets_for((n,), ALPHA)
    alive, crossed = {0: 1.0}, 0.0
    for size in range(1, 2 * n + 1):
        reached: dict[int, float] = {}
        for ones, chance in alive.items():
            for more, q in ((0, 1 - p), (1, p)):
                reached[ones + more] = reached.get(ones + more, 0.0) + chance * q
        alive = {}
        for ones, chance in reached.items():
            wealth = math.fsum(
                weight * (1 + c * p / (1 - p)) ** (size - ones) * (1 - c) ** ones
                for c, weight in zip(bets.fractions, np.exp(bets.log_weights), strict=True)
            )
            if wealth >= 1 / ALPHA:
                crossed += chance
            else:
                alive[ones] = chance
    assert 0 < crossed <= ALPHA
