"""Everything that a verification writes into its directory."""

from __future__ import annotations

from pathlib import Path

from empirics.experiments.language_models.report import lm_sections
from empirics.files import write_atomically
from empirics.report.figures.plots import all_figures
from empirics.report.html import report_html
from empirics.report.sections import sections
from empirics.report.tables import cells_csv
from empirics.verification.results import Results, write_results

__all__ = ["RESULT_FILES", "write_all", "write_page"]

RESULT_FILES = ("results.json", "cells.csv", "report.html")


def write_all(results: Results, directory: Path) -> None:
    """results.json first, then everything that is drawn from it."""
    write_results(results, directory / "results.json")
    write_page(results, directory)


def write_page(results: Results, directory: Path) -> None:
    """cells.csv, plots/*.svg each with its CSV, report.html."""
    write_atomically(directory / "cells.csv", cells_csv(results))
    plots = directory / "plots"
    figures = all_figures(results)
    for figure in figures:
        write_atomically(plots / f"{figure.name}.svg", f'<?xml version="1.0" encoding="utf-8"?>\n{figure.svg}')
        write_atomically(plots / f"{figure.name}.csv", figure.csv)
    further = [*lm_sections(results), *sections(directory)]
    write_atomically(directory / "report.html", report_html(results, figures, further))
