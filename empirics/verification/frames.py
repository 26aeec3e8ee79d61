"""Results as data frames: rows by column, in whichever library of data frames is installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from empirics.errors import UsageError
from theory.spelling import meant

if TYPE_CHECKING:
    from empirics.experiments.document import CellResult
    from empirics.verification.results import Results

LIBRARIES: Final = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "table"))
"""The libraries that are tried, in this order, and what makes a frame of columns."""


def frame(results: Results, part: str, library: str | None = None) -> Any:
    """A part of the results as a frame of that library; of the first that is installed if None.

    Raises UsageError: there is no such part, the library is not installed, or none is.
    """
    if part not in _PARTS:
        raise UsageError(f"part={part} is unknown; {meant(part, _PARTS)}")
    if library is not None and library not in dict(LIBRARIES):
        raise UsageError(f"library={library} is unknown; {meant(library, dict(LIBRARIES))}")
    rows = list(_PARTS[part](results))
    columns = {name: [row.get(name) for row in rows] for name in dict.fromkeys(n for row in rows for n in row)}
    for name, maker in LIBRARIES:
        if library in (None, name):
            try:
                return getattr(importlib.import_module(name), maker)(columns)
            except ModuleNotFoundError:
                continue
    needed = library or ", ".join(name for name, _ in LIBRARIES[:-1]) + f" or {LIBRARIES[-1][0]}"
    raise UsageError(f"a data frame needs {needed}, which is not installed: pip install {library or LIBRARIES[0][0]}")


def _place(results: Results, cell: CellResult) -> dict[str, Any]:
    return {"variant": cell.variant} | {c: cell.symbols[s] for s, c in results.experiment.axes.items()}


def _cells(results: Results) -> Iterator[dict[str, Any]]:
    for cell in results.cells:
        row = _place(results, cell)
        row |= {name: len(getattr(cell, name)) for name in ("seeds", "failed", "in_scope_seeds")}
        for name, found in cell.observables.items():
            row |= {f"{name}_{part}": getattr(found, part) for part in ("mean", "lower", "upper")}
        yield row | {f"{claim}_bound": bound.bound for claim, bound in cell.bounds.items()}


def _runs(results: Results) -> Iterator[dict[str, Any]]:
    for cell in results.cells:
        for index, seed in enumerate(cell.seeds):
            row = _place(results, cell) | {"seed": seed, "failed": seed in cell.failed}
            yield row | {name: found.values[index] for name, found in cell.observables.items()}


def _verdicts(results: Results) -> Iterator[dict[str, Any]]:
    for verdict in results.verdicts:
        row = {"claim": verdict.claim, "where": results.where(verdict)}
        data = verdict.model_dump(exclude={"claim", "cells", "premises", "steps", "counts", "effect", "exceedance"})
        for name in ("counts", "effect", "exceedance"):
            found = getattr(verdict, name)
            data |= {} if found is None else {f"{name}_{key}": value for key, value in found.model_dump().items()}
        yield row | data


def _claims(results: Results) -> Iterator[dict[str, Any]]:
    names = [
        "id",
        "title",
        "kind",
        "provenance",
        "formula",
        "observable",
        "judged_on",
        "variant",
        "required",
        "verdict",
    ]
    for claim in results.claims:
        pooled = {} if claim.pooled is None else claim.pooled.model_dump()
        yield {n: getattr(claim, n) for n in names} | {f"pooled_{name}": value for name, value in pooled.items()}


def _curves(results: Results) -> Iterator[dict[str, Any]]:
    for curve in results.curves:
        place = {"variant": curve.variant, **curve.symbols, "observable": curve.observable}
        for step, mean, lower, upper in zip(curve.steps, curve.mean, curve.lower, curve.upper, strict=True):
            yield place | {"step": step, "mean": mean, "lower": lower, "upper": upper}


_PARTS: Final[Mapping[str, Callable[[Results], Iterator[dict[str, Any]]]]] = MappingProxyType(
    {"cells": _cells, "runs": _runs, "verdicts": _verdicts, "claims": _claims, "curves": _curves}
)
