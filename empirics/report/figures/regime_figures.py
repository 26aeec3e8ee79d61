"""Figures of the map of regimes: contours, verdicts on readings of the bound, and how the transition moves.

Every figure shows its rows, which are stored beside it as CSV; from the map it takes names and looks. What is fixed in
a row is given by its columns; the first of the other axes lies along x, the others tell panels apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from empirics.experiments.document import Placed
from empirics.experiments.wording import in_math, words
from empirics.regimes.document import ContourRow, RegimeMap
from empirics.report.figures.figure import Figure, Row, number, numbers, panel_title, panels_of, rows_at, with_bars
from empirics.report.figures.style import OBSERVED, PAGE, PREDICTED, SEEN, subplots

_ROUND: Final = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
_SPAN: Final = 1000  # contours are drawn up to so many times the least value of the axis run
_GLYPHS: Final[dict[str, dict[str, Any]]] = {
    "succeeds": {"marker": "o", "s": 20},
    "fails": {"marker": "o", "s": 20},
    "transition": {"marker": "s", "s": 17},
    "undecided": {"marker": "o", "s": 6},
}
_VERDICTS: Final[dict[str, dict[str, Any]]] = {
    "HOLDS": {"marker": "s", "color": "#555555"},
    "VACUOUS": {"marker": "_", "color": "#555555"},
    "VIOLATED": {"marker": "X", "color": SEEN},
    "UNDECIDED": {"marker": "$?$", "color": "#555555"},
    "OUT OF SCOPE": {"marker": ".", "color": "#bbbbbb"},
}


def contour_figure(found: RegimeMap) -> Figure | None:
    """Measured contours of the error over predicted ones, with the regime of every cell behind them."""
    design, axis, others = found.design, found.axis_column, found.other_columns
    cells = [c for c in found.of(found.leading) if c.error is not None]
    contours = [c for c in found.contours if c.variant == found.leading]
    if not cells or not contours or not others:
        return None

    def row(series: str, place: Placed, value: float | None, note: str = "", **more: float | None) -> Row:
        shown = {"level": None, axis: value, "error": None, "lower": None, "upper": None, **more}
        return {"series": series, **{column: place.at(column) for column in others}, **shown, "note": note}

    rows = [row("cell", c, c.at(axis), c.regime, error=c.error, lower=c.lower, upper=c.upper) for c in cells]
    for c in contours:
        note = "" if c.beyond is None else f"{c.beyond} the {design.axis} run"
        rows.append(row("measured", c, c.measured, note, level=c.level, lower=c.lower, upper=c.upper))
    for name in _lines(found):
        for c in sorted(contours, key=lambda c: found.others(c)[::-1]):
            rows.append(row(name, c, c.predicted[name], level=c.level))
    sizes = ", ".join(f"{s} = {cells[0].at(c)}" for s, c in design.columns.items() if s not in found.experiment.axes)
    high, low = design.levels
    return Figure(
        "map",
        f"Where {design.subject} succeeds and fails",
        f"{design.axis} at which the {words(design.observable)} falls to {high:g} (top) and {low:g} (bottom)"
        f"{', ' + sizes if sizes else ''}. Lines are predictions. Red points are measurements with 95 % limits over "
        "resampled seeds; a triangle lies beyond the values run. Grey marks are the cells: darker means a larger mean "
        "error. Large circles fail or succeed, squares lie between, small circles are undecided."
        + ("" if design.most is None else f" Above the grey line no {design.axis} is possible."),
        rows,
        partial(_draw_contours, found=found),
    )


def readings_figure(found: RegimeMap) -> Figure | None:
    """Where each reading of the bound holds, is vacuous, violated, undecided or out of scope."""
    cells = [c for c in found.of(found.leading) if c.seeds]
    if not cells or not found.design.readings or not found.other_columns:
        return None
    rows: list[Row] = [
        {
            "reading": reading,
            **{column: c.at(column) for column in (*found.other_columns, found.axis_column)},
            "bound": c.laws.get(reading),
            "error": c.error,
            "verdict": c.verdicts[reading],
        }
        for reading in found.design.readings
        for c in cells
    ]
    return Figure(
        "readings",
        "Verdicts on the readings of the bound",
        "One mark per cell of the main grid. The error probability of a reading is divided over all cells of the map.",
        rows,
        partial(_draw_readings, found=found),
    )


def moves_figure(found: RegimeMap) -> Figure | None:
    """How the axis' value at which the error falls to the first level moves with one thing at a time."""
    design, quantity = found.design, found.design.quantity
    contours = [c for c in found.contours if c.level == design.levels[0]]
    panels: list[tuple[str, float, ContourRow]] = []
    if quantity is not None:
        worlds = [arm.name for arm in found.arms if arm.key is None or arm.size]
        mine = [c for c in contours if c.in_law and c.variant in worlds]
        panels = [(quantity.title, c.at(quantity.column), c) for c in mine]
    for variation in found.variations:
        arms = {arm.name: arm.value for arm in found.arms if arm.key == variation.key and not arm.size}
        numeric = {n: float(v) for n, v in arms.items() if isinstance(v, int | float) and not isinstance(v, bool)}
        varied = [(value, c) for name, value in numeric.items() for c in contours if c.variant == name]
        same = {found.others(c) for _, c in varied}
        if variation.main is not None:
            base = [c for c in contours if c.variant == found.leading and c.in_law]
            varied += [(variation.main, c) for c in base if found.others(c) in same]
        panels += [(variation.key.replace("_", " ").rpartition(".")[2], value, c) for value, c in varied]
    if not panels:
        return None
    rows: list[Row] = []
    for panel, value, c in panels:
        measured: Row = {found.axis_column: c.measured, "lower": c.lower, "upper": c.upper, "beyond": c.beyond}
        rows.append({"panel": panel, "value": value, **found.place(c), **measured})
    return Figure(
        "moves",
        "How the transition moves",
        f"{design.axis} at which the {words(design.observable)} falls to {design.levels[0]:g}, with 95 % limits over "
        "resampled seeds, "
        + (f"against {quantity.title} (every world of the main grid and of other sizes) and " if quantity else "")
        + "against one setting at a time. Open marks: beyond the values run.",
        rows,
        partial(_draw_moves, found=found),
    )


def column_latex(found: RegimeMap) -> dict[str, str]:
    """How figures write each symbol's column, in LaTeX."""
    latex = {symbol.name: in_math(symbol) for symbol in found.notation}
    return {column: latex.get(symbol, symbol) for symbol, column in found.design.columns.items()}


def _lines(found: RegimeMap) -> dict[str, dict[str, Any]]:
    """How predicted contours are drawn, by claim: readings in black, other claims in blue."""
    readings = found.design.readings
    legends = {claim.id: claim.legend for claim in found.design.claims}
    looks = {name: PREDICTED[i % 2] for i, name in enumerate(readings)}
    looks |= {name: PREDICTED[2 + i % 2] for i, name in enumerate(name for name in legends if name not in readings)}
    return {name: {**look, "label": legends[name]} for name, look in looks.items()}


def _label(figure: Any, axes: Any, x: str, y: str, ncols: int) -> None:
    """Symbols along the outer axes, and one legend below."""
    for plot in axes[-1]:
        plot.set_xlabel(f"${x}$")
    for plot in axes[:, 0]:
        plot.set_ylabel(f"${y}$")
    figure.legend(*axes[0, -1].get_legend_handles_labels(), loc="outside lower center", ncols=ncols)


def _draw_contours(rows: Sequence[Row], found: RegimeMap) -> Any:
    (x, *apart), axis, latex = found.other_columns, found.axis_column, column_latex(found)
    levels, most = found.design.levels, found.design.most
    panels = panels_of(rows, apart)
    width = min(PAGE, 1.55 * len(panels) + 0.6)
    figure, axes = subplots(len(levels), len(panels), width, 4.9, sharex=True, sharey=True)
    for i, level in enumerate(levels):
        for plot, panel in zip(axes[i], panels, strict=True):
            mine = rows_at(rows, panel)
            for regime, style in _GLYPHS.items():
                at = rows_at(mine, {"series": "cell", "note": regime})
                shade = {"c": numbers(at, "error"), "cmap": "Greys", "vmin": 0.0, "vmax": 1.2, "edgecolors": "#888888"}
                plot.scatter(numbers(at, x), numbers(at, axis), linewidths=0.6, zorder=2, **style, **shade)
            for name, line in _lines(found).items():
                at = rows_at(mine, {"series": name, "level": level})
                plot.plot(numbers(at, x), numbers(at, axis), linewidth=1.1, zorder=1, **line)
            _draw_measured(plot, rows_at(mine, {"series": "measured", "level": level}), x, axis)
            if most is not None:
                plot.axhline(most + 0.5, color="#bbbbbb", linewidth=1.0)
            plot.set_title(", ".join(filter(None, (panel_title(panel, latex), f"error {level:g}"))))
    cells = rows_at(rows, {"series": "cell"})
    least = min(numbers(cells, axis))
    axes[0, 0].set(xscale="log", yscale="log", ylim=(0.8 * least, _SPAN * least))
    ticks = sorted(set(numbers(cells, x)))
    for plot in axes[-1]:
        plot.set_xticks(ticks, [f"{t:g}" for t in ticks])
        plot.minorticks_off()
    _label(figure, axes, latex[x], latex[axis], min(3, len(panels)))
    return figure


def _draw_measured(plot: Any, rows: Sequence[Row], x: str, axis: str) -> None:
    inside = [r for r in rows if r[axis] is not None]
    y, bars = with_bars(inside, axis)
    look = {**OBSERVED, "linestyle": "-", "linewidth": 1.2, "label": "measured"}
    plot.errorbar(numbers(inside, x), y, yerr=bars, **look)
    for word, marker, end in (("below", "v", "lower"), ("above", "^", "upper")):
        out = [r for r in rows if r[axis] is None and str(r["note"]).startswith(word)]
        plot.plot(numbers(out, x), numbers(out, end), linestyle="", marker=marker, color=SEEN, markersize=5)


def _draw_readings(rows: Sequence[Row], found: RegimeMap) -> Any:
    (column, *apart), axis, latex = found.other_columns, found.axis_column, column_latex(found)
    readings, panels = found.design.readings, panels_of(rows, apart)
    short = {claim.id: claim.short for claim in found.design.claims}
    sizes, shown = sorted(set(numbers(rows, column))), sorted(set(numbers(rows, axis)))
    width = min(PAGE, 1.35 * len(panels) + 0.8)
    figure, axes = subplots(len(readings), len(panels), width, 4.2, sharex=True, sharey=True)
    for i, reading in enumerate(readings):
        for plot, panel in zip(axes[i], panels, strict=True):
            plot.grid(visible=False)
            for verdict, style in _VERDICTS.items():
                at = rows_at(rows, {**panel, "reading": reading, "verdict": verdict})
                x = [sizes.index(place) for place in numbers(at, column)]
                y = [shown.index(place) for place in numbers(at, axis)]
                plot.scatter(x, y, s=24, label=verdict.lower(), **style)
            plot.set_title(", ".join(filter(None, (short[reading], panel_title(panel, latex)))))
    axes[0, 0].set(xlim=(-0.6, len(sizes) - 0.4), ylim=(-0.6, len(shown) - 0.4))
    axes[0, 0].set_xticks(range(len(sizes)), [f"{s:g}" for s in sizes])
    axes[0, 0].set_yticks(range(len(shown)), [f"{n:g}" for n in shown])
    _label(figure, axes, latex[column], latex[axis], 3)
    return figure


def _draw_moves(rows: Sequence[Row], found: RegimeMap) -> Any:
    others, axis, latex = found.other_columns, found.axis_column, column_latex(found)
    panels = list(dict.fromkeys(str(r["panel"]) for r in rows))
    across = min(2, len(panels))
    down = math.ceil(len(panels) / across)
    figure, axes = subplots(down, across, PAGE / 2 * across, 2.3 * down, sharey=True)
    for plot in axes.flat[len(panels) :]:
        plot.set_axis_off()
    for plot, panel in zip(axes.flat, panels, strict=False):
        mine = sorted(rows_at(rows, {"panel": panel}), key=lambda r: number(r, "value"))
        collapsed = found.design.quantity is not None and panel == found.design.quantity.title
        fixed = others[1:] if collapsed else others  # along the quantity, worlds of all x stand together
        groups = panels_of(mine, fixed)
        values = sorted({number(r, "value") for r in mine})
        place = {v: float(i) for i, v in enumerate(values)} if 0.0 in values else {v: v for v in values}
        for g, group in enumerate(groups):
            at = rows_at(mine, group)
            x = np.array([place[number(r, "value")] for r in at])
            y = np.array([number(r, axis, "lower" if r["beyond"] == "below" else "upper") for r in at])
            style = {"marker": "os^vDP"[g % 6], "color": str(0.62 * g / max(len(groups) - 1, 1)), "markersize": 4}
            label = panel_title(dict(reversed(group.items())), latex)
            bars = [np.maximum(y - numbers(at, "lower"), 0), np.maximum(numbers(at, "upper") - y, 0)]
            plot.errorbar(x, y, yerr=bars, label=label, elinewidth=0.8, linestyle="" if collapsed else "-", **style)
            out = np.array([r["beyond"] is not None for r in at])
            plot.plot(x[out], y[out], linestyle="", markerfacecolor="white", zorder=4, **style)
        plot.set(yscale="log", xlabel=panel)
        if 0.0 in values:
            plot.set_xticks(list(place.values()), [f"{v:g}" for v in values])
        else:
            plot.set_xscale("log")
            ticks = [v for v in _ROUND if values[0] <= v <= values[-1]] if collapsed else values
            plot.set_xticks(ticks, [f"{v:g}" for v in ticks])
            plot.minorticks_off()
        if any(groups):
            plot.legend()
    for plot in axes[:, 0]:
        plot.set_ylabel(f"${latex[axis]}$ at error {found.design.levels[0]:g}")
    return figure
