"""``factbound predict``: the error that is expected at a cell, by the law, and what is proved there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from empirics.cli import options
from empirics.cli.axes import with_axes
from empirics.cli.experiment_option import those_with
from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.experiments import predict as predictions
from empirics.experiments import single
from empirics.experiments.defaults import quiet
from empirics.experiments.expectation import Expected
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Experiment
from empirics.experiments.registry import experiment as registered


def predict_command(
    experiment: Annotated[str | None, typer.Option(metavar="NAME", help=f"One of: {those_with('expect')}.")] = None,
    subjects: Annotated[
        str | None, typer.Option(metavar="S", help="Number of subjects: short for --set world.subjects=S.")
    ] = None,
    worlds: Annotated[
        int, typer.Option(metavar="N", help="Pre-train N models for it: features measured, each fact predicted.")
    ] = 0,
    preset: Annotated[str, typer.Option(help="A preset, as for 'factbound verify'.")] = "default",
    config: options.Config = None,
    settings: options.Set = None,
    as_json: options.Json = False,
    **axes: Any,
) -> None:
    """The error to expect at a cell without running it, with limits; and which bounds are proved there.

    Example: factbound predict --templates 40 --multiplicity 4 --finetuned 5
    """
    chosen = registered(experiment)
    if type(chosen).expect is Experiment.expect:
        chosen.expect(None, (), 0)  # says that it has no law
    given = single.parsed(chosen, {name: text for name, text in axes.items() if text is not None})
    sizes = [] if subjects is None else [f"world.subjects={subjects}"]
    point = single.settings_at(chosen, given)
    found = load_settings(chosen, preset, config, [*options.with_short(settings, sizes), *point], say=quiet)
    expected = predictions.expected(chosen, found, given, worlds)
    bounds = predictions.bounds_beside(chosen, found, expected)
    if as_json:
        cell = {"cell": dict(expected.cell.values), "bounds": [asdict(bound) for bound in bounds]}
        print_json(asdict(expected) | cell)
        return
    _print(expected, bounds)


def _print(expected: Expected, bounds: list[predictions.Beside]) -> None:
    from empirics.report.plain import plain_table

    out = console()
    out.print(f"{expected.observable} at {expected.cell}: about {expected.text}", style="bold", markup=False)
    lines = [("law", expected.basis)]
    if expected.outside:
        lines.append(("outside", "; ".join(expected.outside) + ": no limits are known there"))
    else:
        lines.append(("limits", "as wide as 95 % of the cells need on which the law was tested"))
    for name, value, error in expected.others:
        lines.append((name, f"{value:.3f}" + ("" if error is None else f", standard error {error:.3f} over worlds")))
    for name, text in lines:
        out.print(f"  {name:<12}  {text}", markup=False, soft_wrap=True)
    rows = [(b.claim, b.kind, f"{b.bound:.6g}", b.arm, b.status) for b in bounds]
    out.print()
    out.print(plain_table("bounds", "kind", "value", "of the arm", "status", rows=rows), markup=False)


with_axes(predict_command)
app.command("predict")(predict_command)
