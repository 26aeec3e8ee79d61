"""``factbound run``: one run of one cell, its curves and observables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli import options
from empirics.cli.axes import with_axes
from empirics.cli.experiment_option import those_with
from empirics.cli.output import console, print_json, typed
from empirics.cli.root import app
from empirics.experiments import single
from empirics.experiments.defaults import quiet
from empirics.experiments.load import load_settings
from empirics.experiments.registry import experiment as registered


def run_command(
    experiment: Annotated[str | None, typer.Option(metavar="NAME", help=f"One of: {those_with('inspect')}.")] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="The seed of everything that is random.")] = 0,
    preset: Annotated[str, typer.Option(help="A preset, as for 'factbound verify'.")] = "default",
    config: options.Config = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, as in world.subjects=100.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="DIR", help="Draw its training and weights there.")] = None,
    form: Annotated[str, typer.Option("--format", metavar="svg|png|pdf", help="With --plot: output format.")] = "svg",
    save: Annotated[Path | None, typer.Option(metavar="DIR", help="Save weights, world and curves there.")] = None,
    as_json: options.Json = False,
    **axes: Any,
) -> None:
    """Train one model; print its curves and observables.

    Example: factbound run --templates 60 --multiplicity 3 --finetuned 20 --seed 0
    """
    chosen = registered(experiment)
    single.check_inspected(chosen)
    if plot is not None:
        from empirics.report.files import prepare_figures

        single.check_pictured(chosen)
        prepare_figures(plot, form)
    given = single.parsed(chosen, {name: text for name, text in axes.items() if text is not None})
    point = single.settings_at(chosen, given)
    # Arms do not run here, and the grid is the user's.
    found = load_settings(chosen, preset, config, [*(settings or []), *point], say=quiet)
    finished = single.inspect(chosen, found, given, seed)
    if save is not None:
        single.save(finished, save)
    pictures: list[tuple[Path, str]] = []
    if plot is not None:
        from empirics.report.figures.plots import draw
        from empirics.report.files import write_figures

        again = {"experiment": experiment, **axes, "seed": str(seed), "preset": preset}
        again |= {"config": None if config is None else str(config), "set": settings, "plot": "."}
        command = typed("run", **again)
        figures = [draw(data, command) for data in single.pictures(chosen, found, given, finished)]
        pictures = [(p, f.title) for p, f in zip(write_figures(figures, plot, form), figures, strict=True)]
    if as_json:
        print_json(single.document(finished))
        return
    from empirics.observables.catalogue import observables
    from empirics.report.terminal import print_run

    units = {name: observables()[name].unit for name in finished.observables}
    print_run(finished.observables, units, finished.curves, console())
    for picture, title in pictures:
        console().print(f"{picture}  {title}", markup=False, soft_wrap=True)


with_axes(run_command)
app.command("run")(run_command)
