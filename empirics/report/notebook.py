"""Figures of results where a notebook shows them."""

from __future__ import annotations

from typing import Any

from empirics.errors import UsageError
from empirics.report.figures.plots import all_figures, figures_of
from empirics.report.figures.style import figure_style
from empirics.verification.results import Results
from theory.spelling import meant


def plot(results: Results, name: str | None = None) -> Any:
    """Draw one figure of the results, the main one if no name is given: its axes, as a list if there are several.

    The picture is ``plot(...).figure``. Raises UsageError: there is no figure of that name, or none at all.
    """
    known = [data.name for data in figures_of(results)]
    if name is not None and name not in known:
        raise UsageError(f"name={name} is unknown; {meant(name, known)}")
    figures = all_figures(results, name)
    if not figures:
        raise UsageError("these results have no figure: nothing was measured")
    with figure_style():
        axes = figures[0].draw(figures[0].rows).axes
    return axes[0] if len(axes) == 1 else axes
