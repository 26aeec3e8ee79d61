"""Scoring of predictors: by hand, against library routes, and on scores whose quality is known."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import mannwhitneyu

from empirics.experiments.world import area_under_curve
from empirics.regimes.accuracy import Scored, accuracies, calibrated, cell_errors, logistic, reliability


def facts(cells, seeds, folds, extracted, **scores):
    arrays = [np.asarray(x, dtype=np.int64) for x in (cells, seeds, folds)]
    scored = {name: np.asarray(v, dtype=np.float64) for name, v in scores.items()}
    return Scored(*arrays, np.asarray(extracted, dtype=bool), scored)


def drawn(n=6000, seed=0, slope=2.0, shift=-0.3, folds=3):
    """Facts whose probability of extraction is logistic in the score ``good``; ``noise`` knows nothing."""
    generator = np.random.default_rng(seed)
    good = generator.normal(size=n)
    outcome = generator.random(n) < expit(shift + slope * good)
    cells = generator.integers(0, 6, n)
    return facts(cells, generator.integers(0, 8, n), cells % folds, outcome, good=good, noise=generator.normal(size=n))


def test_the_area_is_the_mann_whitney_statistic_with_ties_one_half():
    generator = np.random.default_rng(4)
    score = generator.integers(0, 7, 200).astype(float)
    extracted = generator.random(200) < 0.3
    expected = mannwhitneyu(score[extracted], score[~extracted]).statistic / (extracted.sum() * (~extracted).sum())
    assert area_under_curve(score, extracted) == pytest.approx(expected, abs=1e-12)
    assert area_under_curve(score, np.ones(200, dtype=bool)) is None


def test_logistic_constants_come_back():
    sample = drawn(60000, slope=2.0, shift=-0.3)
    a, b = logistic(sample.scores["good"], sample.succeeded)
    assert a == pytest.approx(-0.3, abs=0.05)
    assert b == pytest.approx(2.0, abs=0.08)
    a, b = logistic(100 * sample.scores["good"], sample.succeeded)
    assert b == pytest.approx(0.02, abs=0.0008)


def test_separated_outcomes_give_finite_constants():
    a, b = logistic(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([False, False, True, True]))
    assert np.isfinite([a, b]).all()
    assert b > 0


def test_probabilities_use_the_other_folds_only():
    sample = drawn()
    before = calibrated(sample, "good")
    mine = sample.fold == 1
    flipped = Scored(
        sample.cell, sample.seed, sample.fold, np.where(mine, ~sample.succeeded, sample.succeeded), sample.scores
    )
    after = calibrated(flipped, "good")
    assert np.allclose(before[mine], after[mine])
    assert not np.allclose(before[~mine], after[~mine], atol=0.01)
    assert calibrated(drawn(folds=1), "good") is None


def test_cell_errors_weigh_runs_equally_and_not_facts():
    """Two runs of one cell: 1 of 1 fails, 0 of 3 fail; the mean over runs is 1/2."""
    sample = facts([0, 0, 0, 0, 1], [0, 1, 1, 1, 0], [0] * 5, [False, True, True, True, False], any=[0.0] * 5)
    assert cell_errors(sample, ~sample.succeeded).tolist() == [0.5, 1.0]


def test_the_scores_of_a_small_case_by_hand():
    sample = facts(
        cells=[0, 0, 0, 0, 1, 1],
        seeds=[0, 0, 1, 1, 0, 0],
        folds=[0] * 6,
        extracted=[True, False, True, False, True, True],
        rule=[1.0, -1.0, -0.5, 0.5, 2.0, -2.0],
    )
    (row,) = accuracies(sample, {"all": [0, 1]}, resamples=0)
    assert row.agreement == pytest.approx(3 / 6)
    assert row.auc == pytest.approx(5 / 8)  # pairs in order: (1, -1), (1, 0.5), (-0.5, -1), (2, -1), (2, 0.5)
    assert row.auc_within == pytest.approx((1.0 + 0.0) / 2)
    assert row.deviation == pytest.approx((0.0 + 0.5) / 2)
    assert row.bias == pytest.approx(0.25)
    assert row.worst == pytest.approx(0.5)
    assert row.brier is None
    assert row.brier_share == pytest.approx(4 / 6 * 2 / 6)


def test_a_knowing_score_beats_the_share_and_an_ignorant_one_does_not():
    rows = {row.predictor: row for row in accuracies(drawn(), {"all": range(6)}, resamples=50)}
    good, noise = rows["good"], rows["noise"]
    assert good.auc_lower < good.auc < good.auc_upper
    assert good.auc > 0.85
    assert noise.auc == pytest.approx(0.5, abs=0.02)
    assert good.brier < 0.75 * good.brier_share
    assert noise.brier == pytest.approx(noise.brier_share, abs=0.003)
    assert good.deviation_probability < 0.05
    for item in good.bins:
        assert item.observed == pytest.approx(item.predicted, abs=4 * np.sqrt(0.25 / item.facts) + 0.01)


def test_limits_of_the_area_agree_with_copies_of_whole_seeds():
    sample = drawn(800, seed=2)
    (row, _) = accuracies(sample, {"all": range(6)}, resamples=60, seed=9)
    generator = np.random.default_rng(9)
    areas = []
    for _ in range(60):
        picked = np.concatenate([np.flatnonzero(sample.seed == s) for s in generator.integers(0, 8, 8)])
        areas.append(area_under_curve(sample.scores["good"][picked], sample.succeeded[picked]))
    assert [row.auc_lower, row.auc_upper] == pytest.approx(list(np.percentile(areas, [2.5, 97.5])), abs=1e-12)


def test_a_predictor_without_scores_in_a_part_is_left_out_there():
    sample = drawn(100)
    holes = sample.scores["good"].copy()
    holes[sample.cell == 2] = np.nan
    partial = Scored(sample.cell, sample.seed, sample.fold, sample.succeeded, {"good": holes})
    rows = accuracies(partial, {"with": [2, 3], "without": [0, 1]}, resamples=0)
    assert [row.part for row in rows] == ["without"]


def test_reliability_bins_hold_every_fact_once():
    probability = np.array([0.0, 0.05, 0.5, 0.99, 1.0])
    bins = reliability(probability, np.array([False, False, True, True, False]))
    assert [b.facts for b in bins] == [2, 1, 2]
    assert bins[-1].observed == 0.5
