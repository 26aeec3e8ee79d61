"""``factbound cite``: BibTeX of the software and the papers, and what to write of results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from empirics.cli import options
from empirics.cli.output import print_json
from empirics.cli.root import app
from empirics.errors import UsageError


@app.command("cite")
def cite_command(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Results: cite what ran and the papers that were tested.")
    ] = None,
    as_latex: Annotated[bool, typer.Option("--latex", help="The sentence and a table of verdicts in LaTeX.")] = False,
    as_json: options.Json = False,
) -> None:
    """Print BibTeX of factbound and of the papers; of results also one sentence for a paper's text.

    Example: factbound cite results --latex
    """
    from empirics.report.cite import cite

    if directory is None:
        if as_latex:
            raise UsageError("--latex goes with a directory of results, as in 'factbound cite results --latex'")
        found = cite()
    else:
        from empirics.report.files import read_directory

        found = cite(read_directory(directory))
    for name in found.unknown:
        print(f"factbound: paper {name} is not registered here (--with loads a file of it)", file=sys.stderr)
    if as_json:
        print_json(found.document())
        return
    words = (found.sentence_latex, found.table) if as_latex else (found.sentence,)
    print("\n".join(part.rstrip("\n") + "\n" for part in (found.bibtex, *words) if part), end="")
