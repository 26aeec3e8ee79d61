"""``factbound run``: one model, its curves and observables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from empirics.cli.app import app
from empirics.cli.output import console, print_json
from empirics.experiments.one_layer.config import load_config

__all__ = ["run_command"]


@app.command("run")
def run_command(
    templates: Annotated[int, typer.Option(metavar="R", help="|R|, relation templates in the universe.")],
    multiplicity: Annotated[int, typer.Option(metavar="K", help="Templates each fact is written with.")],
    finetuned: Annotated[int, typer.Option(metavar="N", help="N_f, facts revisited in fine-tuning.")],
    seed: Annotated[int, typer.Option(metavar="S", help="World, initialisation and order derive from it.")] = 0,
    preset: Annotated[str, typer.Option(help="quick, default or full.")] = "default",
    config: Annotated[Path | None, typer.Option(metavar="FILE.toml", help="Configuration over the preset.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting.")] = None,
    save: Annotated[Path | None, typer.Option(metavar="DIR", help="Save weights, world and curves there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Pre-train and fine-tune one model; print its curves and observables.

    Example: factbound run --templates 60 --multiplicity 3 --finetuned 20 --seed 0
    """
    from empirics.experiments.one_layer.single import document, run_single, save_run

    point = [f"world.templates=[{templates}]", f"world.multiplicity=[{multiplicity}]", f"world.finetuned=[{finetuned}]"]
    chosen = load_config(preset, config, [*(settings or []), *point])
    finished = run_single(chosen, templates=templates, multiplicity=multiplicity, finetuned=finetuned, seed=seed)
    if save is not None:
        save_run(finished, save)
    if as_json:
        print_json(document(finished))
        return
    from empirics.report.terminal import print_run

    print_run(finished.observables, finished.curves, console())
