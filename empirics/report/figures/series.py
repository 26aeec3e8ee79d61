"""Measured series as points, predictions as lines, in one or several panels, in any style and width."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from empirics.report.figures.broken_axis import RESOLVED, break_axis, floor_of, gap_of, height
from empirics.report.figures.figure import Row, number, rows_at, with_bars
from empirics.report.figures.legend import LETTER, fitting, legend_above
from empirics.report.figures.style import MARKERS, PREDICTED, SEEN, SOFT, STYLES, scaled, shades, subplots

_OBSERVED: Final = "observed"
_PANEL: Final = 1.5  # inches of a panel, at least
_LEAST: Final = 1e-12
_MARKS: Final = 8  # marks of a curve
_ASIDE: Final = 0.035  # inches between series at one place
_FEW: Final = 8  # values that are ticks of a logarithmic axis


def draw_series(
    rows: Sequence[Row],
    *,
    x: str,
    xlabel: str,
    ylabel: str,
    by: str | None = None,
    panel: str | None = None,
    names: Mapping[str, str] | None = None,
    lines: Mapping[str, str] | None = None,
    points: str = "measured",
    log: str = "",
    share: bool = False,
    curves: bool = False,
    width: float | None = None,
) -> Any:
    """Rows have ``series``, ``x`` and the columns named here, ``value``, ``lower`` and ``upper``.

    The series ``observed`` is drawn as points with intervals, called ``points``, joined where there are no ``lines``;
    ``lines`` are the predicted series with their labels. Each value of the column ``by`` has a colour and a mark of
    its own, each value of ``panel`` a panel; ``names`` writes both in LaTeX. ``log`` names logarithmic axes (``x``,
    ``y``, ``xy``): 0 is drawn below a break of the axis. ``share``: values lie between 0 and 1. ``curves``: points are
    many, and drawn as a line with some marks. Points without an interval are hollow where others have one.
    ``width`` is in inches.
    """
    seen = [r for r in rows if r["series"] == _OBSERVED]
    groups = values_of(rows, by)
    places = values_of(rows, panel)
    width = scaled(3.35) if width is None else width
    down = math.ceil(len(places) / max(1, int(width / scaled(_PANEL))))
    across = math.ceil(len(places) / down)
    told = _entries(groups, by, names or {}, lines or {}, points, curves)
    each = 0.68 * width / across if across > 1 else 0.6 * width
    figure, axes = subplots(down, across, width, each * down + scaled(0.3), sharex=True, sharey=True)
    hollow = any(r["lower"] is not None for r in seen)
    scale = _scale(seen, rows, "y" in log, share)
    for i, (axis, place) in enumerate(zip(axes.flat, places, strict=False)):
        axis.tick_params(labelbottom=i + across >= len(places))
        here = rows if panel is None else rows_at(rows, {panel: place})
        for position, group in enumerate(groups):
            mine = here if by is None else rows_at(here, {by: group})
            mine = [r for r in mine if "x" not in log or number(r, x) > 0]
            aside = 0.0 if "x" in log else scaled(_ASIDE) * (position - (len(groups) - 1) / 2)
            _draw(axis, mine, x, _look(position, groups, curves), lines, scale, curves, hollow, aside)
        if panel is not None:
            axis.set_title(label_of(panel, place, names or {}))
    for axis in axes.flat[len(places) :]:
        axis.set_axis_off()
    _scales(axes, seen or rows, x, log, scale, share)
    figure.supxlabel(fitting(xlabel, width), fontsize="medium")
    if told:
        legend_above(figure, [_handle(look) for _, look in told], [label for label, _ in told])
    middle = each * down / 2 / figure.get_figheight()
    figure.supylabel(textwrap.fill(ylabel, int(0.9 * each * down / scaled(LETTER))), y=middle, fontsize="medium")
    return figure


def values_of(rows: Sequence[Row], column: str | None) -> list[Any]:
    """The values of a column that occur: numbers sorted, words as they come; one None where there is no column."""
    if column is None:
        return [None]
    found = list(dict.fromkeys(r[column] for r in rows if r[column] is not None))
    return found if any(isinstance(value, str) for value in found) else sorted(found, key=lambda v: float(v or 0))


def label_of(column: str, value: Any, names: Mapping[str, str]) -> str:
    """A value of a column, as in ``$K=3$``; words stand by themselves."""
    return value if isinstance(value, str) else f"${names.get(column, column)}={value:g}$"


def _look(position: int, groups: Sequence[Any], curves: bool) -> dict[str, Any]:
    colour = SEEN if len(groups) == 1 else shades(len(groups))[position]
    style = "-" if curves else STYLES[position % len(STYLES)]
    return {"color": colour, "marker": MARKERS[position % len(MARKERS)], "linestyle": style}


def _line_look(position: int, look: Mapping[str, Any], curves: bool) -> dict[str, Any]:
    """How a prediction is drawn: in the colour of its series, with a style of its own; alone as in other figures."""
    colour = PREDICTED[position % len(PREDICTED)]["color"] if look["color"] == SEEN else look["color"]
    return {"color": colour, "linestyle": STYLES[(position + curves) % len(STYLES)]}


def _entries(
    groups: Sequence[Any],
    by: str | None,
    names: Mapping[str, str],
    lines: Mapping[str, str],
    points: str,
    curves: bool,
) -> list[tuple[str, dict[str, Any]]]:
    """What the legend tells: series, then predictions; nothing where there is one thing to see."""
    told: list[tuple[str, dict[str, Any]]] = []
    bare = {"linestyle": ""} if lines and not curves else {}
    if len(groups) > 1 and by is not None:
        told += [(label_of(by, group, names), _look(i, groups, curves) | bare) for i, group in enumerate(groups)]
    elif lines:
        told.append((points, _look(0, groups, curves) | bare))
    only = {"color": SOFT} if len(groups) > 1 else {}
    for position, label in enumerate(lines.values()):
        told.append((label, _line_look(position, _look(0, groups, curves), curves) | only))
    return told


def _handle(look: Mapping[str, Any]) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], markersize=scaled(3.8), **look)


def _draw(
    axis: Any,
    rows: Sequence[Row],
    x: str,
    look: Mapping[str, Any],
    lines: Mapping[str, str] | None,
    scale: tuple[float, float] | None,
    curves: bool,
    hollow: bool,
    aside: float,
) -> None:
    from matplotlib.transforms import ScaledTranslation

    floor, gap = (None, 1.0) if scale is None else (scale[0], gap_of(*scale))
    for position, name in enumerate(lines or {}):
        known = [(number(r, x), number(r, "value")) for r in rows if r["series"] == name]
        known = [(at, y) for at, y in known if floor is None or y >= floor]
        if known:
            axis.plot(*zip(*sorted(known), strict=True), **_line_look(position, look, curves))
    seen = sorted((r for r in rows if r["series"] == _OBSERVED), key=lambda r: number(r, x))
    if not seen:
        return
    means, bars = with_bars(seen, "value", lambda value: height(value, floor, gap))
    at = [number(r, x) for r in seen]
    if curves:
        every = max(1, len(at) // _MARKS)
        start = MARKERS.index(look["marker"]) * every // len(MARKERS)  # series have their marks at different places
        axis.plot(at, means, markevery=(start, every), markersize=scaled(3.8), **look)
        axis.fill_between(at, means - bars[0], means + bars[1], color=look["color"], alpha=0.15, linewidth=0)
        return
    sizes = {"markersize": scaled(3.8), "capsize": scaled(2.0), "elinewidth": scaled(0.9), "capthick": scaled(0.9)}
    joined = {"linewidth": scaled(0.8)} | ({"linestyle": ""} if lines else {})
    if aside:
        axis.margins(x=0.1)  # room for what stands beside the last place
    moved = {"transform": axis.transData + ScaledTranslation(aside, 0, axis.figure.dpi_scale_trans)} if aside else {}
    axis.errorbar(at, means, yerr=bars, zorder=3, **moved, **{**look, **joined}, **sizes)
    bare = [(x, y) for x, y, r in zip(at, means, seen, strict=True) if hollow and r["lower"] is None]
    if bare:
        inside = {"linestyle": "", "markerfacecolor": "white", "markersize": sizes["markersize"]}
        axis.plot(*zip(*bare, strict=True), zorder=4, **moved, **{**look, **inside})


def _scale(seen: Sequence[Row], rows: Sequence[Row], logarithmic: bool, share: bool) -> tuple[float, float] | None:
    """Floor and top of a logarithmic axis that must show 0, or what is too small for it; else None."""
    values = [number(r, *keys) for r in seen for keys in (("value",), ("lower", "value"))]
    if not logarithmic or not values or min(values) > (RESOLVED if share else 0):
        return None
    most = max([*values, *(number(r, "upper", "value") for r in rows)])
    return floor_of([number(r, "value") for r in seen], RESOLVED if share else _LEAST), 1.0 if share else most


def _scales(axes: Any, rows: Sequence[Row], x: str, log: str, scale: tuple[float, float] | None, share: bool) -> None:
    """Which axes are logarithmic; ticks at the values of x, if they are few."""
    values = sorted({number(r, x) for r in rows})
    for axis in axes.flat:
        if scale is not None:
            break_axis(axis, *scale)
        elif "y" in log:
            axis.set_yscale("log")
        elif share:
            axis.set_ylim(-0.04, 1.04)
        if "x" in log:
            axis.set_xscale("log")
            if len(values) <= _FEW:
                axis.set_xticks(values, [f"{value:g}" for value in values])
                axis.minorticks_off()
        elif len(values) == 1:
            axis.set_xticks(values)
        elif all(value.is_integer() for value in values):
            axis.xaxis.get_major_locator().set_params(integer=True)
