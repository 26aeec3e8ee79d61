"""``factbound run``: one run of one cell, its curves and observables."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli import options
from empirics.cli.experiment_option import those_with
from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.experiments import single
from empirics.experiments.defaults import quiet
from empirics.experiments.load import load_settings
from empirics.experiments.registry import experiment as registered
from empirics.experiments.registry import experiments


def run_command(
    experiment: Annotated[str | None, typer.Option(metavar="NAME", help=f"One of: {those_with('inspect')}.")] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="The seed of everything that is random.")] = 0,
    preset: Annotated[str, typer.Option(help="A preset, as for 'factbound verify'.")] = "default",
    config: options.Config = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, as in world.subjects=100.")
    ] = None,
    save: Annotated[Path | None, typer.Option(metavar="DIR", help="Save weights, world and curves there.")] = None,
    as_json: options.Json = False,
    **axes: Any,
) -> None:
    """Train one model; print its curves and observables.

    Example: factbound run --templates 60 --multiplicity 3 --finetuned 20 --seed 0
    """
    chosen = registered(experiment)
    given = single.parsed(chosen, {name: text for name, text in axes.items() if text is not None})
    point = single.settings_at(chosen, given)
    # Arms do not run here, and the grid is the user's.
    found = load_settings(chosen, preset, config, [*(settings or []), *point], say=quiet)
    finished = single.inspect(chosen, found, given, seed)
    if save is not None:
        single.save(finished, save)
    if as_json:
        print_json(single.document(finished))
        return
    from empirics.observables.catalogue import observables
    from empirics.report.terminal import print_run

    units = {name: observables()[name].unit for name in finished.observables}
    print_run(finished.observables, units, finished.curves, console())


def _with_axes() -> None:
    """An option for each column of any experiment's grid, before the others."""
    signature = inspect.signature(run_command, eval_str=True)
    columns = {}
    for item in experiments().values():
        for symbol in item.axes:
            known, name = item.notation[symbol], item.column(symbol)
            if name in signature.parameters or name in columns:  # the command's own, or an earlier experiment's
                continue
            # Text: the experiment that is chosen says what it may be.
            hint = Annotated[str | None, typer.Option(metavar=known.name, help=f"{known.meaning}.")]
            columns[name] = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
    others = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in signature.parameters.values() if p.name != "axes"]
    run_command.__signature__ = signature.replace(parameters=[*columns.values(), *others])  # type: ignore[attr-defined] # as functools.wraps does
    run_command.__annotations__ |= {name: column.annotation for name, column in columns.items()}


_with_axes()
app.command("run")(run_command)
