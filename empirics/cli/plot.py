"""``factbound plot`` and ``factbound report``: figures and the page again, from stored results."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from empirics.cli.output import console, with_broken
from empirics.cli.root import app
from empirics.errors import UsageError
from theory import UnknownClaimError, claim
from theory.plugins import BrokenPluginError


@app.command("plot")
def plot_command(
    subject: Annotated[str, typer.Argument(metavar="DIR|ID", help="Results of 'factbound verify', or a claim.")],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE ...", help="With ID: N_f=1:100 is the axis, K=1,2,4 gives a line each."),
    ] = None,
    form: Annotated[str, typer.Option("--format", metavar="svg|png|pdf", help="Output format.")] = "svg",
    only: Annotated[str | None, typer.Option(metavar="NAME,NAME", help="With DIR: these figures only.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where figures go (default: DIR/plots, or with ID this folder).")
    ] = None,
) -> None:
    """Draw each figure alone, in the width of a paper's column or page, with its data as CSV beside it.

    With DIR the figures of a verification; with ID the bound itself over a range, without any measurement. A name that
    is both is the claim; DIR/ is the directory.

    Example: factbound plot ood-error-literal K=2,4 R=40 N_f=1:200
    """
    from empirics.report.files import write_figures

    directory = Path(subject)
    is_directory = os.path.isdir(subject)  # of Path, it fails on a name that is too long
    if is_directory and (os.path.basename(subject) != subject or not _is_claim(subject)):
        from empirics.report.figures.plots import all_figures
        from empirics.report.files import read_directory

        if values:
            raise UsageError(f"{values[0]} goes with a claim, and {subject} is a directory")
        figures = all_figures(read_directory(directory), only)
        target = output or directory / "plots"
    else:
        from empirics.report.figures.bounds import claim_figure

        if only is not None:
            what = f"a claim; the directory is {subject}{os.sep}" if is_directory else "none"
            raise UsageError(f"--only={only} goes with a directory, and {subject} is {what}")
        if is_directory and (directory / "results.json").is_file():
            print(
                f"factbound: {subject} is drawn as the claim; the results in the directory are {subject}{os.sep}",
                file=sys.stderr,
            )
        figures = [claim_figure(subject, values or [])]
        target = output or Path()
    for figure, picture in zip(figures, write_figures(figures, target, form), strict=True):
        console().print(f"{picture}  {figure.title}", markup=False, soft_wrap=True)


def _is_claim(name: str) -> bool:
    try:
        claim(name)
    except UnknownClaimError:
        return False
    except BrokenPluginError:  # told when it is drawn
        return True
    return True


@app.command("report")
def report_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Results of 'factbound verify'.")],
) -> int:
    """Write report.html, cells.csv and the plots again from results.json; nothing is trained or judged.

    A directory of several results, as ``verify --paper all`` leaves it, gets its front page again too.

    Example: factbound report results
    """
    from empirics.report.files import read_directory, write_page
    from empirics.report.front import parts_of, write_front
    from empirics.report.tables import answer

    broken: list[str] = []
    several = parts_of(directory)
    for place in several or [directory]:
        results = read_directory(place)
        broken += write_page(results, place)
        console().print(f"{place / 'report.html'}\n{answer(results)}", markup=False, soft_wrap=True)
    if several:
        console().print(f"All papers: {write_front(directory)}.", markup=False, soft_wrap=True)
    return with_broken(broken, 0)
