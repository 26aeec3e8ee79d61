"""Contours and regimes: by hand, at the ends of the grid, and against the claims' own formulas."""

import math

import numpy as np
import pytest
from scipy.stats import beta

from empirics.errors import UsageError
from empirics.experiments.protocol import Point
from empirics.regimes.contours import crossing, measured_crossing, predicted_crossing
from empirics.regimes.regime import Regime, Thresholds, regime_of
from theory import claim

SIZES = (1, 2, 4, 8)


def test_the_crossing_is_linear_in_the_logarithm_of_the_facts():
    assert crossing(SIZES, [0.9, 0.7, 0.3, 0.1], 0.5) == pytest.approx(2 * math.sqrt(2))
    assert crossing(SIZES, [0.9, 0.5, 0.3, 0.1], 0.5) == pytest.approx(2)


def test_a_rise_by_noise_makes_no_second_crossing():
    """0.4 then 0.6 is pooled to 0.5, 0.5: the contour touches at the first."""
    assert crossing(SIZES, [0.9, 0.4, 0.6, 0.1], 0.5) == pytest.approx(2)
    assert crossing(SIZES, [0.9, 0.6, 0.6, 0.1], 0.5) > 4


def test_beyond_the_grid_nothing_is_extrapolated():
    assert crossing(SIZES, [0.9, 0.8, 0.8, 0.6], 0.5) == math.inf
    assert crossing(SIZES, [0.4, 0.3, 0.2, 0.1], 0.5) == 0.0


def test_limits_of_a_crossing_come_from_whole_seeds():
    """Two kinds of seeds that cross at 2 and at 4: resampling by cells would blur them, by seeds it does not."""
    early, late = [0.9, 0.5, 0.1, 0.0], [1.0, 0.9, 0.5, 0.1]
    errors = np.array([early, late] * 8).T
    found = measured_crossing(SIZES, errors, 0.5, seed=1)
    assert 2 < found.lower < found.value < found.upper < 4
    same = measured_crossing(SIZES, np.array([early] * 16).T, 0.5)
    assert same.lower == same.value == same.upper == pytest.approx(2)


def test_a_seed_without_values_is_left_out_and_a_cell_without_any_gives_no_contour():
    errors = np.array([[0.9, np.nan], [0.5, np.nan], [0.1, np.nan], [0.0, np.nan]])
    assert measured_crossing(SIZES, errors, 0.5).value == pytest.approx(2)
    errors[2] = np.nan
    assert measured_crossing(SIZES, errors, 0.5) is None


@pytest.mark.parametrize("name", ["ood-error-normalised", "ood-error-literal", "covering-some-unseen"])
@pytest.mark.parametrize("level", [0.5, 0.05])
def test_predicted_contours_are_the_least_n_at_which_the_claim_meets_the_level(name, level):
    n = predicted_crossing(name, level, "N_f", Point.of(R=30, K=3))
    bound = claim(name).bound
    assert bound(N_f=n, K=3, R=30) <= level < bound(N_f=n - 1, K=3, R=30)


def test_where_nothing_meets_the_level_there_is_no_contour():
    assert predicted_crossing("ood-error-literal", 0.5, "N_f", Point.of(R=30, K=1)) is None


@pytest.mark.parametrize(
    ("errors", "regime"),
    [
        ([0.0] * 40, Regime.SUCCEEDS),
        ([1.0] * 40, Regime.FAILS),
        ([0.45, 0.55] * 20, Regime.TRANSITION),
        ([0.0] * 3, Regime.UNDECIDED),
        ([0.15, 0.25] * 20, Regime.UNDECIDED),
        ([], Regime.NO_DATA),
    ],
)
def test_regimes(errors, regime):
    assert regime_of(errors, 0.05, Thresholds(0.2, 0.8)) is regime


def test_success_is_rarely_claimed_where_the_mean_is_just_above_the_threshold():
    """The mutant: a regime from the mean alone would claim it in about half of the samples."""
    generator = np.random.default_rng(8)
    draws = beta(2.1, 7.9).rvs((200, 16), random_state=generator)  # mean 0.21
    claimed = sum(regime_of(row.tolist(), 0.05, Thresholds(0.2, 0.8)) is Regime.SUCCEEDS for row in draws)
    by_mean = sum(row.mean() <= 0.2 for row in draws)
    assert claimed <= 0.05 * 200 < 0.25 * 200 < by_mean


@pytest.mark.parametrize(("success", "failure"), [(0.0, 0.8), (0.8, 0.2), (0.5, 1.0), (math.nan, 0.8)])
def test_impossible_thresholds_are_refused(success, failure):
    with pytest.raises(UsageError, match="0 < success < failure < 1"):
        Thresholds(success, failure)
