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


def test_of_many_the_first_and_what_is_less_near():
    many = [f"claim-number-{i}" for i in range(30)]
    assert meant("x", many).endswith("claim-number-3, claim-number-4, ... (30 in all)")
    assert meant("clamnum", many).startswith("did you mean claim-number-")
    assert meant("clamnum", many[:3]).startswith("known are ")


def test_two_that_are_equally_near():
    assert meant("ood-error", ["ood-error-a", "ood-error-b", "x"]) == "did you mean ood-error-b or ood-error-a?"
