"""Figures of the map of regimes: contours, verdicts on readings of the bound, and how the transition moves.

Every figure is drawn from rows alone, which are stored beside it as CSV. What is
fixed in a row is given by its columns; the first of the other axes lies along x,
the others tell panels apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from empirics.experiments.wording import words
from empirics.regimes.document import ContourRow, OnMap, RegimeMap
from empirics.report.figures.figure import Figure, Row
from empirics.report.figures.style import INK, LAW, OBSERVED, PAGE, SEEN

__all__ = ["column_latex", "contour_figure", "moves_figure", "named", "panels_of", "readings_figure", "rows_at"]

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


def column_latex(found: RegimeMap) -> dict[str, str]:
    """How figures write each symbol's column, in LaTeX."""
    latex = {symbol.name: symbol.latex for symbol in found.notation}
    return {column: latex.get(symbol, symbol) for symbol, column in found.design.columns.items()}


def contour_figure(found: RegimeMap) -> Figure | None:
    """Measured contours of the error over predicted ones, with the regime of every cell behind them."""
    design = found.design
    axis, others = found.column(design.axis), [found.column(symbol) for symbol in design.others]
    cells = [c for c in found.of(found.leading) if c.error is not None]
    contours = [c for c in found.contours if c.variant == found.leading]
    if not cells or not contours or not others:
        return None

    def row(series: str, place: OnMap, value: float | None, note: str = "", **numbers: float | None) -> Row:
        shown = {"level": None, axis: value, "error": None, "lower": None, "upper": None, **numbers}
        return {"series": series, **{column: place.at(column) for column in others}, **shown, "note": note}

    rows = [row("cell", c, c.at(axis), c.regime, error=c.error, lower=c.lower, upper=c.upper) for c in cells]
    for c in contours:
        note = "" if c.beyond is None else f"{c.beyond} the {design.axis} run"
        rows.append(row("measured", c, c.measured, note, level=c.level, lower=c.lower, upper=c.upper))
    lines = _lines(found)
    for name in lines:
        for c in sorted(contours, key=lambda c: found.others(c)[::-1]):
            rows.append(row(name, c, c.predicted[name], level=c.level))
    sizes = ", ".join(f"{s} = {cells[0].at(c)}" for s, c in design.columns.items() if s not in found.experiment.axes)
    high, low = design.levels
    return Figure(
        "map",
        f"Where {design.subject} succeeds and fails",
        f"{design.axis} at which the {words(design.observable)} falls to {high:g} (above) and {low:g} (below): "
        "measured (red, with 95 % limits over resampled seeds; a triangle: beyond the values run) and predicted "
        f"(lines){', ' + sizes if sizes else ''}. Behind them every cell, the darker the larger its mean error: large "
        "circles surely fail or succeed, squares surely lie between, small circles are undecided."
        + ("" if design.most is None else f" Above the grey line no {design.axis} is possible."),
        rows,
        partial(
            _draw_contours,
            axis=axis,
            others=others,
            levels=design.levels,
            lines=lines,
            latex=column_latex(found),
            most=design.most,
        ),
    )


def _lines(found: RegimeMap) -> dict[str, dict[str, Any]]:
    """How predicted contours are drawn, by claim: readings in black, other claims in blue."""
    legends = {claim.id: claim.legend for claim in found.design.claims}
    readings = found.design.readings
    exact = [name for name in legends if name not in readings]
    styles = {
        **{name: {"color": INK, "linestyle": ("-", "--")[i % 2]} for i, name in enumerate(readings)},
        **{name: {"color": LAW, "linestyle": (":", "-.")[i % 2]} for i, name in enumerate(exact)},
    }
    return {name: {**style, "label": legends[name]} for name, style in styles.items()}


def readings_figure(found: RegimeMap) -> Figure | None:
    """Where each reading of the bound holds, is vacuous, violated, undecided or out of scope."""
    design = found.design
    axis, others = found.column(design.axis), [found.column(symbol) for symbol in design.others]
    cells = [c for c in found.of(found.leading) if c.seeds]
    if not cells or not design.readings or not others:
        return None
    rows: list[Row] = [
        {
            "reading": reading,
            **{column: c.at(column) for column in (*others, axis)},
            "bound": c.laws.get(reading),
            "error": c.error,
            "verdict": c.verdicts[reading],
        }
        for reading in design.readings
        for c in cells
    ]
    short = {claim.id: claim.short for claim in design.claims}
    return Figure(
        "readings",
        "Verdicts on the readings of the bound",
        "One mark per cell of the main grid; the error probability of a reading is divided over all cells of the map.",
        rows,
        partial(_draw_readings, axis=axis, others=others, short=short, latex=column_latex(found)),
    )


def moves_figure(found: RegimeMap) -> Figure | None:
    """How the axis' value at which the error falls to the first level moves with one thing at a time."""
    design = found.design
    contours = [c for c in found.contours if c.level == design.levels[0]]
    base = [c for c in contours if c.variant == found.leading and c.in_law]
    panels: list[tuple[str, float, ContourRow]] = []
    if design.quantity is not None:
        panels = [
            (design.quantity.title, c.at(design.quantity.column), c)
            for c in contours
            if c.in_law and c.variant in found.size_arms
        ]
    for variation in found.variations:
        arms = {arm.name: arm.value for arm in found.arms if arm.key == variation.key and not arm.size}
        varied = [
            (float(value), c)
            for name, value in arms.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
            for c in contours
            if c.variant == name
        ]
        same = {found.others(c) for _, c in varied}
        if variation.main is not None:
            varied += [(variation.main, c) for c in base if found.others(c) in same]
        panels += [(variation.key.replace("_", " ").rpartition(".")[2], value, c) for value, c in varied]
    if not panels:
        return None
    axis = found.column(design.axis)
    rows: list[Row] = [
        {
            "panel": panel,
            "value": value,
            **found.place(c),
            axis: c.measured,
            "lower": c.lower,
            "upper": c.upper,
            "beyond": c.beyond,
        }
        for panel, value, c in panels
    ]
    title = design.quantity.title if design.quantity else ""
    return Figure(
        "moves",
        "How the transition moves",
        f"{design.axis} at which the {words(design.observable)} falls to {design.levels[0]:g}, with 95 % limits over "
        "resampled seeds, "
        + (f"against {title} (every world of the main grid and of other sizes) and " if title else "")
        + "against one setting at a time. Open: beyond the values run.",
        rows,
        partial(
            _draw_moves,
            axis=axis,
            others=[found.column(symbol) for symbol in design.others],
            quantity=title,
            latex=column_latex(found),
            level=design.levels[0],
        ),
    )


def panels_of(rows: Sequence[Row], columns: Sequence[str]) -> list[tuple[float, ...]]:
    """The values of some columns that occur, sorted."""
    return sorted({tuple(float(r[column] or 0) for column in columns) for r in rows})


def rows_at(rows: Sequence[Row], columns: Sequence[str], values: Sequence[float]) -> list[Row]:
    """The rows with these values in some columns."""
    return [r for r in rows if all(r[column] == value for column, value in zip(columns, values, strict=True))]


def named(latex: Mapping[str, str], columns: Sequence[str], values: Sequence[float]) -> str:
    """Where a panel stands, as in ``$K=3$``."""
    return ", ".join(f"${latex[c]}={v:g}$" for c, v in zip(columns, values, strict=True))


def _draw_contours(
    rows: Sequence[Row],
    axis: str,
    others: Sequence[str],
    levels: Sequence[float],
    lines: Mapping[str, Mapping[str, Any]],
    latex: Mapping[str, str],
    most: float | None,
) -> Any:
    from matplotlib.figure import Figure as Canvas

    x, *apart = others
    panels = panels_of(rows, apart)
    figure = Canvas(figsize=(min(PAGE, 1.55 * len(panels) + 0.6), 4.9), layout="constrained")
    axes: Any = figure.subplots(len(levels), len(panels), sharex=True, sharey=True, squeeze=False)
    for i, level in enumerate(levels):
        for j, panel in enumerate(panels):
            plot = axes[i, j]
            mine = rows_at(rows, apart, panel)
            for regime, style in _GLYPHS.items():
                at = [r for r in mine if r["series"] == "cell" and r["note"] == regime]
                shade = {"c": _of(at, "error"), "cmap": "Greys", "vmin": 0.0, "vmax": 1.2, "edgecolors": "#888888"}
                plot.scatter(_of(at, x), _of(at, axis), linewidths=0.6, zorder=2, **style, **shade)
            for name, line in lines.items():
                at = [r for r in mine if r["series"] == name and r["level"] == level]
                plot.plot(_of(at, x), _of(at, axis), linewidth=1.1, zorder=1, **line)
            _draw_measured(plot, [r for r in mine if r["series"] == "measured" and r["level"] == level], x, axis)
            if most is not None:
                plot.axhline(most + 0.5, color="#bbbbbb", linewidth=1.0)
            plot.set_title(", ".join(filter(None, [named(latex, apart, panel), f"error {level:g}"])))
    axes[0, 0].set_xscale("log")
    axes[0, 0].set_yscale("log")
    cells = [r for r in rows if r["series"] == "cell"]
    axes[0, 0].set_ylim(0.8 * min(_of(cells, axis)), _SPAN * min(_of(cells, axis)))
    ticks = sorted(set(_of(cells, x)))
    for plot in axes[-1]:
        plot.set_xticks(ticks, [f"{t:g}" for t in ticks])
        plot.minorticks_off()
        plot.set_xlabel(f"${latex[x]}$")
    for plot in axes[:, 0]:
        plot.set_ylabel(f"${latex[axis]}$")
    handles, labels = axes[0, -1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(panels)))
    return figure


def _draw_measured(plot: Any, rows: Sequence[Row], x: str, axis: str) -> None:
    inside = [r for r in rows if r[axis] is not None]
    y = _of(inside, axis)
    errors = [np.maximum(y - _of(inside, "lower"), 0), np.maximum(_of(inside, "upper") - y, 0)]
    plot.errorbar(_of(inside, x), y, yerr=errors, **OBSERVED, linestyle="-", linewidth=1.2, label="measured")
    for word, marker, end in (("below", "v", "lower"), ("above", "^", "upper")):
        out = [r for r in rows if r[axis] is None and str(r["note"]).startswith(word)]
        plot.plot(_of(out, x), _of(out, end), linestyle="", marker=marker, color=SEEN, markersize=5)


def _draw_readings(
    rows: Sequence[Row], axis: str, others: Sequence[str], short: Mapping[str, str], latex: Mapping[str, str]
) -> Any:
    from matplotlib.figure import Figure as Canvas

    column, *apart = others
    readings = list(dict.fromkeys(str(r["reading"]) for r in rows))
    panels = panels_of(rows, apart)
    sizes, shown = sorted(set(_of(rows, column))), sorted(set(_of(rows, axis)))
    figure = Canvas(figsize=(min(PAGE, 1.35 * len(panels) + 0.8), 4.2), layout="constrained")
    axes: Any = figure.subplots(len(readings), len(panels), sharex=True, sharey=True, squeeze=False)
    for i, reading in enumerate(readings):
        for j, panel in enumerate(panels):
            plot = axes[i, j]
            plot.grid(visible=False)
            for verdict, style in _VERDICTS.items():
                at = [r for r in rows_at(rows, apart, panel) if (r["reading"], r["verdict"]) == (reading, verdict)]
                x = [sizes.index(place) for place in _of(at, column)]
                y = [shown.index(place) for place in _of(at, axis)]
                plot.scatter(x, y, s=24, label=verdict.lower(), **style)
            plot.set_title(", ".join(filter(None, [short[reading], named(latex, apart, panel)])))
    axes[0, 0].set_xlim(-0.6, len(sizes) - 0.4)
    axes[0, 0].set_ylim(-0.6, len(shown) - 0.4)
    for plot in axes[-1]:
        plot.set_xticks(range(len(sizes)), [f"{s:g}" for s in sizes])
        plot.set_xlabel(f"${latex[column]}$")
    for plot in axes[:, 0]:
        plot.set_yticks(range(len(shown)), [f"{n:g}" for n in shown])
        plot.set_ylabel(f"${latex[axis]}$")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _draw_moves(
    rows: Sequence[Row], axis: str, others: Sequence[str], quantity: str, latex: Mapping[str, str], level: float
) -> Any:
    from matplotlib.figure import Figure as Canvas

    panels = list(dict.fromkeys(str(r["panel"]) for r in rows))
    across = min(2, len(panels))
    down = math.ceil(len(panels) / across)
    figure = Canvas(figsize=(PAGE / 2 * across, 2.3 * down), layout="constrained")
    axes: Any = figure.subplots(down, across, sharey=True, squeeze=False)
    for plot in axes.flat[len(panels) :]:
        plot.set_axis_off()
    for plot, panel in zip(axes.flat, panels, strict=False):
        mine = [r for r in rows if r["panel"] == panel]
        collapsed = panel == quantity
        fixed = others[1:] if collapsed else others  # along the quantity, worlds of all x stand together
        groups = panels_of(mine, fixed)
        values = sorted({float(r["value"] or 0) for r in mine})
        place = {v: float(i) for i, v in enumerate(values)} if 0.0 in values else {v: v for v in values}
        for g, group in enumerate(groups):
            at = sorted(rows_at(mine, fixed, group), key=lambda r: float(r["value"] or 0))
            x = np.array([place[float(r["value"] or 0)] for r in at])
            end = ["lower" if r["beyond"] == "below" else "upper" for r in at]
            y = np.array([float(r[axis] or r[e] or math.nan) for r, e in zip(at, end, strict=True)])
            errors = [np.maximum(y - _of(at, "lower"), 0), np.maximum(_of(at, "upper") - y, 0)]
            style = {
                "marker": "os^vDP"[g % 6],
                "color": str(0.62 * g / max(len(groups) - 1, 1)),
                "linestyle": "" if collapsed else "-",
                "markersize": 4,
            }
            plot.errorbar(x, y, yerr=errors, label=named(latex, fixed[::-1], group[::-1]), elinewidth=0.8, **style)
            out = np.array([r["beyond"] is not None for r in at])
            plot.plot(x[out], y[out], **{**style, "linestyle": "", "markerfacecolor": "white", "zorder": 4})
        plot.set_yscale("log")
        if 0.0 in values:
            plot.set_xticks(list(place.values()), [f"{v:g}" for v in values])
        else:
            plot.set_xscale("log")
            ticks = [v for v in _ROUND if values[0] <= v <= values[-1]] if collapsed else values
            plot.set_xticks(ticks, [f"{v:g}" for v in ticks])
            plot.minorticks_off()
        plot.set_xlabel(panel)
        if any(groups):
            plot.legend()
    for plot in axes[:, 0]:
        plot.set_ylabel(f"${latex[axis]}$ at error {level:g}")
    return figure


def _of(rows: Sequence[Row], key: str) -> Any:
    """A column as numbers, NaN for None."""
    return np.array([math.nan if r[key] is None else float(r[key] or 0.0) for r in rows])
