"""The observables of a cell in a run as one array: a tenth of the memory of a dictionary of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Column = tuple[float | None, ...]
"""An observable at each of some runs."""


class Packed(Mapping[str, float | None]):
    """Observables by name, not to be changed; None where one is undefined."""

    __slots__ = ("places", "values_")

    def __init__(self, observables: Mapping[str, float | None]) -> None:
        self.places = _places(tuple(observables))
        self.values_: NDArray[np.float64] = np.array(list(observables.values()), dtype=np.float64)  # None becomes NaN

    def __getitem__(self, name: str) -> float | None:
        value = float(self.values_[self.places[name]])
        return None if value != value else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


@lru_cache(maxsize=1024)
def _places(names: tuple[str, ...]) -> Mapping[str, int]:
    return {name: place for place, name in enumerate(names)}


def columns_of(rows: Sequence[Mapping[str, float | None] | None]) -> dict[str, Column]:
    """Each observable at every row, in the order in which they are first met; None where a row lacks it.

    Rows that are packed under the same names are taken together.
    """
    known = [row for row in rows if row is not None]
    alike = {id(row.places): row.places for row in known if isinstance(row, Packed)}
    if len(alike) == 1 and all(isinstance(row, Packed) for row in rows):
        (names,) = alike.values()
        table = np.array([row.values_ for row in rows if isinstance(row, Packed)]).T
        columns: list[list[float | None]] = table.tolist()
        for which, index in np.argwhere(np.isnan(table)).tolist():
            columns[which][index] = None
        return {name: tuple(column) for name, column in zip(names, columns, strict=True)}
    met = dict.fromkeys(name for row in known for name in row)
    return {name: tuple(None if row is None else row.get(name) for row in rows) for name in met}
