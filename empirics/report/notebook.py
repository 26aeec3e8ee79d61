"""Figures of results where a notebook shows them."""

from __future__ import annotations

from typing import Any

from empirics.errors import UsageError
from empirics.report.figures.figure import Figure
from empirics.report.figures.observable_figure import observable_figure
from empirics.report.figures.plots import all_figures, figures_of
from empirics.report.figures.style import figure_style
from empirics.verification.results import Results
from theory.spelling import meant


def plot(results: Results, name: str | None = None, *, y: str | None = None, **chosen: Any) -> Any:
    """A figure of the results as a matplotlib Figure: one of the report's by name, or with ``y`` one of your own.

    Args:
        results: what was measured.
        name: a figure of the report; the main one if neither a name nor ``y`` is given.
        y: an observable, drawn against an axis with series, panels and bounds of claims.
        chosen: with ``y``: ``x``, ``by``, ``panel``, ``at``, ``claims``, ``arm``, ``log``, ``style``, ``width``, as in
            :func:`empirics.report.figures.observable_figure.observable_figure`.

    Raises:
        UsageError: there is no figure of that name, or none at all; or what that function refuses.

    Example:
        >>> from empirics.verification.results import read_results
        >>> plot(read_results("results/results.json"), y="ood_error", by="K", at={"R": 60}).__class__.__name__
        'Figure'
    """
    figure = _named(results, name, chosen) if y is None else observable_figure(results, y, **chosen)
    if y is not None and name is not None:
        raise UsageError(f"name={name} is refused: y={y} draws a figure of its own")
    with figure_style(figure.style):
        return figure.draw(figure.rows)


def _named(results: Results, name: str | None, chosen: dict[str, Any]) -> Figure:
    if chosen:
        raise UsageError(f"{next(iter(chosen))} goes with y, an observable")
    known = [data.name for data in figures_of(results)]
    if name is not None and name not in known:
        raise UsageError(f"name={name} is unknown; {meant(name, known)}")
    figures = all_figures(results, name)
    if not figures:
        raise UsageError("these results have no figure: nothing was measured")
    return figures[0]
