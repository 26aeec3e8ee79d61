"""When the truth sits on the boundary, a false HOLDS or VIOLATED is as rare as stated: each kind, adaptive looks.

At the boundary both verdicts would be false (a claim that is exactly tight may
be confirmed, but then HOLDS is true: only the side that is false counts).
"""

import math

import numpy as np
import pytest
from scipy import stats

from empirics.judging.confidence import log_wealth_path
from empirics.judging.rules import Rule, Side

REPETITIONS, LENGTH, ALPHA, LOOKS_FROM = 2000, 64, 0.05, 8
ALLOWED = stats.binom.ppf(1 - 1e-6, REPETITIONS, ALPHA)


def ever_shown(values, condition, low, high):
    """For each repetition, whether the limits ever show the condition at any look; values [repetitions, n]."""
    unit = (values - low) / (high - low)
    threshold = (condition.threshold - low) / (high - low)
    path = (
        log_wealth_path(unit, threshold) if condition.side is Side.UPPER else log_wealth_path(1 - unit, 1 - threshold)
    )
    return (path[:, LOOKS_FROM - 1 :] >= -math.log(ALPHA)).any(axis=1)


def errors(rng, mean):
    """Error fractions with correlated facts within a seed."""
    return rng.binomial(40, rng.beta(2 * mean, 2 * (1 - mean), size=(REPETITIONS, LENGTH))) / 40


def differences(rng, mean):
    """Paired differences in [-1, 1] with that mean, from two correlated error fractions."""
    shared = rng.beta(2, 6, size=(REPETITIONS, LENGTH))
    first, second = rng.binomial(40, shared) / 40, rng.binomial(40, shared) / 40
    return np.where(rng.random((REPETITIONS, LENGTH)) < mean, 1.0, first - second) if mean else first - second


def slopes(rng, mean):
    """Slopes in [-5, 5] around the mean."""
    return mean + np.clip(rng.normal(0, 0.5, size=(REPETITIONS, LENGTH)), -3, 3)


CASES = {
    "upper bound": (errors, 0.3, Rule.at_most(0.3), 0, 1),
    "small upper bound": (errors, 0.02, Rule.at_most(0.02), 0, 1),
    "lower bound": (errors, 0.7, Rule.at_least(0.7), 0, 1),
    "comparison": (differences, 0.0, Rule.above(0.0), -1, 1),
    "trend": (differences, 0.0, Rule.at_most(0.0), -1, 1),
    "rate": (slopes, 0.1, Rule.at_most(0.1), -5, 5),
}


@pytest.mark.parametrize("name", CASES)
def test_false_verdicts_on_the_boundary(name):
    draw, mean, rule, low, high = CASES[name]
    values = draw(np.random.default_rng(7), mean)
    assert abs(values.mean() - mean) < 5 * values.std() / math.sqrt(values.size)
    for conditions in (rule.holds, rule.violated):
        shown = np.logical_and.reduce([ever_shown(values, c, low, high) for c in conditions])
        assert shown.sum() <= ALLOWED


@pytest.mark.parametrize("mean", [0.05, -0.05])
def test_equivalence_on_either_margin(mean):
    """The truth on a margin: HOLDS and VIOLATED (by either condition) are each as rare as stated."""
    rng = np.random.default_rng(11)
    noise = (
        rng.binomial(40, 0.2, size=(REPETITIONS, LENGTH)) / 40 - rng.binomial(40, 0.2, size=(REPETITIONS, LENGTH)) / 40
    )
    values = np.clip(noise + mean, -1, 1)
    rule = Rule.within(0.05)
    holds = np.logical_and.reduce([ever_shown(values, c, -1, 1) for c in rule.holds])
    violated = np.logical_or.reduce([ever_shown(values, c, -1, 1) for c in rule.violated])
    assert holds.sum() <= ALLOWED
    assert violated.sum() <= ALLOWED


def test_wide_of_the_boundary_verdicts_are_reached():
    """The other direction: limits are not so wide that nothing is ever decided."""
    values = errors(np.random.default_rng(3), 0.1)
    assert ever_shown(values, Rule.at_most(0.5).holds[0], 0, 1).mean() > 0.99
    assert ever_shown(values, Rule.at_most(0.01).violated[0], 0, 1).mean() > 0.9
