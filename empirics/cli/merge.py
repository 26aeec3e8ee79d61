"""``factbound merge``: the runs of several stores in one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from empirics.cli.output import console, progress_console
from empirics.cli.root import app
from empirics.errors import UsageError


@app.command("merge")
def merge_command(
    stores: Annotated[
        list[Path],
        typer.Argument(metavar="DIR DIR ...", help="Output directories whose runs are joined, or their runs.sqlite."),
    ],
    output: Annotated[Path, typer.Option(metavar="DIR", help="A directory without runs, for all of them.")],
) -> None:
    """Join the runs that were made on several machines, with what is known of their origin.

    Example: factbound merge results-a results-b --output results
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from empirics.files import prepare_directory
    from empirics.runs.merge import merge

    sources = _files(stores)
    directory = prepare_directory(output, files=("runs.sqlite",))
    columns = (SpinnerColumn(), TextColumn("{task.completed} runs merged"))
    with Progress(*columns, console=progress_console(), transient=True) as bar:
        task = bar.add_task("merging", total=None)
        merged = merge(sources, directory / "runs.sqlite", lambda rows: bar.advance(task, rows))
    lines = []
    for path, number in merged.read.items():
        damaged = merged.damaged[path]
        named = "; ".join(damaged[:3]) + ("; ..." if len(damaged) > 3 else "")
        lines.append(
            f"{path}: runs: {number}" + (f"; damaged and left out: {len(damaged)} ({named})" if damaged else "")
        )
    repeated = f", {merged.repeated} equal ones left out" if merged.repeated else ""
    joined = f"runs: {merged.written}{repeated}; kinds of machines: {len(merged.machines)}"
    lines.append(f"{directory / 'runs.sqlite'}: {joined}")
    for line in lines:
        console().print(line, markup=False, soft_wrap=True)


def _files(stores: list[Path]) -> list[Path]:
    """The files of the stores (UsageError: one is not there, or is named twice, or there is only one)."""
    found: dict[Path, Path] = {}
    for given in stores:
        path = given / "runs.sqlite" if given.is_dir() else given
        if not path.is_file():
            raise UsageError(f"{given} holds no runs.sqlite; allowed are output directories of factbound, or that file")
        if path.resolve() in found:
            raise UsageError(f"{given} is named twice; allowed are different stores")
        found[path.resolve()] = path
    if len(found) < 2:
        raise UsageError(f"{stores[0]} is one store; allowed are two or more")
    return list(found.values())
