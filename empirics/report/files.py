"""Everything that a verification writes into its directory, and its results read again."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from empirics.errors import UsageError
from empirics.experiments.presentation import FigureData
from empirics.files import hash_of as hash_of_files
from empirics.files import prepare_directory, write_atomically
from empirics.made import Made, hash_of
from empirics.report.figures.figure import FORMATS, Figure
from empirics.report.figures.plots import all_figures, draw, drawn_again, figures_of, named, picture
from empirics.report.figures.style import figure_style
from empirics.report.html import report_html
from empirics.report.sections import sections
from empirics.report.tables import cells_csv
from empirics.runs.environment import code_hash, versions
from empirics.verification.document import pieces, refusal
from empirics.verification.results import RESULTS, Results, read_results

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
RESULT_FILES = (RESULTS, "cells.csv", "report.html")


def read_directory(directory: Path) -> Results:
    """The results in a directory (UsageError: there are none)."""
    path = directory / RESULTS
    try:
        return read_results(path)
    except OSError as error:
        begun = os.path.isfile(directory / "plan.json")  # of Path, it fails on a name that is too long
        how = f"a run was begun there: 'factbound verify --output {directory}' resumes it"
        rest = how if begun else "'factbound verify --output' writes it"
        raise UsageError(f"cannot read {path}: {error.strerror}; {rest}") from None
    except (ValidationError, UnicodeDecodeError) as error:
        reason = refusal(error) if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{path} is not a results document: {reason}") from None


def directory_figures(directory: Path, only: str | None = None) -> list[Figure]:
    """The figures of the results in a directory, or of the map where it holds one and no results.

    ``only`` names some, separated by commas. Raises UsageError: there is neither, or no figure of a name.
    """
    if (directory / RESULTS).exists() or not (directory / "map.json").is_file():
        return all_figures(read_directory(directory), only)
    from empirics.report.map_files import read_map_directory

    return named(read_map_directory(directory), only)


def write_page(results: Results, directory: Path, made: Made | None = None, workers: int = 1) -> list[str]:
    """cells.csv, plots/*.svg each with its CSV, report.html; what is there from the same inputs is left as it is.

    If results.json is there, it must hold these results. Returned are the figures and sections that cannot be shown and
    were left out, a line each. ``made`` is the record of the directory, read from there if None; ``workers`` processes
    draw.
    """
    broken: list[str] = []
    prepare_directory(directory, files=RESULT_FILES, folders=("plots",))
    made = made or Made(directory)
    document, style = made.bytes_of(RESULTS) or hash_of(*pieces(results)), style_of_pages()
    if not made.stands("cells.csv", source := hash_of(style, document)):
        made.write("cells.csv", source, cells_csv(results))
    figures = _figures(results, made, style, workers, broken)
    shown = sections(directory, broken)
    parts = (text for section, pictures in shown for text in (section.model_dump_json(), *pictures))
    if not made.stands("report.html", source := hash_of(style, document, *broken, "", *parts)):
        made.write("report.html", source, report_html(results, figures, shown, broken))
    made.save()
    return broken


def _figures(results: Results, made: Made, style: str, workers: int, broken: list[str]) -> list[Figure]:
    """The figures, each in plots/ with its data; those that are not there yet are drawn."""
    data = {item.name: item for item in figures_of(results)}
    sources = {name: hash_of(style, item.model_dump_json()) for name, item in data.items()}
    pictures = {
        name: text.removeprefix(_DECLARATION)
        for name, source in sources.items()
        if (text := made.text(f"plots/{name}.svg", source)) is not None
    }
    missing = [item for name, item in data.items() if name not in pictures]
    if missing:
        figure_style()  # what no figure can be drawn without is no figure's own fault
    for item, (svg, reason) in zip(missing, _drawn(missing, workers), strict=True):
        if reason:  # an experiment's figure must not cost the page
            broken.append(reason)
        else:
            made.write(f"plots/{item.name}.svg", sources[item.name], _DECLARATION + svg)
            pictures[item.name] = svg
    figures = [
        replace(draw(data[name], drawn_again(name)), picture=pictures[name]) for name in data if name in pictures
    ]
    for figure in figures:
        if not made.stands(f"plots/{figure.name}.csv", sources[figure.name]):
            made.write(f"plots/{figure.name}.csv", sources[figure.name], figure.csv)
    return figures


def _drawn(missing: Sequence[FigureData], workers: int) -> list[tuple[str, str]]:
    if workers == 1:
        return [picture(item) for item in missing]
    from empirics.runs.pool import each

    return each(picture, missing, workers)


@lru_cache(maxsize=1)
def style_of_pages() -> str:
    """What decides how results look: sources, templates, and the library that draws."""
    folder = Path(__file__).parent
    templates = sorted(file for file in folder.iterdir() if file.suffix in (".j2", ".css", ".js"))
    return json.dumps(
        [
            code_hash(),
            *versions("factbound", "matplotlib", "jinja2", "numpy"),
            hash_of_files((f.name, f) for f in templates),
        ]
    )


def prepare_figures(directory: Path, form: str, files: Sequence[str] = ()) -> None:
    """Make the directory of figures (UsageError: it cannot be written to, or the format is unknown)."""
    if form not in FORMATS:
        raise UsageError(f"--format={form} is refused: allowed is {', '.join(FORMATS)}")
    prepare_directory(directory, files=files)


def write_figures(figures: Sequence[Figure], directory: Path, form: str) -> list[Path]:
    """Each figure alone in one of the formats, with its data as CSV beside it; the pictures' paths.

    Raises UsageError: the directory cannot be written to, or the format is unknown.
    """
    paths = [directory / f"{figure.name}.{form}" for figure in figures]
    prepare_figures(directory, form, [path.name for path in paths])
    for figure, path in zip(figures, paths, strict=True):
        write_atomically(path, figure.render(form))
        write_atomically(path.with_suffix(".csv"), figure.csv)
    return paths
