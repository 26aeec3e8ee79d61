"""At most four panels beside one another: observables along training, and arms side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from empirics.report.figures import style
from empirics.report.figures.figure import Row, number, panel_title, panels_of, rows_at, with_bars

_LEGEND = 75  # characters of a legend that stand in one line
_NEAR = 0.1  # share of a logarithmic axis that a number takes


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
    """Curves over logarithmic axes; where a coordinate is not positive, nothing is drawn.

    ``x`` and ``y`` are columns; those of ``panels`` tell panels apart, those of ``lines`` the lines of a panel, and
    ``names`` writes both in LaTeX. At the height ``limit`` is a thin line across.
    """
    figure, grid, filled = _panels(rows, panels, names, (2.1, 0.4), right=0.55, wspace=0.28, hspace=0.4)
    series = panels_of(rows, lines)
    for axis, here in filled:
        axis.set(xscale="log", yscale="log", xlabel=xlabel)
        ends = []
        for position, line in enumerate(series):
            points = [(number(r, x), number(r, y)) for r in rows_at(here, line)]
            points = [(a, b) for a, b in points if a > 0 and b > 0]
            if points:
                axis.plot(*zip(*points, strict=True), **style.shade_and_style(position, position))
                ends.append((points[-1][1], panel_title(line, names or {}), style.INK))
        if limit is not None:
            axis.axhline(limit, color=style.SEEN, linewidth=0.7)
            style.note_beside(axis, limit_label, (0.02, limit), (0, -8), color=style.SEEN)
        axis.margins(x=0.02)
        axis.autoscale_view()
        style.direct_labels(axis, ends, spacing=0.075)
    for axis in grid[:, 0]:
        axis.set_ylabel(ylabel)
    return figure


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
    """A marker for each arm; heights are shares, positions powers of 2, and arms stand a little apart.

    ``x`` (positive), ``y`` with its ``lower`` and ``upper``, ``arm`` and ``comparison`` (the height of a grey line)
    are columns; those of ``panels`` tell panels apart, and ``names`` writes them in LaTeX.
    """
    arms = list(dict.fromkeys(str(r[arm]) for r in rows))
    ticks = sorted({number(r, x) for r in rows})
    written = _with_room(ticks)
    told = [*arms, *([comparison_label] if any(r[comparison] is not None for r in rows) else [])]
    beside = len(told) if sum(map(len, told)) <= _LEGEND else 3
    more = 0.2 * (math.ceil(len(told) / beside) - 1)  # inches below, for further lines of the legend
    margins = {"right": 0.15, "bottom": 0.75 + more, "hspace": 0.6}
    figure, grid, filled = _panels(rows, panels, names, (1.9, 0.55 + more), sharex=True, **margins)
    for axis, unsorted in filled:
        here = sorted(unsorted, key=lambda r: number(r, x))
        axis.set_xscale("log", base=2)
        axis.set(ylim=(-0.04, 1.06), xlabel=xlabel)
        for position, name in enumerate(arms):
            mine = [r for r in here if r[arm] == name]
            if mine:
                heights, bars = with_bars(mine, y)
                face = "white" if position else style.OBSERVED["color"]
                look = style.OBSERVED | {"fmt": style.MARKERS[position % len(style.MARKERS)], "markerfacecolor": face}
                places = [number(r, x) * 1.06**position for r in mine]
                axis.errorbar(places, heights, yerr=bars, label=name, **look)
        known = sorted({(number(r, x), number(r, comparison)) for r in here if r[comparison] is not None})
        if known:
            axis.plot(*zip(*known, strict=True), color=style.SHADES[-1], linewidth=1.0, label=comparison_label)
        axis.set_xticks(ticks, written)
        axis.tick_params(labelbottom=True)  # also where no panel stands below
        axis.minorticks_off()
    for axis in grid[:, 0]:
        axis.set_ylabel(ylabel, color=style.SOFT)
    known_as: dict[str, Any] = {}  # not every panel has every arm
    for axis, _ in filled:
        handles, labels = axis.get_legend_handles_labels()
        known_as = dict(zip(labels, handles, strict=True)) | known_as
    shown = [name for name in (comparison_label, *arms) if name in known_as]
    figure.legend([known_as[name] for name in shown], shown, loc="lower center", ncols=beside)
    return figure


def _with_room(ticks: Sequence[float]) -> list[str]:
    """What stands at the ticks of a logarithmic axis: nothing where the one before is too near."""
    written, last = [], 0.0
    for value in ticks:
        near = last and math.log(value / last) < _NEAR * math.log(ticks[-1] / ticks[0])
        written.append("" if near else f"{value:g}")
        last = last if near else value
    return written


def _panels(
    rows: Sequence[Row],
    columns: Sequence[str],
    names: Mapping[str, str] | None,
    heights: tuple[float, float],
    *,
    sharex: bool = False,
    **margins: float,
) -> tuple[Any, Any, list[tuple[Any, list[Row]]]]:
    """A figure, its grid, and each titled panel with its rows; heights of a lane, and of what is around, in inches."""
    places = panels_of(rows, columns)
    across = min(4, len(places))
    down = -(-len(places) // across)
    figure = style.new_figure(style.PAGE, heights[0] * down + heights[1], left=0.55, top=0.25, **margins)
    grid: Any = figure.subplots(down, across, sharex=sharex, sharey=True, squeeze=False)
    for axis in grid.flat[len(places) :]:
        axis.set_axis_off()
    for axis, place in zip(grid.flat, places, strict=False):
        axis.set_title(panel_title(place, names or {}), pad=3)
    return figure, grid, [(axis, rows_at(rows, place)) for axis, place in zip(grid.flat, places, strict=False)]
