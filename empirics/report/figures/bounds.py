"""The bound of a claim by itself, over a range: a line for each of a few settings, no measurement."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from empirics.errors import UsageError
from empirics.experiments.panels import where_defined
from empirics.experiments.wording import axis_label, in_math, words
from empirics.report.figures.figure import Figure, Row, number
from empirics.report.figures.legend import LETTER, fitting, legend_above
from empirics.report.figures.style import COLUMN, INK, LOOKS, STYLES, figure_style, scaled, shades, subplots
from theory.claim import Claim
from theory.kinds import Kind
from theory.notation import BrokenClaimError, DomainError, Symbol
from theory.numbers.evaluate import parse_value
from theory.parts import relation_text
from theory.spelling import meant, near

_MOST_LINES = 12
_MOST_POINTS = 400
_LEAST_SHOWN = 1e-6
_LABEL = (0.02, 0.03)  # half of a label's width and height where a line may not pass, as shares of the axes
_INSIDE = 0.4  # of the axes on both sides of the middle, where labels stand
_FEW = 9  # so many values are lines; more are an axis


def claim_figure(
    identifier: str, texts: Sequence[str] = (), *, style: str = "paper", width: float | None = None, command: str = ""
) -> Figure:
    """The figure of a registered claim's bound; see :func:`given_ranges` and :func:`bound_figure`.

    ``style`` is one of :data:`empirics.report.figures.style.LOOKS`, ``width`` in inches; the style's if None.
    ``command`` draws it again.

    Raises:
        UsageError: there is no such claim, or no such style.
        DomainError: what :func:`bound_figure` refuses.
    """
    from theory import UnknownClaimError, all_claims, claim

    try:
        item = claim(identifier)
    except UnknownClaimError:
        near = meant(identifier, [c.id for c in all_claims() if c.log_expression is not None])
        raise UsageError(f"{identifier} is neither a directory nor a claim with a bound; {near}") from None
    figure_style(style)
    return replace(bound_figure(item, *given_ranges(item, texts), style=style, width=width), command=command)


def given_ranges(item: Claim, texts: Sequence[str]) -> tuple[dict[str, Sequence[float]], str | None]:
    """Values of symbols from words, and the axis: ``N=1:200`` is the axis, ``M=1,2`` gives a line each.

    Raises DomainError: a word that cannot be read.
    """
    given: dict[str, Sequence[float]] = {}
    axis = None
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise DomainError(f"{text!r} is not of the form NAME=VALUE; symbols are {', '.join(item.notation)}")
        if name in given:
            raise DomainError(f"{name} is given twice")
        low, colon, high = value.partition(":")
        if colon:
            if axis is not None:
                raise DomainError(f"{axis} and {name} are both ranges; one is the axis, the other takes {name}=1,2,4")
            axis, given[name] = name, _range(item, name, low, high)
        else:
            given[name] = [parse_value(item.notation, name, part) for part in value.split(",")]
    return given, axis


def _range(item: Claim, name: str, low: str, high: str) -> list[float]:
    """Values from low to high: all whole numbers if there are few, else evenly spread ones."""
    first, last = (parse_value(item.notation, name, text) for text in (low, high))
    if not first < last:
        raise DomainError(f"{name}={low}:{high} is refused: allowed is LOW:HIGH with LOW < HIGH")
    if not item.notation[name].integer:
        return [float(v) for v in np.linspace(first, last, _MOST_POINTS)]
    count = int(min(last - first + 1, _MOST_POINTS))
    return [float(v) for v in np.unique(np.rint(np.linspace(first, last, count)))]


def usual_ranges(
    item: Claim, given: Mapping[str, Sequence[float]], axis: str | None = None
) -> dict[str, Sequence[float]]:
    """For each symbol of the bound its values: those given, else the paper's usual ones; the axis comes first.

    Last come given symbols that only premises or the domain have: one value of each.

    Raises DomainError: a symbol is given that the claim does not have, nothing varies, or lines become too many.
    """
    usual = next((u for u in item.paper.usual if set(item.symbols) <= set(u)), {})
    order = sorted(item.symbols, key=list(usual).index) if usual else list(item.symbols)
    beside = _beside(item, {name: given[name] for name in given if name not in order}, order)
    free = [name for name in order if name not in given]
    if axis is None and not free:
        how = f"give a range, as in {order[0]}=1:100" if order else f"the bound of {item.id} is one number"
        raise DomainError(f"nothing varies: {how}")
    if axis is not None and axis not in order:
        raise DomainError(
            f"{item.id} has no symbol {axis}; {f'{near(axis, order)} '.lstrip()}it has {', '.join(order)}"
        )
    axis = axis or free[0]
    values = {name: given.get(name, ()) or _in_premises(item, name, usual.get(name, ())) for name in order}
    for name in free:
        least, known = max(item.notation[name].minimum, 1), values[name]
        if name == axis and len(known) < _FEW:
            most = 5 * max(known, default=20)
            spread = np.geomspace(most / 100, most, 100).tolist()
            whole = item.notation[name].integer
            values[name] = _in_premises(item, name, range(least, int(most) + 1) if whole else spread)
        elif not known:
            values[name] = (least,)
    lines = math.prod(len(v) for name, v in values.items() if name != axis)
    if lines > _MOST_LINES:
        allowed = f"allowed are at most {_MOST_LINES}: fix a symbol, as in {order[-1]}=3"
        raise DomainError(f"that is {lines} lines; {allowed}")
    return {axis: values.pop(axis), **values, **beside}


def _beside(item: Claim, given: Mapping[str, Sequence[float]], order: Sequence[str]) -> dict[str, Sequence[float]]:
    """Given symbols that the bound does not have; they decide only where it is stated."""
    for name, values in given.items():
        relations = (*item.domain, *(a.relation for a in item.assumptions))
        where = [relation_text(r) for r in relations if name in item.notation.names_in(r)]
        if not where:
            raise _unknown(item, name, order)
        if len(values) > 1:
            raise DomainError(
                f"the bound of {item.id} does not depend on {name}, which stands only in {' and '.join(where)}: "
                f"allowed is one value; the bound has {', '.join(order)}"
            )
    return dict(given)


def _unknown(item: Claim, name: str, order: Sequence[str]) -> DomainError:
    like = f"{near(name, order)} ".lstrip()
    return DomainError(f"{item.id} has no symbol {name}; {like}it has {', '.join(order)}")


def _in_premises(item: Claim, name: str, values: Sequence[float]) -> Sequence[float]:
    """Those of some values of a symbol at which the claim's premises on that symbol alone hold."""
    alone = [a for a in item.premises_on_symbols if {s.name for s in a.relation.free_symbols} == {name}]
    return [v for v in values if all(a.evaluate({name: v}).holds for a in alone)]


def bound_figure(
    item: Claim,
    given: Mapping[str, Sequence[float]] | None = None,
    axis: str | None = None,
    *,
    style: str = "paper",
    width: float | None = None,
) -> Figure:
    """The bound over ``axis`` (if None the first symbol not given), one line for each combination of the others.

    ``given`` values of symbols replace the usual ones; style and width as in :func:`claim_figure`.

    Raises:
        DomainError: the claim has no number, a value is outside its domain everywhere, or nothing varies.

    Example:
        >>> import theory
        >>> values = {"N_f": range(1, 101), "K": [2, 4], "R": [60]}
        >>> figure = bound_figure(theory.claim("ood-error-literal"), values, axis="N_f")
        >>> figure.name, len(figure.rows)
        ('ood-error-literal', 200)
    """
    if item.log_expression is None:
        raise DomainError(f"{item.id} is a {item.kind.value} claim and states no number; there is no bound to draw")
    ranges = usual_ranges(item, given or {}, axis)
    along, *others = ranges
    lines = itertools.product(*(ranges[name] for name in others))
    rows = [row for v in lines for row in _line(item, along, ranges[along], dict(zip(others, v, strict=True)))]
    if not rows:
        raise DomainError(f"{item.id} is not defined anywhere in that range")
    rows = [row for row in rows if _stated(item, {name: number(row, name) for name in ranges})]
    if not rows:
        raise DomainError(f"a premise of {item.id} fails everywhere in that range")
    symbols = {name: item.notation[name] for name in ranges}
    varying = [symbols[name] for name in others if len({r[name] for r in rows}) > 1]
    fixed = ", ".join(f"{symbols[n].label} = {ranges[n][0]:g}" for n in others if symbols[n] not in varying)
    caption = f"{item.title}: {item.observable.replace('_', ' ')} against {symbols[along].meaning}"
    caption += f"; {fixed}." if fixed else "."
    ylabel = f"{'exact' if item.kind is Kind.IDENTITY else 'bound on'} {words(item.observable)}"
    size = width or LOOKS[style][1]
    draw = partial(_draw, along=symbols[along], varying=varying, ylabel=ylabel, width=size)
    return Figure(item.id, item.title, caption, rows, draw, style=style)


def _line(item: Claim, axis: str, values: Sequence[float], fixed: Mapping[str, float]) -> list[Row]:
    """One row for each value at which the bound is defined."""
    return [
        {axis: _whole(x), **{n: _whole(v) for n, v in fixed.items()}, "bound": math.exp(y), "log_bound": y}
        for x, y in where_defined(item.log_bound, fixed, axis, np.array(values))
        if math.isfinite(y)
    ]


def _stated(item: Claim, at: Mapping[str, float]) -> bool:
    """Whether the premises hold at a point that have a symbol which the bound has not; what it does not tell holds."""
    beside = set(at) - set(item.symbols)
    used = [(a, {s.name for s in a.relation.free_symbols}) for a in item.assumptions] if beside else []
    try:
        return all(a.evaluate(at).holds for a, names in used if names & beside and names <= set(at))
    except BrokenClaimError as error:
        raise BrokenClaimError(item.id, error.reason) from error


def _draw(rows: Sequence[Row], along: Symbol, varying: Sequence[Symbol], ylabel: str, width: float) -> Any:
    figure, panels = subplots(1, 1, width, width * 2.3 / COLUMN)
    axis = panels[0, 0]
    positive = [number(r, "bound") for r in rows if number(r, "bound") > 0]
    least, most = max(_LEAST_SHOWN, min(positive, default=_LEAST_SHOWN)), max(positive, default=1.0)
    x = [number(r, along.name) for r in rows]
    if most > 30 * least:
        axis.set(yscale="log", ylim=(least / 1.5, most * 1.6))
    if min(x) > 0 and max(x) > 30 * min(x):
        axis.set_xscale("log")
    groups = list(dict.fromkeys(tuple(r[s.name] for s in varying) for r in rows))
    lines = []
    for group, look in zip(groups, _looks(groups), strict=True):
        mine = [r for r in rows if tuple(r[s.name] for s in varying) == group]
        points = [(number(r, along.name), number(r, "bound")) for r in mine if number(r, "bound") >= least]
        if points:
            axis.plot(*zip(*points, strict=True), **look)
            lines.append((points, ", ".join(f"${in_math(s)}={v:g}$" for s, v in zip(varying, group, strict=True))))
    axis.margins(x=0.02)
    letters = int(0.75 * figure.get_figheight() / scaled(LETTER))
    axis.set(xlabel=fitting(axis_label(along), 0.8 * width), ylabel=textwrap.fill(ylabel, letters))
    axis.autoscale_view()
    if varying:
        _tell(figure, axis, lines)
    return figure


def _looks(groups: Sequence[tuple[Any, ...]]) -> list[dict[str, str]]:
    """A colour for each value of the first symbol that varies, a style for each of the others; alone in black."""
    firsts, rests = (list(dict.fromkeys(part)) for part in ([g[:1] for g in groups], [g[1:] for g in groups]))
    colours = shades(len(firsts)) if len(groups) > 1 else [INK]
    looks = []
    for group in groups:
        first = firsts.index(group[:1])
        style = rests.index(group[1:]) if len(rests) > 1 else first
        looks.append({"color": colours[first], "linestyle": STYLES[style % len(STYLES)]})
    return looks


def _tell(figure: Any, axis: Any, lines: Sequence[tuple[Sequence[tuple[float, float]], str]]) -> None:
    """Each label on its line, at a height of its own where lines cross the picture; a legend where lines are close."""
    to_share = axis.transData + axis.transAxes.inverted()
    places = []
    for position, (points, _) in enumerate(lines):
        wanted = 0.75 - 0.5 * position / max(1, len(lines) - 1)
        shares = to_share.transform(points)
        inside = abs(shares[:, 0] - 0.5) <= _INSIDE
        places.append(points[int(np.argmin(abs(shares[:, 1] - wanted) + ~inside))])
    crossed = (_close(points, place, to_share) for points, _ in lines for place in places if place not in points)
    if any(crossed) or any(_overlap(*pair) for pair in itertools.combinations(to_share.transform(places), 2)):
        legend_above(figure, axis.get_lines(), [text for _, text in lines])
        return
    for (x, y), (_, text) in zip(places, lines, strict=True):
        box = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"}
        axis.annotate(text, (x, y), ha="center", va="center", fontsize=scaled(7), bbox=box)


def _close(points: Sequence[tuple[float, float]], place: tuple[float, float], to_share: Any) -> bool:
    """Whether a line passes where the label of another one would stand."""
    x, y = to_share.transform(place)
    near = [(float(a), float(b)) for a, b in map(to_share.transform, points) if abs(float(a) - x) < _LABEL[0]]
    return any(abs(b - y) < _LABEL[1] for _, b in near)


def _overlap(one: Any, other: Any) -> bool:
    """Whether labels at two places, as shares of the axes, stand on one another."""
    return bool(abs(one[0] - other[0]) < 4 * _LABEL[0] and abs(one[1] - other[1]) < 2 * _LABEL[1])


def _whole(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)
