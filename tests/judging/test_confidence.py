"""Confidence sequences: limits by independent routes, widths, what is bet."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import optimize, stats

from empirics.judging.confidence import (
    ANY_TIME,
    bets_for,
    interval,
    intervals,
    log_wealth_path,
    lower_limit,
    lower_limits,
    observations_needed,
    student_t,
    upper_limit,
    upper_limits,
)

ALPHA = 0.05
unit_values = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=40)


@given(unit_values, st.floats(0.001, 0.5))
@hypothesis_settings(max_examples=40)
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
@hypothesis_settings(max_examples=40)
def test_symmetries(values, alpha):
    x = np.array(values)
    assert lower_limit(x, alpha) == pytest.approx(1 - upper_limit(1 - x, alpha), abs=1e-9)
    assert upper_limit(x[::-1], alpha) == pytest.approx(upper_limit(x, alpha), abs=1e-9)
    assert upper_limit(3 * x - 1, alpha, -1, 2) == pytest.approx(3 * upper_limit(x, alpha) - 1, abs=1e-8)
    found = interval(x, alpha)
    assert found.lower <= found.mean <= found.upper


@given(unit_values, st.floats(0.001, 0.5))
@hypothesis_settings(max_examples=40)
def test_each_side_of_an_interval_has_half_of_alpha(values, alpha):
    found = interval(values, alpha)
    assert (found.lower, found.upper) == (lower_limit(values, alpha / 2), upper_limit(values, alpha / 2))


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.lists(st.lists(st.floats(0, 1), min_size=n, max_size=n), min_size=1, max_size=9)
    ),
    st.floats(0.001, 0.5),
)
@hypothesis_settings(max_examples=40)
def test_many_samples_at_once_have_the_limits_of_each(samples, alpha):
    together = intervals(np.array(samples), alpha)
    alone = [interval(values, alpha) for values in samples]
    assert together == pytest.approx(np.array([[one.lower, one.upper] for one in alone]), abs=4e-15)


def test_samples_beyond_one_block():
    x = np.random.default_rng(5).beta(1, 4, size=(700, 32))
    together = intervals(x, 0.05)
    for place in (0, 156, 157, 158, 699):
        one = interval(x[place], 0.05)
        assert tuple(together[place]) == pytest.approx((one.lower, one.upper), abs=4e-15)


@pytest.mark.parametrize("mean", [0.0, 0.3, 0.999])
def test_observations_that_equal_the_hypothesis_neither_win_nor_lose(mean):
    """The wealth starts at 1 and stays there."""
    assert log_wealth_path(np.full(6, mean), mean) == pytest.approx(np.zeros(6), abs=1e-12)


@given(unit_values, st.floats(0.001, 0.3))
@hypothesis_settings(max_examples=40)
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
@hypothesis_settings(max_examples=40)
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


def test_seven_tenths_are_bet_in_full_and_the_rest_in_equal_parts_down_to_a_hundredth():
    for bets, number, least in (
        (ANY_TIME, 12, 0.01),
        (bets_for((32,), 0.05), 6, math.sqrt(2 * math.log(20) / 32) / 3),
        (bets_for((4,), 1e-12), 6, 0.5),
    ):
        ratio = (least / 0.9) ** (1 / (number - 1))
        assert bets.fractions == pytest.approx([1.0, *(0.9 * ratio**i for i in range(number))], rel=1e-12)
        assert np.exp(bets.log_weights) == pytest.approx([0.7, *[0.3 / number] * number], rel=1e-12)


@pytest.mark.parametrize("bets", [ANY_TIME, bets_for((16,), 0.05)])
def test_the_wealth_is_the_average_of_products_by_hand(bets):
    """In numbers, not logarithms; of several sequences at once; and the limits are where it is 1/alpha."""
    values = np.array([[0.2, 0.0, 0.5, 1.0], [0.0, 0.0, 0.0, 0.0], [0.9, 1.0, 1.0, 0.1]])
    for mean in (0.0, 0.3, 0.75):
        by_hand = np.zeros(values.shape)
        for c, weight in zip(bets.fractions, np.exp(bets.log_weights), strict=True):
            by_hand += weight * np.cumprod(1 + c * (mean - values) / (1 - mean) if mean else 1 - c * values, axis=1)
        assert np.exp(log_wealth_path(values, mean, bets)) == pytest.approx(by_hand, rel=1e-9, abs=1e-12)
    low = np.zeros(16)
    limit = upper_limit(2 + 3 * low, 0.05, 2, 5, bets)
    mean = (limit - 2) / 3
    assert np.exp(log_wealth_path(low, mean, bets)[-1]) == pytest.approx(20, rel=1e-9)
    assert lower_limit(5 - 3 * low, 0.05, 2, 5, bets) == pytest.approx(7 - limit, abs=1e-12)


def test_limits_of_few_or_contradicting_observations_are_the_range():
    for values in ([1.0], [1.0, 1.0], [0.0]):
        assert upper_limit([-1 + 3 * v for v in values], 1e-30, -1, 2) == 2
    assert math.isnan(interval([], 0.05, -1, 2).mean)
    assert (interval([], 0.05, -1, 2).lower, interval([], 0.05, -1, 2).upper) == (-1, 2)
    assert upper_limit([0.0], 0.5) < 1
    zeros = np.zeros(1000)
    assert np.exp(log_wealth_path(zeros, upper_limit(zeros, 0.5))[-1]) == pytest.approx(2, rel=1e-9)


def test_observations_needed_up_to_a_thousand_millions():
    """Of halves against 1/2 + d the wealth grows by 2 d each: log(20/0.7)/(2 d) and somewhat fewer are needed."""
    for number, told in ((3.4e8, True), (9.5e8, True), (1.15e9, False), (3e9, False)):
        needed = observations_needed([0.5], 0.5 + math.log(20 / 0.75) / (2 * number), 0.05)
        assert (needed is not None) == told
        assert needed is None or needed == pytest.approx(number, rel=0.05)
    for bound in (1.0, 1.5):
        assert observations_needed([0.25, 1.0], bound, 0.05) == 1
    assert observations_needed([0.0], 0.999, 0.05) == 1
    assert observations_needed([], 0.5, 0.05) is observations_needed([0.5], 0.5, 0.05) is None
    assert observations_needed([-0.5], -0.1, 0.05, -1, 0) == observations_needed([0.5], 0.9, 0.05)
    assert observations_needed([0.0], 0.0, 0.05) is None


def test_students_t_limits_are_those_of_scipy():
    values = [0.3, -1.0, 2.5, 0.75]
    expected = stats.t.interval(0.9, 3, np.mean(values), stats.sem(values))
    assert student_t(values, 0.1) == pytest.approx(expected, rel=1e-12)
    assert student_t([1.0], 0.1) == student_t([], 0.1) == (None, None)
    assert student_t([1.0, 3.0], 0.1) == pytest.approx(stats.t.interval(0.9, 1, 2, 1), rel=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 1.5])
def test_levels_lie_strictly_between_0_and_1(alpha):
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        upper_limit([0.5], alpha)


def test_values_at_the_ends_of_the_range_are_in_it():
    assert 0 < upper_limit([0.0, 1.0, 0.5], 0.5) <= 1
    with pytest.raises(ValueError, match=r"observations between -1.5 and 7.0 leave the range \[-1, 7\]"):
        upper_limit([-1.5, 7.0], 0.05, -1, 7)
    with pytest.raises(ValueError, match=r"between -1.0 and 7.5 leave the range"):
        upper_limit([-1.0, 7.5], 0.05, -1, 7)


@pytest.mark.parametrize("n", [1, 7, 16, 33, 100])
@pytest.mark.parametrize("bets", [ANY_TIME, bets_for((32,), 0.05)])
def test_a_limit_has_the_same_bits_alone_and_among_others(n, bets):
    values = np.random.default_rng(n).random((40, n))
    values[:5] = np.round(values[:5])
    for many, one in ((upper_limits, upper_limit), (lower_limits, lower_limit)):
        found = many(4.0 * values - 1.0, 0.01, -1.0, 3.0, bets).tolist()
        assert found == [one(4.0 * sample - 1.0, 0.01, -1.0, 3.0, bets) for sample in values]
