"""Names that are nearly right."""

import pytest

from theory.spelling import meant


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("quik", "did you mean quick?"),
        ("QUICK", "did you mean quick?"),
        ("n_f", "did you mean N_f?"),
        ("", "known are quick, default, N_f"),
        ("nothing", "known are quick, default, N_f"),
    ],
)
def test_the_nearest_or_all(word, said):
    assert meant(word, ["quick", "default", "N_f"]) == said


def test_two_that_are_equally_near():
    assert meant("ood-error", ["ood-error-a", "ood-error-b", "x"]) == "did you mean ood-error-b or ood-error-a?"
