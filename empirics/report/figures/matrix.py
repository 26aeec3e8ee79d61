"""Matrices side by side: a colour for each pair of rows and columns, on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from empirics.report.figures.figure import Row, number, rows_at
from empirics.report.figures.series import values_of
from empirics.report.figures.style import INK, PAGE, scaled, subplots

_NAMES: Final = 40  # names that fit along a side


def draw_matrix(
    rows: Sequence[Row],
    *,
    x: str,
    y: str,
    value: str,
    label: str,
    xlabel: str,
    ylabel: str,
    panel: str,
    limits: tuple[float, float] | None = None,
    across: float | None = None,
    down: float | None = None,
    width: float | None = None,
) -> Any:
    """One panel for each word in the column ``panel``; the places ``x`` and ``y`` are words, in the order of the rows.

    ``value`` is coloured, called ``label``; ``limits`` are those of the colours, the least and greatest value if None.
    A line stands after the first ``across`` places of x and ``down`` of y. ``width`` is in inches.
    """
    panels = values_of(rows, panel)
    columns, lanes = values_of(rows, x), values_of(rows, y)
    known = [number(r, value) for r in rows if r[value] is not None]
    low, high = limits or (min(known), max(known))
    width = scaled(PAGE) if width is None else width
    side = (width - scaled(1.3)) / len(panels)
    tall = min(max(side * len(lanes) / len(columns), scaled(1.2)), 1.1 * side)
    figure, axes = subplots(1, len(panels), width, tall + scaled(0.75), sharey=True)
    for axis, place in zip(axes[0], panels, strict=True):
        values = np.full((len(lanes), len(columns)), np.nan)
        for r in rows_at(rows, {panel: place}):
            if r[value] is not None:
                values[lanes.index(r[y]), columns.index(r[x])] = number(r, value)
        image = axis.pcolormesh(values, cmap="cividis", vmin=low, vmax=high, rasterized=True)
        axis.set(title=str(place), xlabel=xlabel, ylim=(len(lanes), 0))
        axis.grid(visible=False)
        axis.set_xticks(*_ticks(columns, side / scaled(0.11)), rotation=90)
        axis.set_yticks(*_ticks(lanes, tall / scaled(0.12)))
        axis.tick_params(length=0, labelsize="small")
        for line, end, draw in ((across, len(columns), axis.axvline), (down, len(lanes), axis.axhline)):
            if line is not None and 0 < line < end:
                draw(line, color="white", linewidth=scaled(1.6))
                draw(line, color=INK, linewidth=scaled(0.7), linestyle="--")
    axes[0, 0].set_ylabel(ylabel)
    figure.colorbar(image, ax=list(axes[0]), label=label, pad=0.015, fraction=0.05)
    return figure


def _ticks(names: Sequence[Any], room: float) -> tuple[list[float], list[str]]:
    """Where names stand: all, or evenly some of them where there is no room for all."""
    every = max(1, -(-len(names) // max(1, int(min(room, _NAMES)))))
    places = range(0, len(names), every)
    return [place + 0.5 for place in places], [str(names[place]) for place in places]
