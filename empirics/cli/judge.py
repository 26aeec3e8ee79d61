"""``factbound judge``: verdicts on the user's own measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from empirics.cli import options
from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.judging.settings import load_settings


@app.command("judge")
def judge_command(
    measurements: Annotated[Path, typer.Argument(metavar="MEASUREMENTS.csv", help="One row per run; - for stdin.")],
    claim: Annotated[str, typer.Option(metavar="ID", help="The claim to judge.")],
    assume: Annotated[
        list[str] | None, typer.Option(metavar="PREMISE", help="Take this premise as given instead of measuring it.")
    ] = None,
    value_range: Annotated[
        str | None,
        typer.Option("--range", metavar="LOW,HIGH", help="Range of an observable unknown to factbound."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, as in verdict.alpha=0.01.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a figure (.svg, .pdf, .png) and its data (.csv)."),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Runs of the other arm of a comparison.")
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option(metavar="THEIRS=OURS", help="A column that has another name in the table.")
    ] = None,
    delimiter: Annotated[str | None, typer.Option(metavar="SIGN", help="Separator of columns; tab for a tab.")] = None,
    decimal: Annotated[str | None, typer.Option(metavar="SIGN", help="Decimal sign: . or ,")] = None,
    thousands: Annotated[str | None, typer.Option(metavar="SIGN", help="Separator of thousands.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 if undecided, 2 if a row has no value.")] = False,
    as_json: options.Json = False,
) -> int:
    """Judge a claim on measurements of your own: columns are the claim's symbols, seed, and the observable.

    Example: factbound judge runs.csv --claim ood-error-literal --assume pretraining_gap
    """
    from empirics.judging.measurements import judge, observable_of
    from empirics.judging.reading import Form, renames
    from empirics.report.judged import judged_document, print_judged, write_judged_figure

    chosen = load_settings(settings or [])
    known = observable_of(claim, value_range)
    form = Form({"tab": "\t", r"\t": "\t"}.get(delimiter or "", delimiter), decimal, thousands, renames(rename or []))
    judged = judge(
        measurements,
        claim,
        settings=chosen,
        assume=assume or [],
        observable=known,
        reference=reference,
        form=form,
        strict=strict,
    )
    if plot is not None:
        write_judged_figure(judged, chosen.alpha, plot, *([measurements, reference] if reference else [measurements]))
    if as_json:
        print_json(judged_document(judged))
    else:
        print_judged(judged, console())
    return judged.exit_status(strict=strict)
