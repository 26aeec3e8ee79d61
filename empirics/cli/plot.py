"""``factbound plot`` and ``factbound report``: figures and the page again, from stored results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli.output import console
from empirics.cli.root import app
from empirics.errors import UsageError
from theory import DomainError, UnknownClaimError, all_claims, claim
from theory.claims.xu_chen.paper import NOTATION
from theory.numbers.evaluate import parse_value

__all__ = ["plot_command", "read_directory", "report_command"]

_MOST_POINTS = 400


@app.command("plot")
def plot_command(
    subject: Annotated[str, typer.Argument(metavar="DIR|ID", help="Results of 'factbound verify', or a claim.")],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE ...", help="With ID: N_f=1:100 is the axis, K=1,2,4 gives a line each."),
    ] = None,
    form: Annotated[str, typer.Option("--format", metavar="svg|png|pdf", help="Of the pictures.")] = "svg",
    only: Annotated[str | None, typer.Option(metavar="NAME,NAME", help="With DIR: these figures only.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where they go: DIR/plots if not given; with ID, here.")
    ] = None,
) -> None:
    """Draw each figure alone, in the width of a paper's column or page, with its data as CSV beside it.

    With DIR the figures of a verification; with ID the bound itself over a range, without any measurement.

    Example: factbound plot results --format pdf --only ood-error

    Example: factbound plot ood-error-literal K=2,4 R=40 N_f=1:200
    """
    from empirics.files import prepare_directory, write_atomically
    from empirics.report.figures.figure import FORMATS

    if form not in FORMATS:
        raise UsageError(f"--format={form} is refused: allowed is {', '.join(FORMATS)}")
    directory = Path(subject)
    if directory.is_dir():
        if values:
            raise UsageError(f"{values[0]} goes with a claim, and {subject} is a directory")
        figures = _chosen(directory, only)
        target = output or directory / "plots"
    else:
        if only is not None:
            raise UsageError(f"--only={only} goes with a directory, and {subject} is none")
        figures = [_bound(subject, values or [])]
        target = output or Path()
    prepare_directory(target, files=[f"{figure.name}.{form}" for figure in figures])
    for figure in figures:
        write_atomically(target / f"{figure.name}.{form}", figure.render(form))
        write_atomically(target / f"{figure.name}.csv", figure.csv)
        console().print(f"{target / figure.name}.{form}  {figure.title}", markup=False, soft_wrap=True)


@app.command("report")
def report_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Results of 'factbound verify'.")],
) -> None:
    """Write report.html, cells.csv and the plots again from results.json; nothing is trained or judged.

    Example: factbound report results
    """
    from empirics.files import prepare_directory
    from empirics.report.files import RESULT_FILES, write_page
    from empirics.report.tables import answer

    results = read_directory(directory)
    prepare_directory(directory, files=RESULT_FILES, folders=("plots",))
    write_page(results, directory)
    console().print(f"{directory / 'report.html'}\n{answer(results)}", markup=False, soft_wrap=True)


def read_directory(directory: Path) -> Any:
    """The results in a directory; one clear line if there are none."""
    from pydantic import ValidationError

    from empirics.verification.results import read_results

    path = directory / "results.json"
    try:
        return read_results(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; 'factbound verify --output' writes it") from None
    except (ValidationError, UnicodeDecodeError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{path} is no results document: {reason}") from None


def _chosen(directory: Path, only: str | None) -> list[Any]:
    from empirics.report.figures.plots import all_figures

    figures = all_figures(read_directory(directory))
    if only is None:
        return figures
    names = [name.strip() for name in only.split(",")]
    unknown = [name for name in names if name not in {f.name for f in figures}]
    if unknown:
        raise UsageError(f"--only={unknown[0]} is refused: allowed are {', '.join(f.name for f in figures)}")
    return [figure for figure in figures if figure.name in names]


def _bound(identifier: str, texts: list[str]) -> Any:
    """The figure of a claim's bound; ``N_f=1:200`` is the axis, ``K=1,2`` gives a line each."""
    from empirics.report.figures.bounds import bound_figure

    try:
        item = claim(identifier)
    except UnknownClaimError:
        known = ", ".join(c.id for c in all_claims() if c.log_expression is not None)
        raise UsageError(f"{identifier} is neither a directory nor a claim; claims with a bound are {known}") from None
    given: dict[str, list[float]] = {}
    axis = None
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise DomainError(f"{text!r} is not of the form NAME=VALUE; symbols are {', '.join(NOTATION)}")
        if name in given:
            raise DomainError(f"{name} is given twice")
        low, colon, high = value.partition(":")
        if colon:
            if axis is not None:
                raise DomainError(f"{axis} and {name} are both ranges; one is the axis, the other takes K=1,2,4")
            axis, given[name] = name, _range(name, low, high)
        else:
            given[name] = [parse_value(name, part) for part in value.split(",")]
    return bound_figure(item, given, axis)


def _range(name: str, low: str, high: str) -> list[float]:
    """Values from low to high: all whole numbers if there are few, else evenly spread ones."""
    import numpy as np

    first, last = parse_value(name, low), parse_value(name, high)
    if not first < last:
        raise DomainError(f"{name}={low}:{high} is refused: allowed is LOW:HIGH with LOW < HIGH")
    if NOTATION[name].integer:
        count = int(min(last - first + 1, _MOST_POINTS))
        return [float(v) for v in np.unique(np.rint(np.linspace(first, last, count)))]
    return [float(v) for v in np.linspace(first, last, _MOST_POINTS)]
