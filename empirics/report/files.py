"""Everything that a verification writes into its directory, and its results read again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from empirics.errors import UsageError
from empirics.experiments.presentation import FigureData
from empirics.files import hash_of as hash_of_files
from empirics.files import prepare_directory, write_atomically
from empirics.made import Made, hash_of
from empirics.report.figures.figure import FORMATS, Figure
from empirics.report.figures.plots import all_figures, draw
from empirics.report.html import report_html
from empirics.report.sections import sections
from empirics.report.tables import cells_csv
from empirics.runs.environment import code_hash, versions
from empirics.verification.document import refusal
from empirics.verification.results import RESULTS, Results, read_results

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
RESULT_FILES = (RESULTS, "cells.csv", "report.html")


def read_directory(directory: Path) -> Results:
    """The results in a directory (UsageError: there are none)."""
    path = directory / RESULTS
    try:
        return read_results(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; 'factbound verify --output' writes it") from None
    except (ValidationError, UnicodeDecodeError) as error:
        reason = refusal(error) if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{path} is not a results document: {reason}") from None


def write_page(results: Results, directory: Path, made: Made | None = None) -> list[str]:
    """cells.csv, plots/*.svg each with its CSV, report.html; what is there from the same inputs is left as it is.

    Returned are the figures and sections that cannot be shown and were left out, a line each. ``made`` is the record of
    the directory, read from there if None.
    """
    broken: list[str] = []
    prepare_directory(directory, files=RESULT_FILES, folders=("plots",))
    made = made or Made(directory)
    document, style = results.model_dump_json(), _style()
    if made.text("cells.csv", source := hash_of(style, document)) is None:
        made.write("cells.csv", source, cells_csv(results))
    sources = {data.name: hash_of(style, data.model_dump_json()) for data in (*results.shown.figures, *results.figures)}
    figures = all_figures(results, broken=broken, drawn=partial(_drawn, made, sources))
    for figure in figures:
        for name, text in ((f"{figure.name}.svg", _DECLARATION + figure.svg), (f"{figure.name}.csv", figure.csv)):
            if f"plots/{name}" not in made.unchanged:
                made.write(f"plots/{name}", sources[figure.name], text)
    shown = sections(directory, broken)
    parts = (text for section, pictures in shown for text in (section.model_dump_json(), *pictures))
    if made.text("report.html", source := hash_of(style, document, *broken, "", *parts)) is None:
        made.write("report.html", source, report_html(results, figures, shown, broken))
    made.save()
    return broken


def _drawn(made: Made, sources: Mapping[str, str], data: FigureData) -> Figure:
    """A figure, with its picture where that stands in plots/ already."""
    figure = draw(data)
    made.text(f"plots/{data.name}.csv", sources[data.name])
    picture = made.text(f"plots/{data.name}.svg", sources[data.name])
    return figure if picture is None else replace(figure, picture=picture.removeprefix(_DECLARATION))


@lru_cache(maxsize=1)
def _style() -> str:
    """What decides how results look: sources, templates, and the library that draws."""
    folder = Path(__file__).parent
    templates = sorted(file for file in folder.iterdir() if file.suffix in (".j2", ".css", ".js"))
    return json.dumps(
        [code_hash(), *versions("matplotlib", "jinja2", "numpy"), hash_of_files((f.name, f) for f in templates)]
    )


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
