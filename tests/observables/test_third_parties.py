"""Observables that others register: taken, or left out with a note where something is wrong with them."""

from types import SimpleNamespace
from typing import Any

import pytest

from empirics.observables import catalogue
from empirics.observables.definition import Observable

MINE = Observable("mine", "of a third party", "fraction", 0, 1)
YOURS = Observable("yours", "of another", "fraction", 0, 1)


class Point:
    """An entry point named ``theirs`` that gives ``item``, or raises it."""

    name, value, dist = "theirs", "theirs:ITEM", None

    def __init__(self, item: Any) -> None:
        self.item = item

    def load(self) -> Any:
        if isinstance(self.item, Exception):
            raise self.item
        return self.item


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Any:
    """The names that entry points add, and the notes, for what observables and experiments give."""

    def names(*observables: Any, experiments: tuple[Any, ...] = ()) -> tuple[list[str], list[str]]:
        points = {catalogue.ENTRY_POINT_GROUP: observables, catalogue._EXPERIMENTS: experiments}
        monkeypatch.setattr(catalogue, "entry_points", lambda group: [Point(item) for item in points[group]])
        caplog.clear()
        known = catalogue.observables.__wrapped__()
        assert list(known)[: len(catalogue.SHARED)] == [item.name for item in catalogue.SHARED]
        return list(known)[len(catalogue.SHARED) :], caplog.messages

    return names


def test_one_observable_and_several(found: Any) -> None:
    assert found(MINE, [YOURS]) == (["mine", "yours"], [])
    assert found(experiments=(SimpleNamespace(observables=(MINE, YOURS)),)) == (["mine", "yours"], [])
    assert found(MINE, experiments=(SimpleNamespace(observables=(MINE,)),)) == (["mine"], []), "the same, not another"


def test_a_broken_experiment_is_told_of_elsewhere(found: Any) -> None:
    assert found(YOURS, experiments=(RuntimeError("a defect"), SimpleNamespace())) == (["yours"], [])


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (RuntimeError("a defect"), "RuntimeError: a defect"),
        ("text", "TypeError: it gives str, not an Observable"),
        ([MINE, 7], "TypeError: it gives int, not an Observable"),
        (
            [MINE, Observable("ood_error", "another", "1", 0, 1)],
            "ValueError: observable ood_error is registered twice, the second time by theirs:ITEM",
        ),
    ],
)
def test_what_is_broken_is_left_out_whole_with_a_note(found: Any, item: Any, reason: str) -> None:
    names, (note,) = found(item, YOURS)
    assert names == ["yours"]
    assert note == f"factbound: entry point theirs (theirs:ITEM) is broken: {reason}; it is left out"


def test_an_experiment_whose_observables_are_no_list(found: Any) -> None:
    names, (note,) = found(experiments=(SimpleNamespace(observables=7),))
    assert names == []
    assert "TypeError: 'int' object is not iterable" in note
