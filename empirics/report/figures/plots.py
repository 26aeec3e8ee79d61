"""Stored figures drawn: one function for each kind, and the figures of a results document."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from empirics.errors import UsageError
from empirics.experiments.presentation import FigureData
from empirics.report.figures.figure import Figure, Row, number, with_bars
from empirics.report.figures.panels import draw_panels
from empirics.report.figures.small_multiples import draw_arms, draw_curves
from empirics.report.figures.style import INK, OBSERVED, PAGE, SOFT, figure_style, new_figure, note_beside
from empirics.verification.results import Results
from theory.spelling import meant

_LINE = 0.155


def draw_forest(rows: Sequence[Row], *, xlabel: str) -> Any:
    """A claim's verdicts side by side, one line each; open points are undecided or flat, crosses violated.

    Rows, at least one, have ``where``, ``estimate``, ``lower``, ``upper``, ``threshold`` (a black bar), ``verdict``.
    """
    figure = new_figure(PAGE, _LINE * len(rows) + 0.62, left=2.15, right=0.95, top=0.1, bottom=0.46)
    axis: Any = figure.subplots()
    for position, row in enumerate(rows):
        estimate, bars = with_bars([row], "estimate")
        verdict = str(row["verdict"])
        face = "white" if verdict in ("UNDECIDED", "flat") else OBSERVED["color"]
        look = OBSERVED | {"fmt": "X" if verdict == "VIOLATED" else "o", "markerfacecolor": face}
        axis.errorbar(estimate, [position], xerr=bars, **look)
        if row["threshold"] is not None:
            threshold = number(row, "threshold")
            axis.plot([threshold, threshold], [position - 0.5, position + 0.5], color=INK, linewidth=1.4, zorder=2)
        colour = SOFT if verdict != "VIOLATED" else OBSERVED["color"]
        note_beside(axis, verdict.lower(), (1.0, position), (5, 0), va="center", color=colour)
    axis.set_yticks(range(len(rows)), [str(row["where"]) for row in rows], fontsize=7)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(xlabel)
    return figure


DRAWING: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {"panels": draw_panels, "forest": draw_forest, "curves": draw_curves, "arms": draw_arms}
)
"""What draws a figure, by its kind: rows and options to a matplotlib figure."""


def draw(data: FigureData) -> Figure:
    """A stored figure (UsageError: its kind is unknown, or its options are not those of the kind)."""
    function = DRAWING.get(data.kind)
    if function is None:
        raise UsageError(f"the figure {data.name} is of the kind {data.kind}; known are {', '.join(DRAWING)}")
    rows = data.mappings()
    try:
        inspect.signature(function).bind(rows, **data.options)
    except TypeError as error:
        raise UsageError(f"the figure {data.name} of the kind {data.kind}: {error}") from None
    return Figure(data.name, data.title, data.caption, rows, partial(_drawn, data, function))


def _drawn(data: FigureData, function: Callable[..., Any], rows: Any) -> Any:
    try:
        return function(rows, **data.options)
    except (KeyError, TypeError, ValueError) as error:
        has = ", ".join(data.columns)
        raise UsageError(f"the figure {data.name} of the kind {data.kind}, columns {has}: {error!r}") from None


def picture(data: FigureData) -> tuple[str, str]:
    """The SVG element of a figure; or, where it cannot be drawn, nothing and the reason."""
    try:
        return draw(data).svg, ""
    except UsageError as error:
        return "", str(error)


def all_figures(results: Results, only: str | None = None) -> list[Figure]:
    """The figures of a results document: the experiment's, the main one first, then one per measured claim.

    Raises:
        UsageError: a name in ``only``, separated by commas, is none of them; one cannot be drawn, or none.

    Example:
        >>> from empirics.verification.results import read_results
        >>> [figure.name for figure in all_figures(read_results("results/results.json"))]
        ['ood-error', 'pretraining-gap', 'claim-failure-regime']
    """
    known = {data.name: data for data in figures_of(results)}
    names = list(known) if only is None else [name.strip() for name in only.split(",")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"--only={unknown[0]} is unknown; {meant(unknown[0], known)}")
    figure_style()  # what no figure can be drawn without is no figure's own fault
    return [draw(known[name]) for name in known if name in names]


def figures_of(results: Results) -> tuple[FigureData, ...]:
    """The data of all figures, in their order."""
    return (*results.shown.figures, *results.figures)
