"""Confidence sequences: coverage under continuous monitoring, limits by independent routes, widths."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from empirics.judging.confidence import (
    ANY_TIME,
    bets_for,
    interval,
    log_wealth_path,
    lower_limit,
    observations_needed,
    upper_limit,
)

REPETITIONS, LENGTH, ALPHA = 2000, 200, 0.05
unit_values = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=40)


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


@given(unit_values, st.floats(0.001, 0.5))
def test_limits_solve_their_equation(values, alpha):
    """An independent route: Brent's method on the wealth path gives the same upper limit."""
    x = np.array(values)
    limit = upper_limit(x, alpha)
    assert x.mean() <= limit <= 1.0
    if limit < 1.0:

        def excess(m):
            return float(log_wealth_path(x, m)[-1]) + math.log(alpha)

        start = min(max(float(x.mean()), 1e-12), limit)
        if excess(start) < 0:
            root = optimize.brentq(excess, start, 1 - 1e-13, xtol=1e-14)
            assert limit == pytest.approx(root, abs=1e-9)
        assert excess(limit) >= -1e-9


@given(unit_values, st.floats(0.001, 0.3))
def test_symmetries(values, alpha):
    x = np.array(values)
    assert lower_limit(x, alpha) == pytest.approx(1 - upper_limit(1 - x, alpha), abs=1e-9)
    assert upper_limit(x[::-1], alpha) == pytest.approx(upper_limit(x, alpha), abs=1e-9)
    assert upper_limit(3 * x - 1, alpha, -1, 2) == pytest.approx(3 * upper_limit(x, alpha) - 1, abs=1e-8)
    found = interval(x, alpha)
    assert found.lower <= found.mean <= found.upper


@given(unit_values, st.floats(0.001, 0.5))
def test_each_side_of_an_interval_has_half_of_alpha(values, alpha):
    found = interval(values, alpha)
    assert (found.lower, found.upper) == (lower_limit(values, alpha / 2), upper_limit(values, alpha / 2))


@pytest.mark.parametrize("mean", [0.0, 0.3, 0.999])
def test_observations_that_equal_the_hypothesis_neither_win_nor_lose(mean):
    """The wealth starts at 1 and stays there."""
    assert log_wealth_path(np.full(6, mean), mean) == pytest.approx(np.zeros(6), abs=1e-12)


@given(unit_values, st.floats(0.001, 0.3))
def test_limits_move_the_right_way(values, alpha):
    x = np.array(values)
    assert upper_limit(x, alpha) >= upper_limit(x, min(2 * alpha, 0.9)) - 1e-12
    assert upper_limit(np.minimum(x + 0.1, 1), alpha) >= upper_limit(x, alpha) - 1e-12
    zeros = np.zeros(len(x))
    assert upper_limit(np.concatenate([zeros, [0.0]]), alpha) <= upper_limit(zeros, alpha) + 1e-12


@pytest.mark.parametrize("n", [8, 16, 32, 128])
def test_zeros_are_judged_nearly_as_by_the_exact_binomial(n):
    exact = 1 - ALPHA ** (1 / n)
    assert exact <= upper_limit(np.zeros(n), ALPHA) <= 1.12 * exact
    # No valid limit for means in [0, 1] can be below the binomial one.


@pytest.mark.parametrize("looks", [(), (16, 32), (8, 16, 32)])
def test_only_one_declared_look_has_bets_of_its_own(looks):
    assert bets_for(looks, ALPHA) is ANY_TIME


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


@pytest.mark.parametrize("n", [14, 16, 32, 64, 200])
@pytest.mark.parametrize("alpha", [0.05, 0.0025])
def test_bets_tuned_to_one_look_are_no_wider_and_narrower_under_noise(n, alpha):
    bets = bets_for((n,), alpha)
    for share, most in ((0.0, 1.0), (0.0625, 0.98), (0.2, 0.98), (0.8, 1.005)):
        ones = np.arange(n) < round(share * n)
        before, now = (upper_limit(ones, alpha, bets=b) - ones.mean() for b in (ANY_TIME, bets))
        assert now <= most * before


def test_smaller_bets_reach_down_to_a_third_of_the_rate_at_which_a_fair_coin_is_bet_on():
    smallest = bets_for((32,), 0.05).fractions.min()
    assert smallest == pytest.approx(math.sqrt(2 * math.log(20) / 32) / 3)
    assert bets_for((4,), 1e-12).fractions.min() == 0.5
    for looks in ((32,), (4,)):
        assert np.exp(bets_for(looks, 1e-3).log_weights).sum() == pytest.approx(1)


@pytest.mark.parametrize("n", [16, 32, 200, 1000, 5000])
def test_widths_beside_clopper_pearson(n):
    """Time-uniform validity costs width, but less than a factor of two beside the fixed-sample exact interval."""
    for p in (0.05, 0.2, 0.5):
        k = round(p * n)
        x = np.array([1.0] * k + [0.0] * (n - k))
        ours = interval(x, ALPHA)
        exact = stats.binomtest(k, n).proportion_ci(1 - ALPHA, "exact")
        assert ours.upper - ours.lower < 2 * (exact.high - exact.low)


def test_low_variance_is_rewarded_beyond_hoeffding():
    x = np.random.default_rng(0).beta(200, 200, size=100)
    found = interval(x, ALPHA)
    hoeffding = math.sqrt(math.log(2 / ALPHA) / (2 * len(x)))
    assert (found.upper - found.lower) / 2 < 0.3 * hoeffding


@given(unit_values, st.floats(0.05, 0.95))
def test_observations_needed_is_the_least_number_of_such_observations(values, bound):
    x = np.array(values)
    needed = observations_needed(x, bound, ALPHA)
    if needed is None:
        # Even a hundred thousand like these do not show it.
        assert bound <= x.mean() + 1e-9 or upper_limit(np.tile(x, 100_000 // len(x))[:2000], ALPHA) > bound
        return
    if needed * len(x) > 20_000:
        return
    # Repeating the sample k times has k times its log wealth: compare at whole repetitions.
    enough = np.tile(x, math.ceil(needed / len(x)))
    assert upper_limit(enough, ALPHA) <= bound + 1e-9
    fewer = math.floor((needed - 1) / len(x))
    if fewer >= 1:
        assert upper_limit(np.tile(x, fewer), ALPHA) >= bound - 1e-9


def test_wealth_that_reaches_its_threshold_exactly_is_enough():
    """Zeros against the mean 0.3: levels whose -log(alpha) is, as a float, the wealth after n of them."""
    levels = [(n, math.exp(-log_wealth_path(np.zeros(n), 0.3)[-1])) for n in range(2, 60)]
    exact = [(n, a) for n, a in levels if -math.log(a) == log_wealth_path(np.zeros(n), 0.3)[-1]]
    assert exact
    assert [observations_needed([0.0], 0.3, alpha) for _, alpha in exact] == [n for n, _ in exact]


def test_no_observations_mean_no_knowledge():
    assert upper_limit([], ALPHA) == 1.0
    assert lower_limit([], ALPHA) == 0.0


@pytest.mark.parametrize(
    ("values", "alpha", "word"),
    [([1.5], 0.05, "range"), ([-0.1], 0.05, "range"), ([math.nan], 0.05, "range"), ([0.5], 0.0, "alpha")],
)
def test_bad_input(values, alpha, word):
    with pytest.raises(ValueError, match=word):
        upper_limit(values, alpha)
