"""The searches themselves, on predicates that are made up."""

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from theory.planning import least, plan


def test_no_number_of_facts_up_to_the_last_one_that_is_allowed() -> None:
    assert least.least_facts_below_half(lambda n: False, Fraction(1, 100), 0, 50, K=3, R=20) == (None, None)


def test_no_multiplicity_and_no_target_of_zero() -> None:
    assert least.least_multiplicity_some_unseen(lambda K: False, Fraction(1, 10**6), 1, 2, N_f=1, R=5) == (None, None)
    assert least.least_facts_below_half(lambda n: True, Fraction(0), 0, 50, K=3, R=20) == (None, None)
    assert least.least_facts_below_half(lambda n: False, Fraction(1), 7, 50, K=3, R=20) == (7, 7)


def test_a_block_that_is_bad_to_its_end_is_followed_by_the_answer() -> None:
    """With K = R = 1 a block is a pair: 2 is good, 4 and 5 are not, from 6 on all are."""
    assert least._stays_from(lambda n: n == 2 or n >= 6, 2, 8, 1, 1) == 6
    assert least._stays_from(lambda n: n >= 2, 2, 8, 1, 1) == 2


@pytest.mark.parametrize(("tie_is_good", "first"), [(True, 3), (False, 5)])
@pytest.mark.parametrize("most", [10**7, 6])
def test_a_scan_decides_what_is_beside_the_target_and_says_nothing_of_what_it_did_not_see(
    monkeypatch: pytest.MonkeyPatch, tie_is_good: bool, first: int, most: int
) -> None:
    monkeypatch.setattr(plan, "_MOST_SCANNED", most)
    goal = math.log(0.5)

    def log_bound(n: Any) -> Any:
        return np.where(n == 3, goal, np.where(n >= 5, goal - 1, 0.0))

    asked: Any = SimpleNamespace(
        target=Fraction(1, 2),
        item=SimpleNamespace(log_bound=log_bound),
        at=lambda n: {"n": n},
        good=lambda n: tie_is_good,
    )
    assert plan._scan(asked, 1, 100) == (first, None if most == 6 else 5)
