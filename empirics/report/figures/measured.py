"""A claim's bound and a user's measurements, in one figure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from empirics.experiments.wording import axis_label, words
from empirics.judging.confidence import interval
from empirics.judging.measurements import Judged
from empirics.judging.table import CellTable
from empirics.report.figures.figure import Figure, Row, number
from empirics.report.figures.style import COLUMN, INK, MARKERS, OBSERVED, direct_labels, new_figure, shade_and_style
from theory.notation import DomainError, Symbol

__all__ = ["judged_figure"]


def judged_figure(judged: Judged, alpha: float) -> Figure:
    """Observed means, and the bound where the claim has one, over the symbol that varies most.

    A bound's limits are those that decide. A property is judged on shares of worlds: its means have an interval of
    their own.

    Args:
        judged: the verdicts.
        alpha: level of those intervals, each cell by itself.
    """
    symbol = _axis(judged)
    rows = []
    for cell in sorted(judged.cells, key=lambda c: c.symbols[symbol]):
        fixed = [(n, v) for n, v in cell.symbols.items() if n != symbol and _varies(judged.cells, n)]
        rows.append(_row(judged, cell, symbol, ", ".join(f"{n}={v:g}" for n, v in fixed), alpha))
    observable = judged.claim.judged_on
    return Figure(
        judged.claim.id,
        f"{judged.claim.title}, predicted and observed",
        f"{observable} against {judged.claim.notation[symbol].meaning}. "
        + (
            "Points: mean over seeds with the limits that decide."
            if not judged.claim.by_share
            else "Points: mean over seeds with its time-uniform interval, which does not decide."
        ),
        rows,
        partial(
            _draw,
            symbol=judged.claim.notation[symbol],
            label=words(observable),
            title=f"{judged.claim.id}: {judged.verdict}",
        ),
    )


def _row(judged: Judged, cell: CellTable, symbol: str, series: str, alpha: float) -> Row:
    mean, lower, upper = _limits(judged, cell, alpha)
    return {
        "series": series,
        symbol: cell.symbols[symbol],
        "mean": mean,
        "lower": lower,
        "upper": upper,
        "bound": _bound(judged, cell),
        "seeds": len(cell.seeds),
    }


def _limits(judged: Judged, cell: CellTable, alpha: float) -> tuple[float | None, float | None, float | None]:
    """Mean, lower and upper limit."""
    if not judged.claim.by_share:
        found = next((o for o in judged.outcome.outcomes if cell.index in o.cells and o.estimate is not None), None)
        if found is not None:
            return found.estimate, found.lower, found.upper
    values = [v for v in cell.observables[judged.claim.judged_on] if v is not None]
    if not values:
        return None, None, None
    known = judged.observable
    if not judged.claim.by_share or known is None or not known.bounded:
        return float(np.mean(values)), None, None
    limits = interval(values, alpha, known.lower, known.upper)
    return limits.mean, limits.lower, limits.upper


def _draw(rows: Sequence[Row], symbol: Symbol, label: str, title: str) -> Any:
    figure = new_figure(COLUMN, 2.4, left=0.55, right=0.95, top=0.25)
    axis: Any = figure.subplots()
    ends = []
    for position, series in enumerate(dict.fromkeys(str(r["series"]) for r in rows)):
        mine = [r for r in rows if r["series"] == series]
        seen = [r for r in mine if r["mean"] is not None]
        name = f", {series}" if series else ""
        if seen:
            mean = np.array([number(r, "mean") for r in seen])
            below = np.maximum(mean - [number(r, "lower", "mean") for r in seen], 0)
            above = np.maximum(np.array([number(r, "upper", "mean") for r in seen]) - mean, 0)
            look = OBSERVED | {"fmt": MARKERS[position % len(MARKERS)]}
            axis.errorbar([number(r, symbol.name) for r in seen], mean, yerr=[below, above], **look)
            ends.append((float(mean[-1]), f"observed{name}", str(OBSERVED["color"])))
        known = [(number(r, symbol.name), number(r, "bound")) for r in mine if r["bound"] is not None]
        if known:
            axis.plot(*zip(*known, strict=True), **shade_and_style(position))
            ends.append((known[-1][1], f"bound{name}", INK))
    axis.set_title(title, pad=3)
    axis.set_xlabel(axis_label(symbol), fontsize=7.5)
    axis.set_ylabel(label)
    direct_labels(axis, ends, spacing=0.075)
    return figure


def _bound(judged: Judged, cell: CellTable) -> float | None:
    if judged.claim.log_expression is None or judged.claim.by_share:
        return None
    try:
        return float(judged.claim.bound(**{n: cell.symbols[n] for n in judged.claim.symbols}))
    except DomainError:
        return None


def _axis(judged: Judged) -> str:
    """The symbol with the most values; first among equals one that shares a run."""
    cells, notation = judged.cells, judged.claim.notation
    names = sorted(cells[0].symbols, key=lambda name: not notation[name].shares_run)
    return max(names, key=lambda name: len({c.symbols[name] for c in cells}))


def _varies(cells: tuple[CellTable, ...], name: str) -> bool:
    return len({c.symbols[name] for c in cells}) > 1
