"""A false verdict is as rare as stated: exactly for independent cells, else by the judge's own code.

`make study` runs the simulations with 2,000 repetitions and prints the numbers of docs/statistics.md.
"""

import math

import numpy as np
import pytest
from scipy import stats
from share_errors import ALPHA, BELOW, CASES, LOOKS, SHARE, errors, independent, judged, tolerable
from test_shares import least, reach

from empirics.judging.confidence import log_wealth_path
from empirics.judging.outcome import Verdict

REPETITIONS, LENGTH = 2000, 64
ALLOWED = stats.binom.ppf(1 - 1e-3, REPETITIONS, ALPHA)


@pytest.mark.parametrize("cells", [1, 5, 20])
def test_exact_error_rates_of_independent_cells(cells):
    """HOLDS with one cell just below and the others at 1; VIOLATED with every cell at exactly what is asked."""
    holds = reach(LOOKS, least(LOOKS, ALPHA, SHARE), SHARE - 1e-9)
    assert 0.9 * ALPHA < holds <= ALPHA
    refuting = ALPHA / (cells + 1)
    one = reach(LOOKS, least(LOOKS, refuting, 1 - SHARE), 1 - SHARE)
    pooled = refuting  # at most
    assert 1 - (1 - one) ** cells + pooled <= ALPHA


@pytest.mark.parametrize("cells", [1, 5])
def test_the_judge_errs_as_often_as_computed(cells):
    """The same error probability by the judge's own code: simulation and computation agree at 0.001, two-sided."""
    expected = reach(LOOKS, least(LOOKS, ALPHA, SHARE), BELOW)
    draw = independent(BELOW, *(1.0,) * (cells - 1))
    found = sum(
        any(judged(values, n).verdict is Verdict.HOLDS for n in LOOKS)
        for values in (draw(np.random.default_rng([31, cells, i])) for i in range(300))
    )
    assert stats.binomtest(found, 300, expected).pvalue > 0.001


@pytest.mark.parametrize("name", CASES)
def test_errors_of_the_judge(name):
    """A short form: few repetitions must not refute "at most alpha" at 0.001."""
    case, repetitions = CASES[name], 20 if "20" in name else 80
    assert tolerable(errors(case, repetitions), repetitions, case.level)


def test_true_claims_are_confirmed():
    """The simulation has teeth: the same code confirms what is so."""
    draw = independent(*(0.99,) * 5)
    found = [judged(draw(np.random.default_rng([41, i])), 32).verdict for i in range(60)]
    assert sum(v in (Verdict.HOLDS, Verdict.SUPPORTED) for v in found) > 55


def ever_shown(values, threshold, low, high, *, below):
    """For each repetition, whether the limits ever show the mean below (above) the threshold; [repetitions, n]."""
    unit, at = (values - low) / (high - low), (threshold - low) / (high - low)
    path = log_wealth_path(unit, at) if below else log_wealth_path(1 - unit, 1 - at)
    return (path >= -math.log(ALPHA)).any(axis=1)


def facts(rng, mean):
    """Error fractions: the facts of a seed share its rate."""
    return rng.binomial(40, rng.beta(2 * mean, 2 * (1 - mean), size=(REPETITIONS, LENGTH))) / 40


def slopes(rng, mean):
    """Slopes in [-5, 5] around the mean."""
    return mean + np.clip(rng.normal(0, 0.5, size=(REPETITIONS, LENGTH)), -3, 3)


def skewed(rng, mean):
    """Two points: mostly 0, seldom 1/2 or 1 so that the mean is as asked."""
    return np.where(rng.random((REPETITIONS, LENGTH)) < 2 * mean, 0.5, 0.0)


def jumps(rng, mean):
    """Rare jumps to 1."""
    return np.where(rng.random((REPETITIONS, LENGTH)) < mean, 1.0, 0.0)


def fractions(rng, mean):
    """Fractions of ten cells in which a property holds, cells of a seed alike."""
    return rng.binomial(10, rng.beta(4 * mean, 4 * (1 - mean), size=(REPETITIONS, LENGTH))) / 10


MEANS = {
    "errors": (facts, 0.3, 0, 1),
    "small errors": (facts, 0.02, 0, 1),
    "skewed, two points": (skewed, 0.02, 0, 1),
    "rare jumps": (jumps, 0.01, 0, 1),
    "slopes": (slopes, 0.1, -5, 5),
    "fractions of cells": (fractions, 0.8, 0, 1),
}


@pytest.mark.parametrize("name", MEANS)
def test_limits_of_a_mean_rarely_exclude_it_however_often_one_looks(name):
    draw, mean, low, high = MEANS[name]
    values = draw(np.random.default_rng(7), mean)
    assert abs(values.mean() - mean) < 5 * values.std() / math.sqrt(values.size)
    for below in (True, False):
        assert ever_shown(values, mean, low, high, below=below).sum() <= ALLOWED


def test_wide_of_the_boundary_means_are_decided():
    values = facts(np.random.default_rng(3), 0.1)
    assert ever_shown(values, 0.5, 0, 1, below=True).mean() > 0.99
    assert ever_shown(values, 0.01, 0, 1, below=False).mean() > 0.9
