"""What is judged: per cell, the seeds and their observables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from empirics.judging.columns import Column, Columns

MAIN = "main"

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class CellTable:
    """The measurements of one cell of one arm."""

    index: int  # position in the results
    variant: str  # the arm ("main", or the name of a variant)
    symbols: Mapping[str, float]  # values of the notation's symbols, by name
    seeds: tuple[int, ...]  # all seeds run, in order; the unit of sampling
    # seeds without usable observables (diverged runs): they fail every measured premise and stay counted
    failed: frozenset[int] = frozenset()
    # by name, one value per seed; None where undefined
    observables: Mapping[str, Column] = field(default_factory=dict)
    # the symbols that tell the cells of an arm apart, in order, each with its label in plain text
    axes: Mapping[str, str] = field(default_factory=dict)
    # those of them that decide a run: cells that differ in the others alone share their runs
    run_axes: tuple[str, ...] = ()

    def value(self, observable: str, seed: int) -> float | None:
        """The observable at a seed, or None."""
        return self.values(observable, (seed,))[0]

    def values(self, observable: str, seeds: Iterable[int]) -> list[float | None]:
        """The observable at some seeds; None where it is undefined or the run failed."""
        column, place_of = self.column(observable).tolist(), self._place_of
        return [None if (value := column[place_of[seed]]) != value else value for seed in seeds]

    def column(self, observable: str) -> FloatArray:
        """The observable at every seed; NaN where it is undefined or the run failed."""
        if observable not in self.observables:
            return np.full(len(self.seeds), np.nan)
        column = self.columns.numbers[self.columns.places[observable]]
        return np.where([seed in self.failed for seed in self.seeds], np.nan, column) if self.failed else column

    @cached_property
    def columns(self) -> Columns:
        """The observables as one array, also of failed runs."""
        return Columns.of(self.observables)

    @cached_property
    def _place_of(self) -> Mapping[int, int]:
        return {seed: place for place, seed in enumerate(self.seeds)}

    def at(self, symbols: Iterable[str]) -> tuple[float, ...]:
        """The values of some symbols."""
        return tuple(self.symbols[name] for name in symbols)

    @cached_property
    def label(self) -> str:
        """The cell in words, for messages."""
        text = ", ".join(f"{label}={self.symbols[name]:g}" for name, label in self.axes.items())
        return text if self.variant == MAIN else f"{self.variant}: {text}"
