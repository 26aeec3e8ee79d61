"""Some of many: what a page or a picture shows where all would not be seen, evenly chosen, ends included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

T = TypeVar("T")

PANELS: Final = 24
"""Panels of a figure; of more, four values of each symbol are chosen."""
_VALUES: Final = 4
POINTS: Final = 60
"""Verdicts side by side in a figure."""
ROWS: Final = 100
"""Rows of a table that is shown; files hold all."""


def spread(items: Sequence[T], most: int, first: Callable[[T], Any] = lambda item: False) -> list[T]:
    """At most so many of the items, in their order; those for which ``first`` is true before the others."""
    if len(items) <= most:
        return list(items)
    wanted = [i for i, item in enumerate(items) if first(item)]
    chosen = set(_even(wanted, most))
    others = [i for i in range(len(items)) if i not in chosen]
    return [items[i] for i in sorted(chosen.union(_even(others, most - len(chosen))))]


def chosen(places: Sequence[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Of the places of panels, values of some symbols, those that are drawn: all, if they are few."""
    if len(places) <= PANELS:
        return set(places)
    kept = [set(spread(sorted(set(values)), _VALUES)) for values in zip(*places, strict=True)]
    return {place for place in places if all(v in some for v, some in zip(place, kept, strict=True))}


def _even(places: Sequence[int], most: int) -> list[int]:
    if len(places) <= most:
        return list(places)
    if most < 2:
        return list(places[:most])
    return [places[round(i * (len(places) - 1) / (most - 1))] for i in range(most)]


def told(shown: int, there: int, what: str, where: str) -> str:
    """A sentence on what is left out; nothing if nothing is."""
    return "" if shown == there else f" Shown are {shown:,} of {there:,} {what}, evenly chosen; {where} holds all."
