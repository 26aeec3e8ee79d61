"""``factbound facts convert``: a published data set as a table for ``--facts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from empirics.cli.output import console
from empirics.cli.root import Commands, app, without_command
from empirics.experiments.registry import convert_facts

_GROUP = typer.Typer(
    cls=Commands,
    help="Tables of real facts.\n\nExample: factbound facts convert P36.train.json --output facts.tsv",
    rich_markup_mode=None,
)
_GROUP.callback(invoke_without_command=True)(without_command)


@_GROUP.command("convert")
def convert_command(
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="A file of the data set, also .gz, or the folder of its files.")
    ],
    output: Annotated[Path, typer.Option("--output", metavar="FILE.tsv", help="The table for --facts.")],
    name: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="popqa|entityquestions|lama|pararel|counterfact|zsre",
            help="The data set's format; recognised by the keys of its rows if not given.",
        ),
    ] = None,
) -> None:
    """Write a published data set as a table that --facts reads, and say what became of every row.

    Example: factbound facts convert P36.train.json --output facts.tsv
    """
    for line in convert_facts(source, output, name):
        console().print(line, markup=False, soft_wrap=True)


app.add_typer(_GROUP, name="facts")
