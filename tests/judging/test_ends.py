"""A comparison of the two ends of an axis: seed by seed, largest value against smallest."""

import numpy as np
import pytest
from judging_builders import OBSERVABLES, make_cell, make_claim, settings

from empirics.judging.judge import judge_claim
from empirics.judging.outcome import Verdict


def _claim(direction=-1):
    return make_claim("comparison", axis="K", direction=direction)


def _cells(*means, seeds=16, **symbols):
    rng = np.random.default_rng(3)
    return [
        make_cell(np.clip(mean + rng.normal(0, 0.03, seeds), 0, 1), index=i, K=k, **symbols)
        for i, (k, mean) in enumerate(zip((1, 4, 16), means, strict=False))
    ]


def test_a_fall_between_the_ends_holds_whatever_lies_between():
    outcome = judge_claim(_claim(), _cells(0.9, 0.95, 0.1), settings(), OBSERVABLES)
    assert outcome.verdict is Verdict.HOLDS
    (only,) = outcome.outcomes
    assert only.cells == (0, 2)
    assert only.estimate == pytest.approx(0.8, abs=0.05)
    assert "K from 1 to 16" in only.reason


def test_the_opposite_is_violated_and_equality_is_undecided():
    cells = _cells(0.9, 0.5, 0.1)
    assert judge_claim(_claim(+1), cells, settings(), OBSERVABLES).verdict is Verdict.VIOLATED
    assert judge_claim(_claim(), _cells(0.5, 0.1, 0.5), settings(), OBSERVABLES).verdict is Verdict.UNDECIDED


def test_alpha_is_divided_over_the_series():
    cells = _cells(0.9, 0.5, 0.1, N_f=5) + [
        make_cell([0.5] * 16, index=3 + i, K=k, N_f=20) for i, k in enumerate((1, 16))
    ]
    outcome = judge_claim(_claim(), cells, settings(alpha=0.1), OBSERVABLES)
    assert [o.alpha for o in outcome.outcomes] == [0.05, 0.05]
    assert [o.verdict for o in outcome.outcomes] == [Verdict.HOLDS, Verdict.UNDECIDED]


def test_one_value_of_the_axis_is_not_tested():
    (only,) = judge_claim(_claim(), _cells(0.9), settings(), OBSERVABLES).outcomes
    assert only.verdict is Verdict.NOT_TESTED


def test_only_trends_and_comparisons_without_reference_have_an_axis():
    with pytest.raises(ValueError, match="axis"):
        make_claim("comparison", axis="K", reference="main")
    with pytest.raises(ValueError, match="axis"):
        make_claim("upper", bound="1/2", axis="K")
    with pytest.raises(ValueError, match="axis"):
        make_claim("trend")
