"""A figure that the reader chooses: an observable of results against an axis, along training, by series and panel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np

from empirics.errors import UsageError
from empirics.experiments.document import CellResult
from empirics.experiments.panels import observed_mean, where_defined
from empirics.experiments.wording import axis_label, in_math, words
from empirics.report.figures.figure import Figure, Row
from empirics.report.figures.series import draw_series
from empirics.report.figures.style import LOOKS, figure_style
from empirics.verification.results import Results
from theory import Claim, UnknownClaimError, claim
from theory.fingerprint import fingerprint
from theory.kinds import Kind
from theory.spelling import meant

ARM: Final = "arm"
STEP: Final = "step"
_POINTS: Final = 60
_LOGS: Final = ("", "x", "y", "xy")

Value = int | float | str


@dataclass(frozen=True)
class _Point:
    """A measured mean: where (arm, columns, step), its limits, and the cell that says what holds there."""

    place: Mapping[str, Value]
    value: float
    lower: float | None
    upper: float | None
    seeds: int | None
    cell: CellResult = field(repr=False)


def observable_figure(
    results: Results,
    y: str,
    *,
    x: str | None = None,
    by: str | None = None,
    panel: str | None = None,
    at: Mapping[str, Value] | None = None,
    claims: Sequence[str] = (),
    arm: str | None = None,
    log: str = "",
    style: str = "paper",
    width: float | None = None,
    command: str = "",
) -> Figure:
    """An observable of the results against an axis, with the bounds of some claims.

    Axes are named by symbol (``N_f``) or column (``finetuned``); ``arm`` is one too, and ``step`` are the steps of
    training of an observable that has curves.

    Args:
        results: what was measured.
        y: the observable.
        x: the axis along x; the last of the grid if None.
        by: the axis whose values are series of their own.
        panel: the axis whose values are panels of their own.
        at: values of the other axes: one for each that varies.
        claims: whose bounds are lines; the limits of the first that speaks of ``y`` are the error bars. Without one,
            they are those of the cell by itself.
        arm: the arm that is shown, if it is not the leading one.
        log: the axes that are logarithmic: ``x``, ``y`` or ``xy``.
        style: one of ``paper``, ``slides``, ``poster``.
        width: in inches; the usual one of the style if None.
        command: draws it again, for the metadata of its file.

    Raises:
        UsageError: a name or value that is not there, an axis that varies and is neither said nor fixed, a claim
            without a bound here, or a logarithm of what is not positive.

    Example:
        >>> from empirics.verification.results import read_results
        >>> found = read_results("results/results.json")
        >>> observable_figure(found, "ood_error", x="N_f", by="K", panel="R", claims=["ood-error-literal"]).title
        'OOD error against N_f'
    """
    figure_style(style)
    if log not in _LOGS:
        raise UsageError(f"log={log} is refused: allowed is {', '.join(_LOGS[1:])}")
    chosen = _Chosen(results, y, x, by, panel, dict(at or {}) | ({} if arm is None else {ARM: arm}))
    stated = [_stated(results, name, y) for name in dict.fromkeys(claims)]
    points = chosen.points(deciding=[judged for judged, mine in stated if mine])
    rows = [chosen.row("observed", p.place, p.value, p.lower, p.upper, p.seeds) for p in points]
    for name, _ in stated:
        lines = chosen.lines(name, points, logarithmic="x" in log)
        if not lines:
            spoken = results.claim(name).variant
            raise UsageError(f"claims={name} has no bound on what is drawn: it speaks of the arm {spoken}")
        rows += lines
    _check_log(rows, log, chosen.x, y)
    about = results.observables.get(y)
    unit = "" if about is None or about.unit in ("", "1", "fraction", "probability") else f", {about.unit}"
    decides = next((name for name, mine in stated if mine), None)
    limits = "the limits of each by itself"
    if decides:
        limits = f"the limits that decide {decides}; hollow, without any, where it does not decide"
    title = f"{words(y)[:1].upper()}{words(y)[1:]} against {chosen.label(chosen.x)}"
    return Figure(
        chosen.name(),
        title,
        f"{title}{chosen.fixed()}. Points are means over seeds with {limits}."
        + (f" Lines are the bounds of {', '.join(claims)}, also where a premise fails." if stated else ""),
        rows,
        partial(
            draw_series,
            x=chosen.x,
            xlabel=chosen.xlabel(),
            ylabel=words(y) + unit,
            by=chosen.by,
            panel=chosen.panel,
            names=chosen.latex(),
            lines={name: name for name, _ in stated},
            log=log,
            share=_shares(results, y),
            curves=chosen.x == STEP,
            width=width or LOOKS[style][1],
        ),
        style=style,
        command=command,
    )


class _Chosen:
    """Which axes are drawn and which fixed, and the points of the results there."""

    def __init__(
        self, results: Results, y: str, x: str | None, by: str | None, panel: str | None, at: Mapping[str, Value]
    ) -> None:
        self.results, self.y = results, y
        measured = dict.fromkeys(name for cell in results.cells for name in cell.observables)
        curves = dict.fromkeys(curve.observable for curve in results.curves)
        if y not in measured | curves:
            raise UsageError(f"y={y} is unknown; {meant(y, sorted(measured | curves))}")
        self.symbols = {column: symbol for symbol, column in results.experiment.axes.items()}
        self.x = self._axis("x", x or list(results.experiment.axes)[-1])
        self.by, self.panel = (
            None if name is None else self._axis(k, name) for k, name in (("by", by), ("panel", panel))
        )
        for key, name in (("by", self.by), ("panel", self.panel)):
            if name is not None and name in (self.x, self.by if key == "panel" else None):
                raise UsageError(f"{key}={self.said(name)} is refused: it is drawn already; allowed is another axis")
        if self.x == ARM or STEP in (self.by, self.panel):
            raise UsageError("x=arm, by=step and panel=step are refused: arms have no order, steps lie along x")
        if self.x == STEP and y not in curves:
            raise UsageError(f"x=step is refused: {y} has no curve; curves are of {', '.join(curves) or 'nothing'}")
        if self.x != STEP and y not in measured:
            raise UsageError(f"y={y} is known along training alone: x=step")
        self.at = {self._axis("at", name): value for name, value in at.items()}
        if ARM not in (self.by, self.panel, *self.at):
            self.at[ARM] = results.experiment.leading

    def _axis(self, key: str, name: str) -> str:
        """The column of an axis (UsageError: it is none)."""
        known = self.results.experiment.axes
        if name in self.symbols or name in (ARM, STEP):
            return name
        if name not in known:
            raise UsageError(f"{key}={name} is unknown; {meant(name, [*known, *self.symbols, ARM, STEP])}")
        return known[name]

    def said(self, column: str) -> str:
        """The name by which an axis is asked for."""
        return self.symbols.get(column, column)

    def label(self, column: str) -> str:
        """The name of an axis in plain text."""
        return self.results.label(self.said(column))

    def latex(self) -> dict[str, str]:
        """How figures write each column."""
        known = {s.name: in_math(s) for s in self.results.notation}
        return {column: known.get(symbol, symbol) for column, symbol in self.symbols.items()}

    def xlabel(self) -> str:
        """What stands along x."""
        if self.x == STEP:
            return "gradient steps"
        return next(axis_label(s) for s in self.results.notation if s.name == self.symbols[self.x])

    def name(self) -> str:
        """The figure's file name, from what is shown."""
        shown = [self.y, *(self.said(c) for c in (self.x, self.by, self.panel) if c is not None)]
        at = [
            f"{self.said(c)}{v}" if c != ARM else str(v)
            for c, v in self.at.items()
            if (c, v) != (ARM, self.results.experiment.leading)
        ]
        return "-".join([*shown, *at])

    def fixed(self) -> str:
        """What is fixed, as in ``at K = 3``."""
        shown = [f"{self.label(c)} = {v}" for c, v in self.at.items() if c != ARM]
        if ARM in self.at and self.at[ARM] != self.results.experiment.leading:
            shown.append(f"arm {self.at[ARM]}")
        return f" at {', '.join(shown)}" if shown else ""

    def points(self, deciding: Sequence[str]) -> list[_Point]:
        """What was measured at the places that are drawn (UsageError: a value is not there, or an axis varies)."""
        found = self._along_training() if self.x == STEP else self._of_cells(deciding)
        for column, value in self.at.items():
            there = list(dict.fromkeys(p.place[column] for p in found))
            kept = [p for p in found if _same(p.place[column], value)]
            if not kept:
                allowed = ", ".join(_text(v) for v in there)
                raise UsageError(f"{self.said(column)}={value} is refused: {self.y} was measured at {allowed}")
            found = kept
        for column in (ARM, *self.symbols):
            values = list(dict.fromkeys(p.place[column] for p in found if column in p.place))
            if column not in (self.x, self.by, self.panel) and len(values) > 1:
                said, few = self.said(column), ", ".join(_text(v) for v in values)
                how = f"give by={said}, panel={said} or at {said}={_text(values[0])}"
                raise UsageError(f"{self.label(column)} varies over {few}: {how}")
        return found

    def _of_cells(self, deciding: Sequence[str]) -> list[_Point]:
        found = []
        for index, cell in enumerate(self.results.cells):
            if self.y in cell.observables:
                limits = cell.observables.limits(self.y)
                if deciding:
                    limits = observed_mean(self.results, deciding, self.y, index)
                if limits[0] is not None:
                    found.append(_Point(self._place(cell), limits[0], limits[1], limits[2], len(cell.seeds), cell))
        if not found:
            raise UsageError(f"y={self.y} has no value in any cell")
        return found

    def _along_training(self) -> list[_Point]:
        found = []
        for curve in (c for c in self.results.curves if c.observable == self.y):
            alike = (c for c in self.results.cells if c.variant == curve.variant)
            cell = next(c for c in alike if curve.symbols.items() <= c.symbols.items())
            place = {ARM: curve.variant, **{c: curve.symbols[s] for c, s in self.symbols.items() if s in curve.symbols}}
            for step, mean, lower, upper in zip(curve.steps, curve.mean, curve.lower, curve.upper, strict=True):
                if mean is not None:
                    found.append(_Point({**place, STEP: step}, mean, lower, upper, None, cell))
        return found

    def _place(self, cell: CellResult) -> dict[str, Value]:
        return {ARM: cell.variant, **{column: cell.symbols[symbol] for column, symbol in self.symbols.items()}}

    def row(self, series: str, place: Mapping[str, Value], value: float, *more: float | None) -> Row:
        """A row of the data."""
        lower, upper, seeds = more or (None, None, None)
        return {"series": series, **place, "value": value, "lower": lower, "upper": upper, "seeds": seeds}

    def lines(self, name: str, points: Sequence[_Point], *, logarithmic: bool) -> list[Row]:
        """The bound of a claim along x, in each series of its arm; from its formula if that is the one judged."""
        judged, rows = self.results.claim(name), []
        item = _same_claim(name, judged.fingerprint)
        groups: dict[tuple[Value, ...], list[_Point]] = {}
        for point in points:
            if point.place[ARM] == judged.variant:
                groups.setdefault(tuple(v for c, v in point.place.items() if c != self.x), []).append(point)
        symbol = "t" if self.x == STEP else self.symbols[self.x]
        for group in groups.values():
            if item is not None and item.kind is Kind.RATE:
                known = _rate(group)
            elif item is not None and symbol in item.symbols:
                known = _along(item, symbol, [p.place[self.x] for p in group], group[0].cell, logarithmic)
            else:
                stored = [(float(p.place[self.x]), p.cell.bounds.get(name)) for p in group if self.x != STEP]
                known = [(at, bound.bound) for at, bound in stored if bound is not None]
            rows += [self.row(name, {**group[0].place, self.x: at}, value) for at, value in known]
        return rows


def _stated(results: Results, name: str, y: str) -> tuple[str, bool]:
    """A claim whose bound can be drawn beside ``y``, and whether its verdicts rest on the mean of ``y``."""
    known = {c.id: c for c in results.claims}
    rates = {c.id for c in results.claims if c.kind == Kind.RATE and y in _supporting(c.id, c.fingerprint)}
    bounded = [c for c in known if c in rates or any(c in cell.bounds for cell in results.cells)]
    if name not in bounded:
        raise UsageError(f"claims={name} is no claim with a bound in these results; {meant(name, bounded)}")
    units = [about.unit for o in (known[name].observable, y) if (about := results.observables.get(o)) is not None]
    if name not in rates and len(set(units)) > 1 and not _shares(results, known[name].observable, y):
        raise UsageError(f"claims={name} bounds {known[name].observable} in {units[0]}, and y={y} is in {units[1]}")
    return name, known[name].observable == y and not known[name].by_share


def _shares(results: Results, *observables: str) -> bool:
    """Whether all of these lie between 0 and 1."""
    known = [results.observables.get(name) for name in observables]
    return all(about is not None and (about.lower, about.upper) == (0, 1) for about in known)


def _same_claim(name: str, mark: str) -> Claim | None:
    """The registered claim, if it is the one that was judged."""
    try:
        found = claim(name)
    except UnknownClaimError:
        return None
    return found if fingerprint(found) == mark else None


def _supporting(name: str, mark: str) -> Sequence[str]:
    found = _same_claim(name, mark)
    return () if found is None else found.measured.supporting


def _along(
    item: Claim, symbol: str, places: Iterable[Any], cell: CellResult, logarithmic: bool
) -> list[tuple[int | float, float]]:
    """A bound between the least and the greatest place, and at each of them."""
    at = sorted({p for p in places if p >= item.notation[symbol].minimum})
    spread: Callable[..., Any] = np.geomspace if logarithmic and at and at[0] > 0 else np.linspace
    points = np.union1d(at, spread(at[0], at[-1], _POINTS)) if at else np.array([])
    if item.notation[symbol].integer:
        points = np.unique(np.rint(points).astype(int))
    fixed = {name: cell.symbols[name] for name in item.symbols if name != symbol and name in cell.symbols}
    return where_defined(item.bound, fixed, symbol, points) if len(points) else []


def _rate(group: Sequence[_Point]) -> list[tuple[int | float, float]]:
    """log^2 t / t over the last decade of steps, from where it begins: no slower fall is claimed."""
    last = max(float(p.place[STEP]) for p in group)
    late = [p for p in group if float(p.place[STEP]) >= max(2.0, last / 10)]
    if not late:
        return []
    t = np.array([float(p.place[STEP]) for p in late])
    shape = np.log(t) ** 2 / t
    return list(zip(t.tolist(), (late[0].value * shape / shape[0]).tolist(), strict=True))


def _check_log(rows: Sequence[Row], log: str, x: str, y: str) -> None:
    """What has no logarithm, and no line of its own below the axis."""
    if "x" in log and (least := min(float(r[x] or 0) for r in rows)) <= 0 and x != STEP:
        raise UsageError(f"log={log} is refused: {x} has the value {least:g}")
    if "y" in log and (least := min(float(r["value"] or 0) for r in rows)) < 0:
        raise UsageError(f"log={log} is refused: {y} has the value {least:g}")


def _same(found: Value, asked: Value) -> bool:
    if found == asked:
        return True
    try:
        return not isinstance(found, str) and found == float(asked)
    except ValueError:
        return False


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"
