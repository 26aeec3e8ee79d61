"""Arms side by side: an observable over one column, a marker for each arm, and a grey line for comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from empirics.report.figures.figure import Row, number, panel_title
from empirics.report.figures.style import MARKERS, OBSERVED, PAGE, SHADES, SOFT, new_figure

__all__ = ["draw_arms"]


def draw_arms(
    rows: Sequence[Row],
    *,
    x: str,
    y: str,
    xlabel: str,
    ylabel: str,
    panels: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    arm: str = "variant",
    comparison: str = "comparison",
    comparison_label: str = "",
) -> Any:
    """The figure; heights are shares, positions powers of 2, and arms stand a little apart.

    Args:
        rows: the columns named below, ``lower`` and ``upper``.
        x: the column along the axis; its values are positive.
        y: the column of heights.
        xlabel: what ``x`` is.
        ylabel: what ``y`` is.
        panels: the columns that tell panels apart.
        names: how titles write them, in LaTeX.
        arm: the column that tells series apart.
        comparison: the column of the grey line.
        comparison_label: what that line is.
    """
    places = sorted({tuple(number(r, k) for k in panels) for r in rows})
    arms = list(dict.fromkeys(str(r[arm]) for r in rows))
    ticks = sorted({number(r, x) for r in rows})
    columns = min(4, len(places))
    lanes = -(-len(places) // columns)
    figure = new_figure(PAGE, 1.9 * lanes + 0.55, left=0.55, right=0.15, top=0.25, bottom=0.75, hspace=0.6)
    grid: Any = figure.subplots(lanes, columns, sharex=True, sharey=True, squeeze=False)
    for axis in grid.flat[len(places) :]:
        axis.set_axis_off()
    for axis, place in zip(grid.flat, places, strict=False):
        at = dict(zip(panels, place, strict=True))
        here = sorted((r for r in rows if all(r[k] == v for k, v in at.items())), key=lambda r: number(r, x))
        axis.set_title(panel_title(at, names or {}), pad=3)
        axis.set_xscale("log", base=2)
        axis.set_ylim(-0.04, 1.06)
        axis.set_xlabel(xlabel)
        for position, name in enumerate(arms):
            _arm(axis, [r for r in here if r[arm] == name], position, name, x, y)
        known = sorted({(number(r, x), number(r, comparison)) for r in here if r[comparison] is not None})
        if known:
            axis.plot(*zip(*known, strict=True), color=SHADES[-1], linewidth=1.0, label=comparison_label)
        axis.set_xticks(ticks, [f"{value:g}" for value in ticks])
        axis.minorticks_off()
    for axis in grid[:, 0]:
        axis.set_ylabel(ylabel, color=SOFT)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels))
    return figure


def _arm(axis: Any, rows: Sequence[Row], position: int, name: str, x: str, y: str) -> None:
    if not rows:
        return
    heights = [number(r, y) for r in rows]
    below = [max(0.0, h - number(r, "lower", y)) for h, r in zip(heights, rows, strict=True)]
    above = [max(0.0, number(r, "upper", y) - h) for h, r in zip(heights, rows, strict=True)]
    look = OBSERVED | {
        "fmt": MARKERS[position % len(MARKERS)],
        "markerfacecolor": "white" if position else OBSERVED["color"],
    }
    axis.errorbar([number(r, x) * 1.06**position for r in rows], heights, yerr=[below, above], label=name, **look)
