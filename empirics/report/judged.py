"""What is shown of a claim judged on a user's own measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from empirics.errors import UsageError
from empirics.files import write_atomically
from empirics.judging.measurements import Judged
from empirics.report.figures.figure import FORMATS
from empirics.report.figures.measured import judged_figure
from empirics.verification.assembly import verdict_result

__all__ = ["judged_document", "print_judged", "write_judged_figure"]


def judged_document(judged: Judged) -> dict[str, Any]:
    """Claim, verdict, cells and their verdicts as strict JSON."""
    return {
        "claim": judged.claim.id,
        "verdict": judged.verdict,
        "observable": judged.claim.observable,
        "assumed": list(judged.assumed),
        "cells": [
            {"variant": c.variant, "symbols": dict(c.symbols), "seeds": list(c.seeds), "failed": sorted(c.failed)}
            for c in judged.cells
        ],
        "verdicts": [verdict_result(o).model_dump(mode="json") for o in judged.outcome.outcomes],
    }


def print_judged(judged: Judged, out: Console) -> None:
    """A line for each cell or series, then the verdict."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("cell", "seeds", "estimate", "limits", "bound", "verdict", "reason"):
        table.add_column(heading, overflow="fold")
    for outcome in judged.outcome.outcomes:
        where = judged.cells[outcome.cells[0]] if outcome.cells else None
        limits = "-" if outcome.lower is None else f"[{outcome.lower:.3f}, {outcome.upper:.3f}]"
        table.add_row(
            where.label if where else "-",
            str(len(where.seeds)) if where else "-",
            "-" if outcome.estimate is None else f"{outcome.estimate:.4g}",
            limits,
            "-" if outcome.bound is None else f"{outcome.bound:.4g}",
            outcome.verdict.value,
            outcome.reason,
        )
    out.print(table, markup=False)
    if judged.assumed:
        out.print(f"taken as given, not measured: {', '.join(judged.assumed)}", markup=False)
    out.print(f"\n{judged.claim.id}: {judged.verdict}", style="bold", markup=False)


def write_judged_figure(judged: Judged, alpha: float, path: Path, measurements: Path) -> None:
    """The figure of bound and measurements, and its data beside it as CSV.

    Raises:
        UsageError: the ending is no format of a picture, or the CSV would replace the measurements.
    """
    form = path.suffix.removeprefix(".")
    if form not in FORMATS:
        raise UsageError(f"--plot={path} is refused: allowed endings are {', '.join('.' + f for f in FORMATS)}")
    if path.with_suffix(".csv").resolve() == measurements.resolve():
        raise UsageError(f"--plot={path} is refused: its data would replace the measurements {measurements}")
    figure = judged_figure(judged, alpha)
    write_atomically(path, figure.render(form))
    write_atomically(path.with_suffix(".csv"), figure.csv)
