"""Figures of the map of regimes: contours, verdicts on both readings, and how the transition moves.

Every figure is drawn from rows alone, which are stored beside it as CSV.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from empirics.judging.table import MAIN
from empirics.regimes.analysis import READINGS, SIZES
from empirics.regimes.contours import LEVELS
from empirics.regimes.document import ContourRow, MapCell, RegimeMap
from empirics.report.figures.figure import Figure, Row
from empirics.report.figures.style import LAW, LINES, OBSERVED, PAGE, SEEN

__all__ = ["contour_figure", "moves_figure", "readings_figure"]

_ROUND: Final = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
_MOST: Final = 1000  # the largest N_f that contours are drawn to
_PREDICTED: Final = {
    **LINES,
    "covering-none-seen": {"color": LAW, "linestyle": "-.", "label": "P[no own template seen]"},
}
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
    cells = [c for c in found.of(MAIN) if c.error is not None]
    contours = [c for c in found.contours if c.variant == MAIN]
    if not cells or not contours:
        return None
    rows: list[Row] = [_row("cell", c, None, c.finetuned, c.error, c.lower, c.upper, c.regime) for c in cells]
    for c in contours:
        note = "" if c.beyond is None else f"{c.beyond} the N_f run"
        rows.append(_row("measured", c, c.level, c.measured, None, c.lower, c.upper, note))
    for name in _PREDICTED:
        for c in sorted(contours, key=lambda c: (c.multiplicity, c.templates)):
            rows.append(_row(name, c, c.level, c.predicted[name], None, None, None, ""))
    subjects = cells[0].subjects
    return Figure(
        "map",
        "Where extraction succeeds and fails",
        f"The number of fine-tuned facts at which the OOD error falls to {LEVELS[0]:g} (above) and {LEVELS[1]:g} "
        f"(below): measured (red, with 95 % limits over resampled seeds; a triangle: beyond the values run) and "
        f"predicted (lines), S = {subjects}. Behind them every cell, the darker the larger its mean error: large "
        "circles surely fail or succeed, squares surely lie between, small circles are undecided. Above the grey line "
        "there are not so many facts.",
        rows,
        partial(_draw_contours, subjects=subjects),
    )


def readings_figure(found: RegimeMap) -> Figure | None:
    """Where each reading of the headline bound holds, is vacuous, violated, undecided or out of scope."""
    cells = [c for c in found.of(MAIN) if c.seeds]
    if not cells:
        return None
    rows: list[Row] = [
        {
            "reading": reading,
            "templates": c.templates,
            "multiplicity": c.multiplicity,
            "finetuned": c.finetuned,
            "bound": c.laws.get(reading),
            "error": c.error,
            "verdict": c.verdicts[reading],
        }
        for reading in READINGS
        for c in cells
    ]
    return Figure(
        "readings",
        "Verdicts on both readings of the headline bound",
        "One mark per cell of the main grid; the error probability of a reading is divided over all cells of the map.",
        rows,
        _draw_readings,
    )


def moves_figure(found: RegimeMap) -> Figure | None:
    """How the N_f at which the error falls to 1/2 moves with one thing at a time."""
    base = [c for c in found.contours if c.variant == MAIN and c.level == LEVELS[0] and c.multiplicity >= 2]
    panels: list[tuple[str, float, ContourRow]] = [
        ("facts per template S K / R", c.subjects * c.multiplicity / c.templates, c)
        for c in found.contours
        if c.level == LEVELS[0] and c.multiplicity >= 2 and (c.variant == MAIN or c.variant.startswith(SIZES))
    ]
    for variation in found.variations:
        if variation.key == SIZES.removesuffix("="):
            continue
        numbers = [v for v in variation.values if isinstance(v, int | float) and not isinstance(v, bool)]
        varied = [
            (float(value), c)
            for value in numbers
            for c in found.contours
            if c.variant == f"{variation.key}={value}" and c.level == LEVELS[0]
        ]
        same = {(c.templates, c.multiplicity) for _, c in varied}
        here = _main_value(found, variation.key)
        if here is not None:
            varied += [(here, c) for c in base if (c.templates, c.multiplicity) in same]
        panels += [(variation.key.replace("_", " ").rpartition(".")[2], value, c) for value, c in varied]
    if not panels:
        return None
    rows: list[Row] = [
        {
            "panel": panel,
            "value": value,
            "subjects": c.subjects,
            "templates": c.templates,
            "multiplicity": c.multiplicity,
            "finetuned": c.measured,
            "lower": c.lower,
            "upper": c.upper,
            "beyond": c.beyond,
        }
        for panel, value, c in panels
    ]
    return Figure(
        "moves",
        "How the transition moves",
        f"The number of fine-tuned facts at which the OOD error falls to {LEVELS[0]:g}, with 95 % limits over "
        "resampled seeds, against facts per template (every world of the main grid and of the other sizes) and "
        "against one setting at a time. Open: beyond the values run.",
        rows,
        _draw_moves,
    )


def _row(
    series: str,
    place: MapCell | ContourRow,
    level: float | None,
    finetuned: float | None,
    error: float | None,
    lower: float | None,
    upper: float | None,
    note: str,
) -> Row:
    return {
        "series": series,
        "templates": place.templates,
        "multiplicity": place.multiplicity,
        "level": level,
        "finetuned": finetuned,
        "error": error,
        "lower": lower,
        "upper": upper,
        "note": note,
    }


def _draw_contours(rows: Sequence[Row], subjects: int) -> Any:
    from matplotlib.figure import Figure as Canvas

    ks = sorted({int(r["multiplicity"] or 0) for r in rows})
    figure = Canvas(figsize=(min(PAGE, 1.55 * len(ks) + 0.6), 4.9), layout="constrained")
    axes: Any = figure.subplots(len(LEVELS), len(ks), sharex=True, sharey=True, squeeze=False)
    for i, level in enumerate(LEVELS):
        for j, k in enumerate(ks):
            axis = axes[i, j]
            mine = [r for r in rows if r["multiplicity"] == k]
            for regime, style in _GLYPHS.items():
                at = [r for r in mine if r["series"] == "cell" and r["note"] == regime]
                shade = {"c": _of(at, "error"), "cmap": "Greys", "vmin": 0.0, "vmax": 1.2, "edgecolors": "#888888"}
                axis.scatter(_of(at, "templates"), _of(at, "finetuned"), linewidths=0.6, zorder=2, **style, **shade)
            for name, style in _PREDICTED.items():
                at = [r for r in mine if r["series"] == name and r["level"] == level]
                axis.plot(_of(at, "templates"), _of(at, "finetuned"), linewidth=1.1, zorder=1, **style)
            _draw_measured(axis, [r for r in mine if r["series"] == "measured" and r["level"] == level])
            axis.axhline(subjects - 0.5, color="#bbbbbb", linewidth=1.0)
            axis.set_title(f"$K={k}$, error {level:g}")
    axes[0, 0].set_xscale("log")
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_ylim(0.8, _MOST)
    ticks = sorted({int(r["templates"] or 0) for r in rows if r["series"] == "cell"})
    for axis in axes[-1]:
        axis.set_xticks(ticks, [str(t) for t in ticks])
        axis.minorticks_off()
        axis.set_xlabel("$R$, templates")
    for axis in axes[:, 0]:
        axis.set_ylabel("$N_f$")
    handles, labels = axes[0, -1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(ks)))
    return figure


def _draw_measured(axis: Any, rows: Sequence[Row]) -> None:
    inside = [r for r in rows if r["finetuned"] is not None]
    x, y = _of(inside, "templates"), _of(inside, "finetuned")
    errors = [np.maximum(y - _of(inside, "lower"), 0), np.maximum(_of(inside, "upper") - y, 0)]
    axis.errorbar(x, y, yerr=errors, **OBSERVED, linestyle="-", linewidth=1.2, label="measured")
    for word, marker, end in (("below", "v", "lower"), ("above", "^", "upper")):
        out = [r for r in rows if r["finetuned"] is None and str(r["note"]).startswith(word)]
        axis.plot(_of(out, "templates"), _of(out, end), linestyle="", marker=marker, color=SEEN, markersize=5)


def _draw_readings(rows: Sequence[Row]) -> Any:
    from matplotlib.figure import Figure as Canvas

    ks = sorted({int(r["multiplicity"] or 0) for r in rows})
    sizes = sorted({int(r["templates"] or 0) for r in rows})
    shown = sorted({int(r["finetuned"] or 0) for r in rows})
    figure = Canvas(figsize=(min(PAGE, 1.35 * len(ks) + 0.8), 4.2), layout="constrained")
    axes: Any = figure.subplots(len(READINGS), len(ks), sharex=True, sharey=True, squeeze=False)
    for i, reading in enumerate(READINGS):
        for j, k in enumerate(ks):
            axis = axes[i, j]
            axis.grid(visible=False)
            for verdict, style in _VERDICTS.items():
                at = [r for r in rows if (r["reading"], r["multiplicity"], r["verdict"]) == (reading, k, verdict)]
                x = [sizes.index(int(r["templates"] or 0)) for r in at]
                y = [shown.index(int(r["finetuned"] or 0)) for r in at]
                axis.scatter(x, y, s=24, label=verdict.lower(), **style)
            axis.set_title(f"{reading.rpartition('-')[2]}, $K={k}$")
    axes[0, 0].set_xlim(-0.6, len(sizes) - 0.4)
    axes[0, 0].set_ylim(-0.6, len(shown) - 0.4)
    for axis in axes[-1]:
        axis.set_xticks(range(len(sizes)), [str(s) for s in sizes])
        axis.set_xlabel("$R$")
    for axis in axes[:, 0]:
        axis.set_yticks(range(len(shown)), [str(n) for n in shown])
        axis.set_ylabel("$N_f$")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _draw_moves(rows: Sequence[Row]) -> Any:
    from matplotlib.figure import Figure as Canvas

    panels = list(dict.fromkeys(str(r["panel"]) for r in rows))
    across = min(2, len(panels))
    down = math.ceil(len(panels) / across)
    figure = Canvas(figsize=(PAGE / 2 * across, 2.3 * down), layout="constrained")
    axes: Any = figure.subplots(down, across, sharey=True, squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis, panel in zip(axes.flat, panels, strict=False):
        mine = [r for r in rows if r["panel"] == panel]
        by_k = panel.startswith("facts per template")
        groups = list(dict.fromkeys((None if by_k else r["templates"], r["multiplicity"]) for r in mine))
        values = sorted({float(r["value"] or 0) for r in mine})
        place = {v: float(i) for i, v in enumerate(values)} if 0.0 in values else {v: v for v in values}
        for g, (templates, k) in enumerate(sorted(groups, key=str)):
            at = [r for r in mine if r["multiplicity"] == k and templates in (None, r["templates"])]
            at.sort(key=lambda r: float(r["value"] or 0))
            x = np.array([place[float(r["value"] or 0)] for r in at])
            end = ["lower" if r["beyond"] == "below" else "upper" for r in at]
            y = np.array([float(r["finetuned"] or r[e] or math.nan) for r, e in zip(at, end, strict=True)])
            errors = [np.maximum(y - _of(at, "lower"), 0), np.maximum(_of(at, "upper") - y, 0)]
            label = f"$K={k}$" if templates is None else f"$K={k}$, $R={templates}$"
            style = {
                "marker": "os^vDP"[g % 6],
                "color": str(0.62 * g / max(len(groups) - 1, 1)),
                "linestyle": "" if by_k else "-",
                "markersize": 4,
            }
            axis.errorbar(x, y, yerr=errors, label=label, elinewidth=0.8, **style)
            out = np.array([r["beyond"] is not None for r in at])
            axis.plot(x[out], y[out], **{**style, "linestyle": "", "markerfacecolor": "white", "zorder": 4})
        axis.set_yscale("log")
        if 0.0 in values:
            axis.set_xticks(list(place.values()), [f"{v:g}" for v in values])
        else:
            axis.set_xscale("log")
            ticks = [v for v in _ROUND if values[0] <= v <= values[-1]] if by_k else values
            axis.set_xticks(ticks, [f"{v:g}" for v in ticks])
            axis.minorticks_off()
        axis.set_xlabel(panel)
        axis.legend()
    for axis in axes[:, 0]:
        axis.set_ylabel("$N_f$ at error 0.5")
    return figure


def _main_value(found: RegimeMap, key: str) -> float | None:
    """The main configuration's value of what varies."""
    section, _, name = {"attention_step": "pretraining.attention_learning_rate"}.get(key, key).partition(".")
    value = found.config[section][name]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _of(rows: Sequence[Row], key: str) -> Any:
    """A column as numbers, NaN for None."""
    return np.array([math.nan if r[key] is None else float(r[key] or 0.0) for r in rows])
