"""The observables of a cell as one array: a tenth of the memory of numbers one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Column = tuple[float | None, ...]
"""An observable at each of some runs."""


@lru_cache(maxsize=1024)
def places_of(names: tuple[str, ...]) -> Mapping[str, int]:
    """The place of each name; one mapping for equal names."""
    return {name: place for place, name in enumerate(names)}


class Columns(Mapping[str, Column]):
    """Observables by name, each at every one of some runs, as one array; None where one is undefined."""

    __slots__ = ("numbers", "places")

    def __init__(self, names: Iterable[str], numbers: NDArray[np.float64]) -> None:
        self.places = places_of(tuple(names))
        self.numbers = numbers  # shape [names, runs]; NaN where undefined

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[float | None]]) -> Columns:
        """The same columns; they have one length."""
        return columns if isinstance(columns, cls) else cls(columns, np.array([*columns.values()], dtype=np.float64))

    def __getitem__(self, name: str) -> Column:
        return tuple(None if value != value else value for value in self.numbers[self.places[name]].tolist())

    def __contains__(self, name: object) -> bool:
        return name in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)
