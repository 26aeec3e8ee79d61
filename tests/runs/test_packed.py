"""Observables as arrays: the same as the dictionaries that they are made from."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirics.runs.packed import Packed, columns_of

observables = st.dictionaries(st.sampled_from("abcde"), st.none() | st.floats(allow_nan=False), max_size=5)


@given(observables)
def test_a_packed_row_is_its_dictionary(found):
    row = Packed(found)
    assert dict(row) == found
    assert list(row) == list(found)
    assert len(row) == len(found)
    assert dict(pickle.loads(pickle.dumps(row))) == found
    with pytest.raises(KeyError):
        row["none of them"]


@given(st.lists(st.none() | observables, max_size=6), st.booleans())
def test_columns_of_rows_of_any_kind(rows, alike):
    if alike:  # the same names everywhere, as in one cell
        rows = [dict.fromkeys("abc", 0.5) | {"b": None if index % 2 else 2.0} for index in range(len(rows))]
    met = dict.fromkeys(name for row in rows if row is not None for name in row)
    expected = {name: tuple(None if row is None else row.get(name) for row in rows) for name in met}
    found = columns_of([None if row is None else Packed(row) for row in rows])
    assert found == expected
    assert list(found) == list(expected)
    assert columns_of(rows) == expected


def test_rows_that_stand_in_an_array_already_are_taken_with_new_ones():
    first, more = [Packed({"a": 0.5, "b": None}), Packed({"a": 1.5, "b": 2.0})], Packed({"a": 2.5, "b": 3.0})
    assert columns_of(first, {"c": 7.0}) == {"a": (0.5, 1.5), "b": (None, 2.0), "c": (7.0, 7.0)}
    assert [dict(row) for row in first] == [{"a": 0.5, "b": None}, {"a": 1.5, "b": 2.0}]
    assert columns_of([*first, more], {"c": 8.0}) == {"a": (0.5, 1.5, 2.5), "b": (None, 2.0, 3.0), "c": (8.0, 8.0, 8.0)}
    assert dict(more) == {"a": 2.5, "b": 3.0}
