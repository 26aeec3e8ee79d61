"""What is shown of a claim judged on a user's own measurements."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from empirics.errors import UsageError
from empirics.files import write_atomically
from empirics.judging.measurements import Judged
from empirics.judging.outcome import Pooled
from empirics.report.figures.figure import FORMATS
from empirics.report.figures.measured import judged_figure
from empirics.report.plain import plain_table
from empirics.report.tables import WORLDS, alphas, effect_text, limits_text, three_digits, worlds_text
from empirics.verification.assembly import verdict_result
from theory.plural import counted

_BETTING = "limits are time-uniform (betting): valid at any number of seeds and at any time"


def judged_document(judged: Judged) -> dict[str, Any]:
    """Claim, verdict, the statement on all cells, cells and their verdicts as strict JSON."""
    pooled = judged.outcome.pooled
    return {
        "claim": judged.claim.id,
        "verdict": judged.verdict,
        "pooled": None if pooled is None else asdict(pooled),
        "limits": "betting",
        "observable": judged.claim.observable,
        "assumed": list(judged.assumed),
        "rows": asdict(judged.rows),
        "cells": [
            {"variant": c.variant, "symbols": dict(c.symbols), "seeds": list(c.seeds), "failed": sorted(c.failed)}
            for c in judged.cells
        ],
        "verdicts": [verdict_result(o).model_dump(mode="json") for o in judged.outcome.outcomes],
    }


def print_judged(judged: Judged, out: Console) -> None:
    """A line for each cell or series, the statement on all together, then the verdict."""
    found = [(outcome, verdict_result(outcome)) for outcome in judged.outcome.outcomes]
    of_worlds = any(verdict.counts for _, verdict in found)
    share = ("worlds", "share [limits]", "threshold", "effect [interval]") if of_worlds else ("mean [limits]", "bound")
    table = plain_table(*map(escape, ("cell", "seeds", *share, "verdict", "reason")))
    for outcome, verdict in found:
        cells = [judged.cells[index] for index in outcome.cells]
        asked = [limits_text(verdict), three_digits(verdict.bound)]
        values = [worlds_text(verdict), *asked, effect_text(verdict)] if of_worlds else asked
        table.add_row(
            "; ".join(dict.fromkeys(cell.label for cell in cells)) or "-",
            str(len(cells[0].seeds)) if cells else "-",
            *(escape(value) or "-" for value in values),
            outcome.verdict.value + (" (flat)" if outcome.flat else ""),
            escape(outcome.reason),
        )
    out.print(table)
    if of_worlds:
        out.print(f"judged on the share of worlds, {_BETTING}; {WORLDS}")
    elif any(verdict.by_sampling for _, verdict in found):
        out.print(f"judged on the mean over seeds, {_BETTING}")
    for alpha in dict.fromkeys(alphas(verdict) for _, verdict in found if verdict.by_sampling):
        out.print(f"alpha of the limit that confirms / that refutes: {alpha}")
    if judged.outcome.pooled is not None:
        out.print(f"all cells together: {pooled_words(judged.outcome.pooled)}", markup=False)
    if judged.assumed:
        out.print(f"assumed, not measured: {', '.join(judged.assumed)}", markup=False)
    out.print(f"\n{judged.claim.id}: {judged.verdict} ({judged.rows.words})", style="bold", markup=False)


def pooled_words(pooled: Pooled) -> str:
    """The statement on all cells with its limits and error probabilities."""
    return (
        f"{pooled.statement}, averaged over {counted(pooled.worlds, 'world')}: {pooled.estimate:.3g} "
        f"[{pooled.lower:.3g}, {pooled.upper:.3g}], threshold {pooled.asked:g} "
        f"(alpha {pooled.alpha:.3g} confirms, {pooled.refuting:.3g} refutes)"
    )


def write_judged_figure(judged: Judged, alpha: float, path: Path, *measurements: Path) -> None:
    """The figure of bound and measurements, and its data beside it as CSV.

    Raises UsageError: the ending is no format of a picture, or the CSV would replace the measurements.
    """
    form = path.suffix.removeprefix(".")
    if form not in FORMATS:
        raise UsageError(f"--plot={path} is refused: allowed endings are {', '.join('.' + f for f in FORMATS)}")
    for given in measurements:
        if path.with_suffix(".csv").resolve() == given.resolve():
            raise UsageError(f"--plot={path} is refused: its data would replace the measurements {given}")
    figure = judged_figure(judged, alpha)
    write_atomically(path, figure.render(form))
    write_atomically(path.with_suffix(".csv"), figure.csv)
