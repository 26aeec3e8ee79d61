"""Observables along training, logarithmic axes: a panel for each value of some columns, a line for each of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from empirics.report.figures.figure import Row, number, panel_title
from empirics.report.figures.style import INK, PAGE, SEEN, direct_labels, new_figure, shade_and_style

__all__ = ["draw_curves"]


def draw_curves(
    rows: Sequence[Row],
    *,
    x: str,
    y: str,
    xlabel: str,
    ylabel: str,
    panels: Sequence[str] = (),
    lines: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    limit: float | None = None,
    limit_label: str = "",
) -> Any:
    """The figure; where a coordinate is not positive, nothing is drawn.

    Args:
        rows: the columns named below.
        x: the column along the axis.
        y: the column of heights.
        xlabel: what ``x`` is.
        ylabel: what ``y`` is.
        panels: the columns that tell panels apart.
        lines: the columns that tell the lines of a panel apart.
        names: how titles and labels write those columns, in LaTeX.
        limit: height of a thin line across.
        limit_label: what that line is.
    """
    places, series = (sorted({tuple(number(r, k) for k in keys) for r in rows}) for keys in (panels, lines))
    columns = min(4, len(places))
    lanes = -(-len(places) // columns)
    figure = new_figure(PAGE, 2.1 * lanes + 0.4, left=0.55, right=0.55, top=0.25, wspace=0.28, hspace=0.4)
    grid: Any = figure.subplots(lanes, columns, sharey=True, squeeze=False)
    for axis in grid.flat[len(places) :]:
        axis.set_axis_off()
    for axis, place in zip(grid.flat, places, strict=False):
        axis.set_xscale("log")
        axis.set_yscale("log")
        ends = []
        here = dict(zip(panels, place, strict=True))
        for position, line in enumerate(series):
            mine = dict(zip(lines, line, strict=True))
            points = [(number(r, x), number(r, y)) for r in rows if all(r[k] == v for k, v in (here | mine).items())]
            points = [(a, b) for a, b in points if a > 0 and b > 0]
            if points:
                axis.plot(*zip(*points, strict=True), **shade_and_style(position, position))
                ends.append((points[-1][1], panel_title(mine, names or {}), INK))
        if limit is not None:
            _limit(axis, limit, limit_label)
        axis.set_title(panel_title(here, names or {}), pad=3)
        axis.set_xlabel(xlabel)
        axis.margins(x=0.02)
        axis.autoscale_view()
        direct_labels(axis, ends, spacing=0.075)
    for axis in grid[:, 0]:
        axis.set_ylabel(ylabel)
    return figure


def _limit(axis: Any, limit: float, label: str) -> None:
    axis.axhline(limit, color=SEEN, linewidth=0.7)
    axis.annotate(
        label,
        (0.02, limit),
        xycoords=("axes fraction", "data"),
        xytext=(0, -8),
        textcoords="offset points",
        color=SEEN,
        fontsize=7,
    )
