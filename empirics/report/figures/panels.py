"""Small multiples: one panel for each value of two sets of columns; predicted lines, observed points."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

from empirics.report.figures.broken_axis import RESOLVED, break_axis, floor_of, height
from empirics.report.figures.figure import Row, number, panel_title, panels_of, rows_at, with_bars
from empirics.report.figures.style import OBSERVED, PAGE, PREDICTED, SEEN, SOFT, direct_labels, new_figure

_OBSERVED_SERIES: Final = "observed"
_FITTING = 96  # characters of a label, over all panels beside one another
_LEFT, _RIGHT, _PANEL_HEIGHT = 0.62, 1.12, 1.28


def draw_panels(
    rows: Sequence[Row],
    *,
    x: str,
    xlabel: str,
    ylabel: str,
    across: Sequence[str] = (),
    down: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    lines: Mapping[str, str] | None = None,
    points: str = "observed",
    log: bool = False,
) -> Any:
    """Rows have ``series``, the columns named here, ``value``, ``lower``, ``upper``, and a ``note`` for their panel.

    The series ``observed`` is drawn as points, called ``points``; ``lines`` are the predicted series with their
    labels. The columns ``across`` tell panels beside one another apart, ``down`` those below one another, and
    ``names`` writes them in LaTeX. ``log`` is for a share or probability: a 0 is drawn below the axis break.
    """
    columns, lanes = panels_of(rows, across), panels_of(rows, down)
    inches = _PANEL_HEIGHT * len(lanes) + 0.24 * (len(lanes) - 1) + 0.72
    left = _LEFT + 0.13 * ylabel.count("\n")
    figure = new_figure(PAGE, inches, left=left, right=_RIGHT, top=0.26, bottom=0.44, wspace=0.08, hspace=0.26)
    grid: Any = figure.subplots(len(lanes), len(columns), sharex=True, sharey=True, squeeze=False)
    seen_values = [number(r, "value") for r in rows if r["series"] == _OBSERVED_SERIES]
    floor = floor_of(seen_values, RESOLVED) if log else None
    labelled: list[tuple[Any, list[tuple[float, str, str]]]] = []
    for i, lane in enumerate(lanes):
        for axis, column in zip(grid[i], columns, strict=True):
            panel = rows_at(rows, column | lane)
            axis.set_title(panel_title(column | lane, names or {}), pad=3)
            ends = []
            for look, (name, label) in zip(itertools.cycle(PREDICTED), (lines or {}).items(), strict=False):
                known = [(number(r, x), number(r, "value")) for r in panel if r["series"] == name]
                shown = [(at, y) for at, y in known if floor is None or y >= floor] or known[:1]
                if shown:
                    axis.plot(*zip(*shown, strict=True), **look)
                    ends.append((height(shown[-1][1], floor), label, look["color"]))
            seen = [r for r in panel if r["series"] == _OBSERVED_SERIES]
            if seen:
                means, bars = with_bars(seen, "value", lambda value: height(value, floor))
                axis.errorbar([number(r, x) for r in seen], means, yerr=bars, **OBSERVED)
                ends.append((float(means[-1]), points, SEEN))
            note = next((r["note"] for r in panel if r["note"]), None)
            if note:
                axis.text(0.03, 0.05, note, transform=axis.transAxes, color=SOFT, fontsize=7.5, zorder=4)
            if floor is not None:
                break_axis(axis, floor)
        labelled.append((axis, ends))
    for axis, ends in labelled:  # once the limits, which all panels share, are final
        axis.margins(x=0.04)
        axis.autoscale_view()
        direct_labels(axis, ends, spacing=0.125)
    if len(xlabel) * len(columns) <= _FITTING:
        for axis in grid[-1]:
            axis.set_xlabel(xlabel)
    else:
        figure.supxlabel(xlabel, x=(left + PAGE - _RIGHT) / 2 / PAGE, y=0.08 / inches, va="bottom", fontsize=8)
    for axis in grid[:, 0]:
        axis.set_ylabel(ylabel)
    values = {number(r, x) for r in rows}
    if len(values) == 1:
        grid[0, 0].set_xticks(list(values))
    elif all(value.is_integer() for value in values):
        grid[0, 0].xaxis.get_major_locator().set_params(integer=True)
    return figure
