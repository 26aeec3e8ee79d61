"""Coverage as a predictor, on a case worked out by hand."""

import numpy as np

from empirics.experiments.world import area_under_curve


def test_area_under_the_curve_by_hand():
    score, wrong = np.array([0, 1, 1, 2]), np.array([False, False, True, True])
    assert area_under_curve(score, wrong) == 3.5 / 4  # 1 above 0, ties with 1; 2 above both
    assert area_under_curve(score, ~wrong) == 0.5 / 4
    assert area_under_curve(score, np.zeros(4, dtype=bool)) is None
    assert area_under_curve(np.zeros(4, dtype=int), wrong) == 0.5
