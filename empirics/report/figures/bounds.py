"""The bound of a claim by itself, over a range: a line for each of a few settings, no measurement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from empirics.report.figures.figure import Figure, Row, number
from empirics.report.figures.style import COLUMN, new_figure, shade_and_style, words
from theory import Claim, DomainError, Kind
from theory.notation import NOTATION

__all__ = ["SETTINGS", "bound_figure", "default_ranges"]

SETTINGS: Final[Mapping[str, Sequence[float]]] = MappingProxyType(
    {
        "N_f": tuple(range(1, 101)) + tuple(int(n) for n in np.unique(np.geomspace(101, 3000, 120).round())),
        "t": tuple(10**n for n in range(9)),
        "K": (1, 2, 4, 8),
        "R": (40,),
        "S": (60,),
        "A": (60,),
        "m": (64,),
        "eta": (1.0,),
    }
)
"""What the symbols range over where the user does not say."""

_ALONG_STEPS: Final[Mapping[str, Sequence[float]]] = MappingProxyType(
    {"S": (30,), "A": (30,), "R": (8,), "K": (1, 3, 8), "eta": (10.0,)}
)
"""The same for bounds along gradient steps: a world in which this step is small enough."""

_AXES: Final[tuple[str, ...]] = ("N_f", "t", "K", "R", "S", "A", "m", "eta")
_MOST_LINES = 12
_LEAST_SHOWN = 1e-6


def default_ranges(
    item: Claim, given: Mapping[str, Sequence[float]], axis: str | None = None
) -> dict[str, Sequence[float]]:
    """For each symbol of the bound its values: those given, else :data:`SETTINGS`; the axis comes first.

    Raises:
        DomainError: a symbol is given that the bound does not have, nothing varies, or lines become too many.
    """
    order = [name for name in _AXES if name in item.symbols]
    unknown = sorted(set(given) - set(order))
    if unknown:
        raise DomainError(f"{item.id} has no symbol {', '.join(unknown)}; it has {', '.join(order)}")
    free = [name for name in order if name not in given]
    if axis is None and not free:
        raise DomainError(f"nothing varies: give a range, as in {order[0]}=1:100")
    axis = axis or free[0]
    usual = SETTINGS if "t" not in order else {**SETTINGS, **_ALONG_STEPS}
    values = {name: given.get(name, _in_premises(item, name, usual[name])) for name in order}
    if axis == "K" and "K" not in given:
        values["K"] = _in_premises(item, "K", tuple(range(1, 41)))
    lines = math.prod(len(v) for name, v in values.items() if name != axis)
    if lines > _MOST_LINES:
        raise DomainError(f"that is {lines} lines; allowed are at most {_MOST_LINES}: fix a symbol, as in K=3")
    return {axis: values.pop(axis), **values}


def _in_premises(item: Claim, name: str, values: Sequence[float]) -> Sequence[float]:
    """Those of the usual values of a symbol at which the claim's premises on that symbol alone hold."""
    alone = [a for a in item.premises_on_symbols if {s.name for s in a.relation.free_symbols} == {name}]
    return [v for v in values if all(a.evaluate({name: v}).holds for a in alone)]


def bound_figure(item: Claim, given: Mapping[str, Sequence[float]] | None = None, axis: str | None = None) -> Figure:
    """The bound over its first range, one line for each combination of the others.

    Args:
        item: a claim with a number.
        given: values of symbols that replace the defaults.
        axis: the symbol along the axis; the first that is not given if None.

    Raises:
        DomainError: the claim has no number, a value is outside its domain everywhere, or nothing varies.
    """
    if item.log_expression is None:
        raise DomainError(f"{item.id} is a {item.kind.value} claim and states no number; there is no bound to draw")
    ranges = default_ranges(item, given or {}, axis)
    along, *others = ranges
    rows: list[Row] = []
    for fixed in _product({name: ranges[name] for name in others}):
        rows += _line(item, along, ranges[along], fixed)
    if not rows:
        raise DomainError(f"{item.id} is not defined anywhere in that range")
    varying = [name for name in others if len({r[name] for r in rows}) > 1]
    fixed_text = ", ".join(f"{_name(n)} = {ranges[n][0]:g}" for n in others if n not in varying)
    caption = f"{item.title}: {item.observable.replace('_', ' ')} against {NOTATION[along].meaning}"
    caption += f"; {fixed_text}." if fixed_text else "."
    draw = partial(
        _draw, axis_name=along, varying=varying, observable=item.observable, exact=item.kind is Kind.IDENTITY
    )
    return Figure(item.id, item.title, caption, rows, draw)


def _product(ranges: Mapping[str, Sequence[float]]) -> list[dict[str, float]]:
    found: list[dict[str, float]] = [{}]
    for name, values in ranges.items():
        found = [{**fixed, name: value} for fixed in found for value in values]
    return found


def _line(item: Claim, axis: str, values: Sequence[float], fixed: Mapping[str, float]) -> list[Row]:
    """One row for each value at which the bound is defined."""
    try:
        logs = np.atleast_1d(item.log_bound(**fixed, **{axis: np.array(values)}))
        points = list(zip(values, logs, strict=True))
    except DomainError:  # some of the values lie outside the domain: one by one
        points = []
        for value in values:
            try:
                points.append((value, float(item.log_bound(**fixed, **{axis: value}))))
            except DomainError:
                continue
    return [
        {axis: _whole(x), **{n: _whole(v) for n, v in fixed.items()}, "bound": math.exp(y), "log_bound": float(y)}
        for x, y in points
        if math.isfinite(y)
    ]


def _draw(rows: Sequence[Row], axis_name: str, varying: Sequence[str], observable: str, exact: bool) -> Any:
    figure = new_figure(COLUMN, 2.3, left=0.62, right=0.12, top=0.1, bottom=0.42)
    axis: Any = figure.subplots()
    positive = [number(r, "bound") for r in rows if number(r, "bound") > 0]
    least, most = max(_LEAST_SHOWN, min(positive, default=_LEAST_SHOWN)), max(positive, default=1.0)
    x = [number(r, axis_name) for r in rows]
    if most > 30 * least:
        axis.set_yscale("log")
        axis.set_ylim(least / 1.5, most * 1.6)
    if min(x) > 0 and max(x) > 30 * min(x):
        axis.set_xscale("log")
    groups = list(dict.fromkeys(tuple(r[name] for name in varying) for r in rows))
    firsts = list(dict.fromkeys(group[:1] for group in groups))
    lines = []
    for position, group in enumerate(groups):
        points = [
            (number(r, axis_name), number(r, "bound"))
            for r in rows
            if tuple(r[name] for name in varying) == group and number(r, "bound") >= least
        ]
        if points:
            axis.plot(*zip(*points, strict=True), **shade_and_style(firsts.index(group[:1]), position))
            lines.append((points, ", ".join(f"${_math(n)}={v:g}$" for n, v in zip(varying, group, strict=True))))
    axis.margins(x=0.02)
    axis.set_xlabel(f"${_math(axis_name)}$, {_short(axis_name)}")
    axis.set_ylabel(f"{'exact' if exact else 'bound on'} {words(observable)}")
    axis.autoscale_view(scaley=False)
    if varying:
        _label_on_lines(axis, lines)
    return figure


def _label_on_lines(axis: Any, lines: Sequence[tuple[Sequence[tuple[float, float]], str]]) -> None:
    """Each label on its line, at a height of its own where lines cross the picture."""
    to_share = axis.transData + axis.transAxes.inverted()
    for position, (points, text) in enumerate(lines):
        wanted = 0.75 - 0.5 * position / max(1, len(lines) - 1)
        x, y = min(points, key=lambda point: abs(float(to_share.transform(point)[1]) - wanted))
        axis.annotate(
            text,
            (x, y),
            ha="center",
            va="center",
            fontsize=7,
            bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"},
        )


def _short(name: str) -> str:
    return {"N_f": "facts fine-tuned", "t": "gradient steps", "K": "multiplicity", "R": "templates"}.get(
        name, NOTATION[name].meaning
    )


def _name(name: str) -> str:
    return "|R|" if name == "R" else name


def _math(name: str) -> str:
    return {"R": "|R|", "eta": r"\eta"}.get(name, name)


def _whole(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)
