"""What stands in the results of each observable of each cell: its mean over seeds, with limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.document import Summaries
from empirics.judging.confidence import intervals, student_ts
from empirics.judging.table import CellTable
from empirics.observables.catalogue import observables
from empirics.observables.definition import Observable

_ROWS: Final = 1 << 14  # samples whose limits are computed at once
_Array = NDArray[np.float64]


class _Sample(NamedTuple):
    """An observable in some cells that have it at equally many seeds: those values, and where its limits belong."""

    values: _Array  # shape [cells, seeds]
    limits: _Array  # of all cells, shape [cells, 2]
    cells: NDArray[np.int64]


def summaries_of(tables: Sequence[CellTable], alphas: Mapping[str, float]) -> list[Summaries]:
    """For each table its observables' means with two-sided limits at level 1 - alpha, each cell by itself.

    Args:
        tables: the cells' measurements.
        alphas: alpha of each arm.
    """
    known = observables()
    alike: dict[tuple[float, tuple[str, ...], int], list[int]] = {}  # cells whose columns make one array
    for index, table in enumerate(tables):
        alike.setdefault((alphas[table.variant], tuple(table.columns), len(table.seeds)), []).append(index)
    found: dict[int, Summaries] = {}
    betting: dict[tuple[float, float, float, int], list[_Sample]] = {}  # of one level, range and size
    for (alpha, names, _), places in alike.items():
        limits = np.full((len(places), len(names), 3), np.nan)  # mean, lower, upper
        for which, name in enumerate(names):
            item, here = known[name], limits[:, which]
            values = np.array([tables[place].columns.numbers[which] for place in places])
            defined = ~np.isnan(values)
            sizes = defined.sum(axis=1)
            for size in np.unique(sizes[sizes > 0]).tolist():
                (cells,) = np.nonzero(sizes == size)
                sample = values[cells][defined[cells]].reshape(-1, size)
                here[cells, 0] = [math.fsum(row) / size for row in sample.tolist()]
                if item.sampling == "exact":
                    here[cells, 1:] = here[cells, :1]
                elif item.bounded:
                    kind = alpha, item.lower, item.upper, size
                    betting.setdefault(kind, []).append(_Sample(sample, here[:, 1:], cells))
                    if sum(len(some.cells) for some in betting[kind]) >= _ROWS:
                        _bet(*kind, betting.pop(kind))
                else:
                    here[cells, 1:] = student_ts(sample, alpha)
        kinds = {name: _kind(known[name]) for name in names}
        for place, of_cell in zip(places, limits, strict=True):
            found[place] = Summaries(kinds, of_cell, tables[place].columns.numbers)
    for kind, samples in betting.items():
        _bet(*kind, samples)
    return [found[index] for index in range(len(tables))]


def _bet(alpha: float, low: float, high: float, size: int, samples: Sequence[_Sample]) -> None:
    """Fill in the limits of samples of one size, all at once."""
    limits = intervals(np.concatenate([sample.values for sample in samples]), alpha, low, high)
    first = 0
    for sample in samples:
        sample.limits[sample.cells] = limits[first : first + len(sample.cells)]
        first += len(sample.cells)


def _kind(item: Observable) -> str:
    """What its limits are."""
    return "exact" if item.sampling == "exact" else "betting" if item.bounded else "student-t"
