"""``factbound compare``: what differs between two verifications."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from empirics.cli import options
from empirics.cli.output import console, print_json
from empirics.cli.root import app

_SIDE = "A directory of results, or a baseline that 'factbound check' wrote."


@app.command("compare")
def compare_command(
    first: Annotated[Path, typer.Argument(metavar="A", help=_SIDE)],
    second: Annotated[Path, typer.Argument(metavar="B", help=_SIDE)],
    all_rows: Annotated[
        bool, typer.Option("--all", help="Print every difference, not the first of each part.")
    ] = False,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Append everything as Markdown.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write everything as one page.")] = None,
    as_json: options.Json = False,
) -> None:
    """Tell what differs between two verifications: configuration, environment, plan, claims, verdicts, estimates.

    Exit 0 whatever differs: differences are the answer. 'factbound check' is the gate that fails.

    Example: factbound compare results-before results-after
    """
    from empirics.files import prepare_directory, write_atomically, write_text
    from empirics.report.compared import comparison_html, comparison_markdown, print_comparison
    from empirics.report.files import read_directory
    from empirics.verification.compare import compared, given

    if html is not None:
        prepare_directory(html.parent, files=(html.name,))
    found = compared(given(first, read_directory), given(second, read_directory))
    if markdown is not None:
        write_text(markdown, comparison_markdown(found), append=True)
    if html is not None:
        write_atomically(html, comparison_html(found))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_comparison(found, console(), all_rows=all_rows)
