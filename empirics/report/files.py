"""Everything that a verification writes into its directory, and its results read again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from empirics.errors import UsageError
from empirics.files import prepare_directory, write_atomically
from empirics.report.figures.figure import FORMATS, Figure
from empirics.report.figures.plots import all_figures
from empirics.report.html import report_html
from empirics.report.sections import sections
from empirics.report.tables import cells_csv
from empirics.verification.document import refusal
from empirics.verification.results import Results, read_results

RESULT_FILES = ("results.json", "cells.csv", "report.html")


def read_directory(directory: Path) -> Results:
    """The results in a directory (UsageError: there are none)."""
    path = directory / "results.json"
    try:
        return read_results(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; 'factbound verify --output' writes it") from None
    except (ValidationError, UnicodeDecodeError) as error:
        reason = refusal(error) if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{path} is not a results document: {reason}") from None


def write_page(results: Results, directory: Path) -> list[str]:
    """cells.csv, plots/*.svg each with its CSV, report.html.

    Returned are the figures and sections that cannot be shown and were left out, a line each.
    """
    broken: list[str] = []
    prepare_directory(directory, files=RESULT_FILES, folders=("plots",))
    write_atomically(directory / "cells.csv", cells_csv(results))
    figures = all_figures(results, broken=broken)
    for figure in figures:
        picture = f'<?xml version="1.0" encoding="utf-8"?>\n{figure.svg}'
        write_atomically(directory / "plots" / f"{figure.name}.svg", picture)
        write_atomically(directory / "plots" / f"{figure.name}.csv", figure.csv)
    page = report_html(results, figures, sections(directory, broken), broken)
    write_atomically(directory / "report.html", page)
    return broken


def write_figures(figures: Sequence[Figure], directory: Path, form: str) -> list[Path]:
    """Each figure alone in one of the formats, with its data as CSV beside it; the pictures' paths.

    Raises UsageError: the directory cannot be written to, or the format is unknown.
    """
    if form not in FORMATS:
        raise UsageError(f"--format={form} is refused: allowed is {', '.join(FORMATS)}")
    pictures = [directory / f"{figure.name}.{form}" for figure in figures]
    prepare_directory(directory, files=[picture.name for picture in pictures])
    for figure, picture in zip(figures, pictures, strict=True):
        write_atomically(picture, figure.render(form))
        write_atomically(picture.with_suffix(".csv"), figure.csv)
    return pictures
