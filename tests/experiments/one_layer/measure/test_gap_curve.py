"""The gap along training: rate and rest."""

import math

import pytest

from empirics.experiments.one_layer.measure.pretraining import SLOPE_LIMIT, gap_observables
from empirics.experiments.one_layer.observables import OBSERVABLES
from empirics.experiments.protocol import Curve


@pytest.mark.parametrize("slope", [-0.4, 0.0, 0.3])
def test_slope_of_a_curve_with_a_known_rate(slope):
    steps = (0, 1, 2, 10, 30, 100, 300, 400, 700, 1000)
    gap = [7.0, 3.0] + [5 * math.log(t) ** 2 / t * t**slope for t in steps[2:]]
    assert gap_observables(Curve(steps, tuple(gap)))["pretraining_gap_slope"] == pytest.approx(slope, abs=1e-12)


def test_slope_exponent_and_rest_by_hand():
    steps = (0, 1, 100, 250, 500, 1000)
    gap = Curve(steps, (8.0, 4.0, *(1e6 / t**2 for t in steps[2:])))
    assert gap_observables(gap)["pretraining_gap_exponent"] == pytest.approx(-2.0, abs=1e-12)
    assert gap_observables(gap)["pretraining_gap_slope"] == -1.0  # clipped: -2 + 1 - 2/log t is below
    assert gap_observables(gap)["pretraining_gap_left"] == 1 / 8
    constant = gap_observables(Curve(steps, (1.0,) * 6))["pretraining_gap_slope"]
    assert 0.5 < constant < 1.0
    assert gap_observables(Curve((0, 1), (1.0, 0.5)))["pretraining_gap_slope"] is None
    assert gap_observables(Curve(steps, (1.0,) * 5 + (math.nan,)))["pretraining_gap_slope"] is None
    assert gap_observables(Curve((0, 1), (1.0, math.inf)))["pretraining_gap_left"] is None
    assert gap_observables(Curve((0, 1), (1.0, 2.0)))["pretraining_gap_left"] == 1.0
    (observable,) = (o for o in OBSERVABLES if o.name == "pretraining_gap_slope")
    assert (observable.lower, observable.upper) == (-SLOPE_LIMIT, SLOPE_LIMIT)
