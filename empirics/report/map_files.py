"""What ``factbound map`` writes: map.json, cells.csv, contours.csv, map.md, plots; and prints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from empirics.errors import UsageError
from empirics.files import write_atomically
from empirics.regimes.document import RegimeMap, read_map
from empirics.report.figures.figure import Figure
from empirics.report.figures.heat_figure import heat_figure
from empirics.report.figures.law_figures import law_figure, prediction_figure, reliability_figure
from empirics.report.figures.plots import drawn_again
from empirics.report.figures.regime_figures import contour_figure, moves_figure, readings_figure
from empirics.report.plain import plain_table
from empirics.report.regime_tables import Table, all_tables, cells_csv, contours_csv, markdown
from empirics.report.sections import Section, SectionFigure, write_section
from empirics.verification.document import refusal, write_document
from theory.plural import counted

_FIGURES = (
    contour_figure,
    heat_figure,
    readings_figure,
    moves_figure,
    law_figure,
    prediction_figure,
    reliability_figure,
)
MAP_FILES = ("map.json", "cells.csv", "contours.csv", "map.md")


def map_parts(found: RegimeMap) -> tuple[list[Figure], list[Table]]:
    """Every figure and table that the map allows, for embedding in a page.

    Example:
        >>> from empirics.experiments.registry import experiment
        >>> from empirics.regimes.make import load_map_settings, make_map
        >>> sizes = ["world.templates=[6]", "world.multiplicity=[2]", "world.finetuned=[2,4]", "arms.templates=[6]"]
        >>> tiny = [*sizes, "arms.multiplicity=[2]", "pretraining.steps=50", "seeds.looks=[3]"]
        >>> design = experiment().map_design()
        >>> figures, tables = map_parts(make_map(design, load_map_settings(design, settings=tiny), [], workers=1))
        >>> figures[0].name, tables[0].name
        ('map', 'regimes')
    """
    figures = [figure for make in _FIGURES if (figure := make(found)) is not None]
    return [replace(figure, command=drawn_again(figure.name)) for figure in figures], all_tables(found)


def read_map_directory(directory: Path) -> list[Figure]:
    """The figures of the map in a directory (UsageError: it holds none that can be read)."""
    path = directory / "map.json"
    try:
        return map_parts(read_map(path))[0]
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (ValidationError, UnicodeDecodeError) as error:
        reason = refusal(error) if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{path} is not a map: {reason}") from None


def data_of(found: RegimeMap) -> dict[str, str]:
    """By the name of each figure of a map its data as CSV."""
    return {figure.name: figure.csv for figure in map_parts(found)[0]}


def write_map_files(found: RegimeMap, directory: Path) -> None:
    """map.json first, then tables and figures, and all as a section of the report of the directory above."""
    write_document(found, directory / "map.json")
    write_atomically(directory / "cells.csv", cells_csv(found))
    write_atomically(directory / "contours.csv", contours_csv(found))
    figures, tables = map_parts(found)
    for figure in figures:
        write_atomically(directory / "plots" / f"{figure.name}.svg", figure.svg)
        write_atomically(directory / "plots" / f"{figure.name}.csv", figure.csv)
    write_atomically(directory / "map.md", "\n\n".join(markdown(table) for table in tables) + "\n")
    cells = counted(len(found.cells), "cell")
    about = f"{cells}. Time-uniform intervals decide which cells succeed, fail, or lie between."
    shown = [SectionFigure(file=f"plots/{f.name}.svg", title=f.title, caption=f.caption) for f in figures]
    section = Section(
        id="regimes",
        title="The map of regimes",
        order=10,
        paragraphs=(about,) if found.complete else (about, "Interrupted: only finished runs are shown."),
        figures=tuple(shown),
        tables=tuple(tables),
    )
    write_section(section, directory)


def print_map(found: RegimeMap, out: Console, directory: Path | None) -> None:
    """All tables but the longest, and where the rest lies, if it was written."""
    for table in all_tables(found):
        if table.name == "transitions":
            continue
        shown = plain_table(title=table.caption)
        shown.title_style = ""
        for i, heading in enumerate(table.columns):
            shown.add_column(escape(heading), justify="left" if i == 0 else "right")
        for row in table.rows:
            shown.add_row(*(escape(str(text)) for text in row))
        out.print(shown)
        out.print()
    if not found.complete:
        out.print("interrupted: only finished runs are shown; run the same command again to resume")
    if directory is not None:
        out.print(f"written to {directory}: {', '.join(MAP_FILES)}, plots/", markup=False)
