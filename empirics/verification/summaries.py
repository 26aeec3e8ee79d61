"""What stands in the results of each observable of each cell: its mean over seeds, with limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from empirics.experiments.document import Summary
from empirics.judging.confidence import intervals, student_t
from empirics.judging.table import CellTable
from empirics.observables.catalogue import observables
from empirics.observables.definition import Observable


def summaries_of(tables: Sequence[CellTable], alphas: Mapping[str, float]) -> list[dict[str, Summary]]:
    """For each table its observables' means with two-sided limits at level 1 - alpha, each cell by itself.

    Args:
        tables: the cells' measurements.
        alphas: alpha of each arm.
    """
    known = observables()
    limits = _limits_by_betting(tables, alphas, known)
    return [
        {
            name: _summary(known[name], values, alphas[table.variant], limits.get((index, name)))
            for name, values in table.observables.items()
        }
        for index, table in enumerate(tables)
    ]


def _limits_by_betting(
    tables: Sequence[CellTable], alphas: Mapping[str, float], known: Mapping[str, Observable]
) -> dict[tuple[int, str], tuple[float, float]]:
    """The limits of bounded observables by table and name; samples of one size and range are taken together."""
    alike: dict[tuple[float, float, float, int], dict[tuple[int, str], list[float]]] = {}
    for index, table in enumerate(tables):
        for name, values in table.observables.items():
            item = known[name]
            if item.bounded and item.sampling != "exact":
                sample = [v for v in values if v is not None]
                kind = alphas[table.variant], item.lower, item.upper, len(sample)
                alike.setdefault(kind, {})[index, name] = sample
    found: dict[tuple[int, str], tuple[float, float]] = {}
    for (alpha, low, high, size), samples in alike.items():
        if size:
            limits = intervals(np.array(list(samples.values())), alpha, low, high)
            found.update(zip(samples, map(tuple, limits.tolist()), strict=True))
    return found


def _summary(
    item: Observable, values: Sequence[float | None], alpha: float, betting: tuple[float, float] | None
) -> Summary:
    known = [v for v in values if v is not None]
    mean = _finite(math.fsum(known) / len(known)) if known else None
    limits: tuple[float | None, float | None]
    if item.sampling == "exact":
        kind, limits = "exact", (mean, mean)
    elif item.bounded:
        kind, limits = "betting", betting or (None, None)
    else:
        kind, limits = "student-t", student_t(known, alpha)
    return Summary(mean=mean, lower=limits[0], upper=limits[1], interval=kind, values=list(values))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
