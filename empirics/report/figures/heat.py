"""Errors as colour over two axes, with measured and predicted contours: the map of regimes as a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from empirics.report.figures.figure import Row, number, numbers, panel_title, panels_of, rows_at
from empirics.report.figures.style import INK, PAGE, SEEN, scaled, subplots

_CELL, _MEASURED = "cell", "measured"
_ACROSS: Final = 4
_STYLES: Final = ("--", "-.", ":", "-", (0, (8, 1.5)))


def draw_heat(
    rows: Sequence[Row],
    *,
    x: str,
    y: str,
    xlabel: str,
    ylabel: str,
    label: str,
    level: float,
    lines: Mapping[str, str],
    panels: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    width: float | None = None,
) -> Any:
    """Rows of the figure of contours: cells with ``error``, and at each ``level`` measured and predicted places of y.

    ``x`` and ``y`` are columns, positive, on logarithmic axes; those of ``panels`` tell panels apart, and ``names``
    writes them in LaTeX. ``lines`` are the predicted series with their labels. Darker is a larger error.
    """
    from matplotlib.patheffects import withStroke

    cells = [r for r in rows if r["series"] == _CELL]
    places = panels_of(cells, panels)
    down = math.ceil(len(places) / _ACROSS)
    across = math.ceil(len(places) / down)
    width = scaled(min(PAGE, 1.6 * across + 0.9)) if width is None else width
    figure, axes = subplots(down, across, width, width / across * down * 1.02 + scaled(0.7), sharex=True, sharey=True)
    halo = [withStroke(linewidth=scaled(2.6), foreground="white")]
    columns, lanes = sorted(set(numbers(cells, x))), sorted(set(numbers(cells, y)))
    for plot, place in zip(axes.flat, places, strict=False):
        here = rows_at(rows, place)
        image = _mesh(plot, rows_at(here, {"series": _CELL}), x, y, columns, lanes)
        for position, (name, title) in enumerate(lines.items()):
            at = sorted(rows_at(here, {"series": name, "level": level}), key=lambda r: number(r, x))
            style = {"linestyle": _STYLES[position % len(_STYLES)], "linewidth": scaled(1.3)}
            plot.plot(numbers(at, x), numbers(at, y), color=INK, path_effects=halo, label=title, **style)
        at = sorted(rows_at(here, {"series": _MEASURED, "level": level}), key=lambda r: number(r, x))
        look = {"marker": "o", "markersize": scaled(3.4), "linewidth": scaled(1.6), "label": _MEASURED}
        plot.plot(numbers(at, x), numbers(at, y), color=SEEN, path_effects=halo, zorder=4, **look)
        plot.set_title(panel_title(place, names or {}))
    for plot in axes.flat[len(places) :]:
        plot.set_axis_off()
    axes[0, 0].set(xscale="log", yscale="log", xlim=_ends(columns), ylim=_ends(lanes))
    for i, plot in enumerate(axes.flat[: len(places)]):
        plot.tick_params(labelbottom=i + across >= len(places))
        plot.grid(visible=False)
        plot.set_xticks(columns, _spaced(columns))
        plot.set_yticks(lanes, _spaced(lanes))
        plot.minorticks_off()
    figure.supxlabel(xlabel, fontsize="medium")
    figure.supylabel(ylabel, fontsize="medium")
    bar = figure.colorbar(image, ax=axes, label=label, pad=0.015, fraction=0.05)
    bar.ax.axhline(level, color=INK, path_effects=halo, linewidth=scaled(1.6))
    handles, labels = axes[0, 0].get_legend_handles_labels()
    titles = [f"{_MEASURED}, {label} {level:g}" if text == _MEASURED else text for text in labels]
    figure.legend(handles, titles, loc="outside upper center", ncols=min(3, len(titles)) if width > 5 else 2)
    return figure


def _mesh(plot: Any, cells: Sequence[Row], x: str, y: str, columns: Sequence[float], lanes: Sequence[float]) -> Any:
    values = np.full((len(lanes), len(columns)), np.nan)
    for r in cells:
        values[lanes.index(number(r, y)), columns.index(number(r, x))] = number(r, "error")
    plot.set_facecolor("#e6e6e6")
    look = {"cmap": "cividis_r", "vmin": 0.0, "vmax": 1.0, "edgecolors": "white", "linewidth": scaled(0.3)}
    return plot.pcolormesh(_edges(columns), _edges(lanes), values, zorder=0, **look)


def _edges(values: Sequence[float]) -> Any:
    """Where the cells of a logarithmic axis meet; a single cell reaches from half to twice its value."""
    at = np.log(np.asarray(values))
    if len(at) == 1:
        return np.exp([at[0] - math.log(2), at[0] + math.log(2)])
    middle = (at[1:] + at[:-1]) / 2
    return np.exp(np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]]))


def _ends(values: Sequence[float]) -> tuple[float, float]:
    edges = _edges(values)
    return float(edges[0]), float(edges[-1])


def _spaced(values: Sequence[float]) -> list[str]:
    """Numbers along a logarithmic axis; nothing where the one before is too near."""
    span = math.log(values[-1] / values[0]) if len(values) > 1 else 1.0
    written, last = [], -math.inf
    for value in values:
        near = math.log(value) - last < 0.07 * span
        written.append("" if near else f"{value:g}")
        last = last if near else math.log(value)
    return written
