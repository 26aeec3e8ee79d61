"""The observables of a cell in a run as one array: a tenth of the memory of a dictionary of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from empirics.judging.columns import Columns, places_of


class Packed(Mapping[str, float | None]):
    """Observables by name, not to be changed; None where one is undefined.

    They are a column of an array, of the run alone or of all runs of the cell.
    """

    __slots__ = ("numbers", "places", "run")

    def __init__(self, observables: Mapping[str, float | None]) -> None:
        self.places = places_of(tuple(observables))
        self.numbers: NDArray[np.float64] = np.array([*observables.values()], dtype=np.float64)[:, None]  # NaN for None
        self.run = 0

    def __getitem__(self, name: str) -> float | None:
        value = float(self.numbers[self.places[name], self.run])
        return None if value != value else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def columns_of(
    rows: Sequence[Mapping[str, float | None] | None], fixed: Mapping[str, float | None] = MappingProxyType({})
) -> Columns:
    """Each observable at every row, in the order in which they are first met; None where a row lacks it.

    Those that are ``fixed`` have one value wherever there is a row. Rows that are packed under the same names are taken
    together.
    """
    known = [row for row in rows if row is not None]
    alike = {id(row.places): row.places for row in known if isinstance(row, Packed)}
    met = dict.fromkeys(name for row in known for name in row) if len(alike) != 1 else dict.fromkeys(*alike.values())
    places = places_of(tuple(met | dict.fromkeys(fixed)))
    numbers = np.full((len(places), len(rows)), np.nan)
    if len(alike) == 1 and all(isinstance(row, Packed) for row in rows):
        packed = [row for row in rows if isinstance(row, Packed)]
        numbers[: len(met)] = np.array([row.numbers[: len(met), row.run] for row in packed]).T
        for run, row in enumerate(packed):  # the numbers are in memory once
            row.numbers, row.run = numbers, run
    else:
        for name, place in places.items():
            numbers[place] = [row.get(name) if row else None for row in rows]
    there = [row is not None for row in rows]
    for name, value in fixed.items():
        numbers[places[name], there] = value
    return Columns(places, numbers)
