"""``factbound archive``: a directory of results as one zip for whoever evaluates it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from empirics.cli.output import console, with_broken
from empirics.cli.root import app


@app.command("archive")
def archive_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What 'factbound verify --output' wrote.")],
    output: Annotated[Path | None, typer.Option(metavar="FILE.zip", help="Default: DIR.zip.")] = None,
) -> int:
    """Pack results, report, plan, single runs, versions and scripts into one zip that 'factbound check' checks.

    The page in DIR is brought up to date first, as 'factbound report' does. The same DIR gives the same bytes.

    Example: factbound archive results --output artifact.zip
    """
    from empirics.files import prepare_directory
    from empirics.report.archived import archive

    path = output or Path(f"{directory.resolve()}.zip")
    prepare_directory(path.parent, files=(path.name,))
    files, broken = archive(directory, path)
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    console().print(f"{path}: {files} files, {size}. To check it: factbound check {path}", markup=False, soft_wrap=True)
    return with_broken(broken, 0)
