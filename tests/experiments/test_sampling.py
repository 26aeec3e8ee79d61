"""Some of many, evenly chosen."""

import itertools

import pytest

from empirics.experiments.sampling import PANELS, ROWS, chosen, spread, told


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_as_many_as_asked_in_order_with_both_ends(most):
    items = list(range(100))
    found = spread(items, most)
    assert len(found) == most
    assert found == sorted(found)
    assert found[0] == 0
    assert most == 1 or found[-1] == 99
    gaps = {b - a for a, b in itertools.pairwise(found)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_few_are_all_and_what_matters_comes_first():
    assert spread([3, 1, 2], 3) == [3, 1, 2]
    assert spread([], 5) == []
    found = spread(range(1000), 10, lambda i: i in (3, 500, 501))
    assert len(found) == 10
    assert {3, 500, 501} <= set(found)
    assert {0, 999} <= set(found)
    assert spread(range(100), 4, lambda i: i % 2) == [1, 33, 67, 99]


def test_panels_are_whole_rows_and_columns():
    few = [(r, k) for r in range(4) for k in range(6)]
    assert len(few) == PANELS
    assert chosen(few) == set(few)
    many = [(r, k) for r in range(20, 100) for k in range(1, 11)]
    assert chosen(many) == {(r, k) for r in (20, 46, 73, 99) for k in (1, 4, 7, 10)}


def test_what_is_left_out_is_told():
    assert told(5, 5, "rows", "x.csv") == ""
    assert told(ROWS, 12_345, "rows", "x.csv") == " Shown are 100 of 12,345 rows, evenly chosen; x.csv holds all."
