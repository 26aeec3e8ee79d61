"""Stored figures drawn: one function for each kind, and the figures of a results document."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeVar

from empirics.errors import UsageError
from empirics.experiments.presentation import FigureData
from empirics.report.figures.figure import Figure, Row, number, with_bars
from empirics.report.figures.heat import draw_heat
from empirics.report.figures.matrix import draw_matrix
from empirics.report.figures.panels import draw_panels
from empirics.report.figures.series import draw_series
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
    {
        "panels": draw_panels,
        "forest": draw_forest,
        "curves": draw_curves,
        "arms": draw_arms,
        "series": draw_series,
        "matrix": draw_matrix,
        "heat": draw_heat,
    }
)
"""What draws a figure, by its kind: rows and options to a matplotlib figure."""


def draw(data: FigureData, command: str = "") -> Figure:
    """A stored figure (UsageError: its kind is unknown, or its options are not those of the kind).

    ``command`` draws it again, without its ``--format``.
    """
    function = DRAWING.get(data.kind)
    if function is None:
        raise UsageError(f"the figure {data.name} is of the kind {data.kind}; known are {', '.join(DRAWING)}")
    rows = data.mappings()
    try:
        inspect.signature(function).bind(rows, **data.options)
    except TypeError as error:
        raise UsageError(f"the figure {data.name} of the kind {data.kind}: {error}") from None
    return Figure(data.name, data.title, data.caption, rows, partial(_drawn, data, function), command=command)


def drawn_again(name: str) -> str:
    """The command that draws a figure of the results or the map in the directory where it is called."""
    return f"factbound plot . --only {name}"


def _drawn(data: FigureData, function: Callable[..., Any], rows: Any) -> Any:
    try:
        return function(rows, **data.options)
    except (KeyError, TypeError, ValueError) as error:
        has = ", ".join(data.columns)
        raise UsageError(f"the figure {data.name} of the kind {data.kind}, columns {has}: {error!r}") from None


def picture(data: FigureData) -> tuple[str, str]:
    """The SVG element of a figure; or, where it cannot be drawn, nothing and the reason."""
    try:
        return draw(data, drawn_again(data.name)).svg, ""
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
    figure_style()  # what no figure can be drawn without is no figure's own fault
    return [draw(data, drawn_again(data.name)) for data in named(figures_of(results), only)]


_Named = TypeVar("_Named", FigureData, Figure)


def named(figures: Iterable[_Named], only: str | None) -> list[_Named]:
    """Those of some figures whose names stand in ``only``, separated by commas; all if None (UsageError: unknown)."""
    known = {figure.name: figure for figure in figures}
    names = list(known) if only is None else [name.strip() for name in only.split(",")]
    for name in names:
        if name not in known:
            raise UsageError(f"--only={name} is unknown; {meant(name, known)}")
    return [figure for name, figure in known.items() if name in names]


def figures_of(results: Results) -> tuple[FigureData, ...]:
    """The data of all figures, in their order."""
    return (*results.shown.figures, *results.figures)
