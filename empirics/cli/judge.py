"""``factbound judge``: verdicts on the user's own measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.errors import UsageError
from empirics.judging.outcome import Verdict
from empirics.judging.settings import load_settings

__all__ = ["judge_command"]


@app.command("judge")
def judge_command(
    measurements: Annotated[Path, typer.Argument(metavar="MEASUREMENTS.csv", help="One row per run.")],
    claim: Annotated[str, typer.Option(metavar="ID", help="The claim to judge.")],
    assume: Annotated[
        list[str] | None, typer.Option(metavar="PREMISE", help="Take this premise as given instead of measured.")
    ] = None,
    value_range: Annotated[
        str | None, typer.Option("--range", metavar="LOW,HIGH", help="Range of an observable factbound does not know.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="As in verdict.alpha=0.01.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A figure: .svg, .pdf or .png; its data go beside it as .csv.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 if undecided.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Judge a claim on measurements of your own: columns are the claim's symbols, seed, and the observable.

    Example: factbound judge runs.csv --claim ood-error-literal --assume pretraining_gap
    """
    from empirics.judging.measurements import judge

    chosen = load_settings(settings or [])
    known = _observable(claim, value_range)
    judged = judge(measurements, claim, settings=chosen, assume=assume or [], observable=known)
    if plot is not None:
        _plot(judged, chosen.alpha, plot, measurements)
    if as_json:
        print_json(_document(judged))
    else:
        _print(judged, console())
    if judged.outcome.verdict is Verdict.VIOLATED:
        return 1
    return 3 if strict and judged.outcome.verdict is Verdict.UNDECIDED else 0


def _observable(identifier: str, text: str | None) -> Any:
    if text is None:
        return None
    from empirics.observables.definition import Observable
    from theory import claim

    try:
        low, high = (float(part) for part in text.split(","))
        if not low < high:
            raise ValueError
    except ValueError:
        raise UsageError(f"--range={text} is refused: allowed is LOW,HIGH with LOW < HIGH, as in 0,1") from None
    return Observable(claim(identifier).observable, "a column of the user's table", "as measured", low, high)


def _plot(judged: Any, alpha: float, path: Path, measurements: Path) -> None:
    from empirics.files import write_atomically
    from empirics.report.figures.figure import FORMATS
    from empirics.report.figures.measured import judged_figure

    form = path.suffix.removeprefix(".")
    if form not in FORMATS:
        raise UsageError(f"--plot={path} is refused: allowed endings are {', '.join('.' + f for f in FORMATS)}")
    if path.with_suffix(".csv").resolve() == measurements.resolve():
        raise UsageError(f"--plot={path} is refused: its data would replace the measurements {measurements}")
    figure = judged_figure(judged, alpha)
    write_atomically(path, figure.render(form))
    write_atomically(path.with_suffix(".csv"), figure.csv)


def _document(judged: Any) -> dict[str, Any]:
    from empirics.verification.assembly import verdict_result

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


def _print(judged: Any, out: Any) -> None:
    from rich.table import Table

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
