"""``factbound plot`` and ``factbound report``: figures and the page again, from stored results."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empirics.cli.output import console, typed, with_broken
from empirics.cli.root import app
from empirics.errors import UsageError
from theory import UnknownClaimError, claim
from theory.plugins import BrokenPluginError

if TYPE_CHECKING:
    from empirics.report.figures.figure import Figure


@app.command("plot")
def plot_command(
    subject: Annotated[
        str, typer.Argument(metavar="DIR|ID", help="Results of 'factbound verify' or 'map', or a claim.")
    ],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE ...", help="With ID: N_f=1:100 is the axis, K=1,2,4 gives a line each."),
    ] = None,
    y: Annotated[
        str | None, typer.Option("--y", metavar="OBSERVABLE", help="With DIR: draw this observable of its cells.")
    ] = None,
    x: Annotated[
        str | None,
        typer.Option("--x", metavar="AXIS", help="With --y: a symbol, as N_f, or step (default: last of the grid)."),
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="AXIS", help="With --y: a series for each of its values.")] = None,
    panel: Annotated[str | None, typer.Option(metavar="AXIS", help="With --y: a panel for each of its values.")] = None,
    at: Annotated[
        list[str] | None, typer.Option(metavar="AXIS=VALUE", help="With --y: fix an axis that varies.")
    ] = None,
    claims: Annotated[
        str | None, typer.Option(metavar="ID,ID", help="With --y: bounds as lines, deciding limits as bars.")
    ] = None,
    arm: Annotated[str | None, typer.Option(metavar="NAME", help="With --y: another arm than the leading one.")] = None,
    log: Annotated[str | None, typer.Option(metavar="x|y|xy", help="With --y: logarithmic axes.")] = None,
    style: Annotated[
        str | None, typer.Option(metavar="paper|slides|poster", help="With --y or ID: sizes of text, lines and marks.")
    ] = None,
    width: Annotated[str | None, typer.Option(metavar="W", help="With --y or ID: as 3.25in, 8cm, 85mm, 240pt.")] = None,
    form: Annotated[str, typer.Option("--format", metavar="svg|png|pdf", help="Output format.")] = "svg",
    only: Annotated[str | None, typer.Option(metavar="NAME,NAME", help="With DIR: these figures only.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where figures go (default: DIR/plots, or with ID this folder).")
    ] = None,
) -> None:
    """Draw each figure alone, in the width of a paper's column or page, with its data as CSV beside it.

    With DIR the figures of a verification or map, or with --y one of your own; with ID the bound itself over a range,
    without any measurement. A name that is both is the claim; DIR/ is the directory.

    Example: factbound plot ood-error-literal K=2,4 R=40 N_f=1:200
    """
    from empirics.report.files import write_figures

    directory = Path(subject)
    is_directory = os.path.isdir(subject)  # of Path, it fails on a name that is too long
    own = {"x": x, "by": by, "panel": panel, "at": at, "claims": claims, "arm": arm, "log": log}
    look = {"style": style, "width": width}
    if is_directory and (os.path.basename(subject) != subject or not _is_claim(subject)):
        if values:
            raise UsageError(f"{values[0]} goes with a claim, and {subject} is a directory")
        figures = _of_directory(directory, only, y, own, look)
        target = output or directory / "plots"
    else:
        what = f"a claim; the directory is {subject}{os.sep}" if is_directory else "none that is there"
        _refuse({"only": only, "y": y, **own}, f"a directory, and {subject} is {what}")
        if is_directory and (directory / "results.json").is_file():
            print(
                f"factbound: {subject} is drawn as the claim; the results in the directory are {subject}{os.sep}",
                file=sys.stderr,
            )
        figures = [_of_claim(subject, values or [], look)]
        target = output or Path()
    for figure, picture in zip(figures, write_figures(figures, target, form), strict=True):
        console().print(f"{picture}  {figure.title}", markup=False, soft_wrap=True)


def _fixed(texts: Sequence[str]) -> dict[str, Any]:
    """Values of axes; each axis once."""
    fixed: dict[str, Any] = {}
    for text in texts:
        name, value = _pair(text)
        if name in fixed:
            raise UsageError(f"--at={text} is refused: {name} is fixed already; give each axis once")
        fixed[name] = value
    return fixed


_Given = Mapping[str, Any]


def _refuse(given: _Given, where: str) -> None:
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"--{name}={value if isinstance(value, str) else value[0]} goes with {where}")


def _of_directory(directory: Path, only: str | None, y: str | None, own: _Given, look: _Given) -> list[Figure]:
    from empirics.report.figures.observable_figure import observable_figure
    from empirics.report.files import directory_figures, read_directory

    if y is None:
        _refuse(own, "--y=OBSERVABLE")
        _refuse(look, "--y=OBSERVABLE or a claim: the other figures are laid out for a paper")
        return directory_figures(directory, only)
    _refuse({"only": only}, "the figures of the results; --y draws another one")
    asked = dict(own) | {
        "at": _fixed(own["at"] or ()),
        "claims": [name.strip() for name in own["claims"].split(",")] if own["claims"] else (),
        "log": own["log"] or "",
    }
    command = typed("plot", ".", y=y, **own, **look)
    return [observable_figure(read_directory(directory), y, **asked, **_sizes(look), command=command)]


def _of_claim(identifier: str, values: list[str], look: _Given) -> Figure:
    from empirics.report.figures.bounds import claim_figure

    return claim_figure(identifier, values, **_sizes(look), command=typed("plot", identifier, *values, **look))


def _sizes(look: _Given) -> dict[str, Any]:
    from empirics.report.figures.style import inches

    style, width = look["style"] or "paper", look["width"]
    return {"style": style, "width": inches(width, style) if width else None}


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise UsageError(f"--at={text} is refused: allowed is AXIS=VALUE, as in K=3")
    return name.strip(), value.strip()


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
