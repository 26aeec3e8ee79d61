"""Rows of figures of the kind ``panels``: a bound along an axis, and observed means with the limits that decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.document import CellResult, Measured
from empirics.experiments.presentation import Scalar
from empirics.experiments.sampling import chosen, told
from theory import Claim, DomainError

_POINTS = 60


def panels(
    cells: Sequence[CellResult], symbols: Sequence[str]
) -> tuple[dict[tuple[int | float, ...], list[CellResult]], str]:
    """The cells by their values of some symbols; of many values some, and a sentence that says so."""
    found: dict[tuple[int | float, ...], list[CellResult]] = {}
    for cell in cells:
        found.setdefault(tuple(cell.symbols[symbol] for symbol in symbols), []).append(cell)
    drawn = chosen(list(found))
    shown = {place: some for place, some in found.items() if place in drawn}
    return shown, told(len(shown), len(found), "panels", "cells.csv")


def predicted_rows(subject: Measured, claim: Claim, axis: str, panel: Sequence[CellResult]) -> list[dict[str, Scalar]]:
    """The bound along the axis where it is defined, to the panel's largest value.

    From the symbol's minimum, at least 1; for real symbols from the least value of the panel.
    """
    at = [c.symbols[axis] for c in panel]
    points: NDArray[Any] = np.linspace(min(at), max(at), _POINTS)
    if claim.notation[axis].integer:
        points = np.unique(np.rint(np.linspace(max(1, claim.notation[axis].minimum), max(at), _POINTS)).astype(int))
    known = panel[0].symbols
    fixed = {name: known[name] for name in claim.symbols if name != axis and name in known}
    found = where_defined(claim.bound, fixed, axis, points)
    return [_row(subject, claim.id, {**known, axis: x}, value) for x, value in found]


def where_defined(
    bound: Callable[..., Any], fixed: Mapping[str, float], axis: str, points: NDArray[Any]
) -> list[tuple[int | float, float]]:
    """The points at which a bound is defined, each with its value; all at once where it is so at all of them."""
    try:
        values = np.broadcast_to(bound(**fixed, **{axis: points}), points.shape)
    except DomainError:
        single = [] if len(points) == 1 else np.split(points, len(points))
        return [found for point in single for found in where_defined(bound, fixed, axis, point)]
    return list(zip(points.tolist(), values.tolist(), strict=True))


def observed_rows(
    subject: Measured, claims: Sequence[str], observable: str, panel: Sequence[CellResult]
) -> list[dict[str, Scalar]]:
    """The cells that have a mean, each with its limits; see :func:`observed_mean`."""
    rows = []
    places = {id(cell): place for place, cell in enumerate(subject.cells)}
    for cell in panel:
        mean, lower, upper = observed_mean(subject, claims, observable, places[id(cell)])
        if mean is not None:
            row = _row(subject, "observed", cell.symbols, mean)
            rows.append(row | {"lower": lower, "upper": upper, "seeds": len(cell.seeds)})
    return rows


def observed_mean(
    subject: Measured, claims: Sequence[str], observable: str, index: int
) -> tuple[float | None, float | None, float | None]:
    """Mean and limits of the first of some claims that judges the cell; the mean over all seeds alone if none does."""
    for identifier in claims:
        verdict = subject.verdict_of(identifier, index)
        if verdict is not None and verdict.estimate is not None:
            return verdict.estimate, verdict.lower, verdict.upper
    found = subject.cells[index].observables.get(observable)
    return None if found is None else found.mean, None, None


def _row(subject: Measured, series: str, symbols: Mapping[str, int | float], value: float) -> dict[str, Scalar]:
    place = {column: symbols[symbol] for symbol, column in subject.experiment.axes.items()}
    return {"series": series, **place, "value": value, "lower": None, "upper": None, "seeds": None, "note": None}
