"""What every experiment shares."""

from itertools import pairwise

import pytest

from empirics.experiments.protocol import logarithmic_steps


@pytest.mark.parametrize("total", [1, 2, 7, 100, 4000])
def test_recorded_steps_are_increasing_and_hold_both_ends(total):
    steps = logarithmic_steps(total)
    assert steps[0] == 0
    assert steps[-1] == total
    assert list(steps) == sorted(set(steps))
    assert all(b <= 2 * a for a, b in pairwise(steps[1:]))
