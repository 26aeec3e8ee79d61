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
from empirics.report.figures import style
from empirics.report.figures.figure import Figure, Row, number, with_bars
from theory.claim import Claim
from theory.notation import DomainError, Symbol


def judged_figure(judged: Judged, alpha: float) -> Figure:
    """Observed means, and the bound where the claim has one, over the symbol with the most values.

    A bound's limits are those that decide. A property is judged on shares of worlds: its means have an interval of
    their own, at level ``alpha``, each cell by itself.

    Example:
        >>> from empirics import judge
        >>> row = {"N_f": 40, "K": 3, "R": 60, "ood_error": 0.1, "pretraining_gap": 0.01}
        >>> judged_figure(judge([row | {"seed": seed} for seed in range(20)], "ood-error-literal"), alpha=0.05).name
        'ood-error-literal'
    """
    claim = judged.claim
    values = {name: len({cell.symbols[name] for cell in judged.cells}) for name in judged.cells[0].symbols}
    # First among equals one that shares a run.
    name = max(sorted(values, key=lambda n: not claim.notation[n].shares_run), key=values.__getitem__)
    symbol = claim.notation[name]
    rows: list[Row] = []
    for cell in sorted(judged.cells, key=lambda c: c.symbols[name]):
        fixed = [f"{n}={v:g}" for n, v in cell.symbols.items() if n != name and values[n] > 1]
        mean, lower, upper = _limits(judged, cell, alpha)
        drawn: Row = {"mean": mean, "lower": lower, "upper": upper, "bound": _bound(claim, cell)}
        rows.append({"series": ", ".join(fixed), name: cell.symbols[name], **drawn, "seeds": len(cell.seeds)})
    about = "its time-uniform interval (it does not decide)" if claim.by_share else "the limits that decide"
    return Figure(
        claim.id,
        f"{claim.title}, predicted and observed",
        f"{claim.judged_on} against {symbol.meaning}. Points: mean over seeds with {about}.",
        rows,
        partial(_draw, symbol=symbol, label=words(claim.judged_on), title=f"{claim.id}: {judged.verdict}"),
    )


def _limits(judged: Judged, cell: CellTable, alpha: float) -> tuple[float | None, float | None, float | None]:
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
    figure = style.new_figure(style.COLUMN, 2.4, left=0.55, right=0.95, top=0.25)
    axis: Any = figure.subplots()
    ends = []
    for position, series in enumerate(dict.fromkeys(str(r["series"]) for r in rows)):
        mine = [r for r in rows if r["series"] == series]
        seen = [r for r in mine if r["mean"] is not None]
        name = f", {series}" if series else ""
        if seen:
            mean, bars = with_bars(seen, "mean")
            look = style.OBSERVED | {"fmt": style.MARKERS[position % len(style.MARKERS)]}
            axis.errorbar([number(r, symbol.name) for r in seen], mean, yerr=bars, **look)
            ends.append((float(mean[-1]), f"observed{name}", style.SEEN))
        known = [(number(r, symbol.name), number(r, "bound")) for r in mine if r["bound"] is not None]
        if known:
            alone = {"marker": "_", "markersize": 18} if len(known) == 1 else {}
            axis.plot(*zip(*known, strict=True), **style.shade_and_style(position), **alone)
            ends.append((known[-1][1], f"bound{name}", style.INK))
    if symbol.integer:
        axis.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    if len({r[symbol.name] for r in rows}) == 1:
        axis.set_xlim(number(rows[0], symbol.name) - 1, number(rows[0], symbol.name) + 1)
    axis.set_title(title, pad=3)
    axis.set_xlabel(axis_label(symbol), fontsize=7.5)
    axis.set_ylabel(label)
    style.direct_labels(axis, ends, spacing=0.075)
    return figure


def _bound(claim: Claim, cell: CellTable) -> float | None:
    if claim.log_expression is None or claim.by_share:
        return None
    try:
        return float(claim.bound(**{n: cell.symbols[n] for n in claim.symbols}))
    except DomainError:
        return None
