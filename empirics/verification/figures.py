"""One figure for each measured claim, as data: its bound over an axis of the grid, or its verdicts side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.document import CellResult
from empirics.experiments.presentation import FigureData, Scalar
from empirics.experiments.wording import axis_label, in_math, words
from empirics.verification.results import ClaimResult, Results
from theory.claim import Claim
from theory.kinds import Kind
from theory.notation import DomainError

_POINTS = 60
_LIMITS = "Points: mean over seeds with the limits that decide; a point alone where no verdict rests on limits."


def claim_figures(results: Results, claims: Sequence[Claim]) -> list[FigureData]:
    """A figure for each claim of which something was measured; ``results`` are complete but for these figures."""
    stated = {claim.id: claim for claim in claims}
    figures = (_panels(results, judged, stated[judged.id]) or _forest(results, judged) for judged in results.claims)
    return [figure for figure in figures if figure is not None]


def _panels(results: Results, judged: ClaimResult, claim: Claim) -> FigureData | None:
    """The bound over the last axis as a line, observed cells as points; None without it, or if a share decides."""
    *others, last = results.experiment.axes
    cells = [c for c in results.cells if c.variant == results.experiment.leading]
    if last not in claim.symbols or claim.arm != results.experiment.leading or judged.by_share:
        return None
    rows: list[dict[str, Scalar]] = []
    for place in dict.fromkeys(tuple(c.symbols[s] for s in others) for c in cells):
        panel = [c for c in cells if tuple(c.symbols[s] for s in others) == place]
        rows += _line(results, claim, last, panel)
        rows += _observed(results, judged, panel)
    if not {"observed", claim.id} <= {row["series"] for row in rows}:
        return None
    observable = results.observables.get(judged.observable)
    exact = observable is not None and observable.sampling == "exact"
    predicted = "formula" if judged.kind == Kind.IDENTITY else "bound"
    how = "Points: the value of each cell, computed by another route, without sampling." if exact else _LIMITS
    symbols = {s.name: s for s in results.notation}
    return FigureData.of(
        f"claim-{judged.id}",
        f"{judged.title}, predicted and observed",
        f"{judged.title}: the {predicted} as a line, {judged.observable} as points. {how}",
        "panels",
        rows,
        x=results.experiment.axes[last],
        xlabel=axis_label(symbols[last]),
        ylabel="\n".join(textwrap.wrap(words(judged.observable), 22)),
        across=[results.experiment.axes[s] for s in others[-1:]],
        down=[results.experiment.axes[s] for s in others[:-1]],
        names={results.experiment.axes[s]: in_math(symbols[s]) for s in others},
        lines={claim.id: predicted},
        points="exact value" if exact else "observed",
        log=observable is not None and (observable.lower, observable.upper) == (0, 1),
    )


def _line(results: Results, claim: Claim, axis: str, panel: Sequence[CellResult]) -> list[dict[str, Scalar]]:
    """The bound along the axis where it is defined, to the panel's largest value.

    From the symbol's minimum, at least 1; for real symbols from the least value of the panel.
    """
    at = [c.symbols[axis] for c in panel]
    points: NDArray[Any] = np.linspace(min(at), max(at), _POINTS)
    if claim.notation[axis].integer:
        points = np.unique(np.rint(np.linspace(max(1, claim.notation[axis].minimum), max(at), _POINTS)).astype(int))
    known = panel[0].symbols
    fixed = {name: known[name] for name in claim.symbols if name != axis and name in known}
    return [_row(results, claim.id, {**known, axis: x}, value) for x, value in _defined(claim, fixed, axis, points)]


def _defined(
    claim: Claim, fixed: Mapping[str, float], axis: str, points: NDArray[Any]
) -> list[tuple[int | float, float]]:
    """The points at which the bound is defined, each with its value; all at once where it is so at all of them."""
    try:
        values = np.broadcast_to(claim.bound(**fixed, **{axis: points}), points.shape)
    except DomainError:
        single = [] if len(points) == 1 else np.split(points, len(points))
        return [found for point in single for found in _defined(claim, fixed, axis, point)]
    return list(zip(points.tolist(), values.tolist(), strict=True))


def _observed(results: Results, judged: ClaimResult, panel: Sequence[CellResult]) -> list[dict[str, Scalar]]:
    """The mean of each cell with the limits of its verdict; over all its seeds and without limits if it has none."""
    rows = []
    for cell in panel:
        verdict = results.verdict_of(judged.id, results.cells.index(cell))
        found = cell.observables.get(judged.observable)
        if verdict is not None and verdict.estimate is not None:
            row = _row(results, "observed", cell.symbols, verdict.estimate)
            rows.append(row | {"lower": verdict.lower, "upper": verdict.upper, "seeds": len(cell.seeds)})
        elif found is not None and found.mean is not None:
            rows.append(_row(results, "observed", cell.symbols, found.mean) | {"seeds": len(cell.seeds)})
    return rows


def _row(results: Results, series: str, symbols: Mapping[str, int | float], value: float) -> dict[str, Scalar]:
    place = {column: symbols[symbol] for symbol, column in results.experiment.axes.items()}
    return {"series": series, **place, "value": value, "lower": None, "upper": None, "seeds": None, "note": None}


def _forest(results: Results, judged: ClaimResult) -> FigureData | None:
    """The verdicts with a measured value, one line each."""
    rows: list[dict[str, Scalar]] = [
        {
            "where": results.where(verdict),
            "estimate": verdict.estimate,
            "lower": verdict.lower,
            "upper": verdict.upper,
            "threshold": verdict.bound,
            "verdict": "flat" if verdict.flat else verdict.verdict,
        }
        for verdict in results.verdicts
        if verdict.claim == judged.id and verdict.estimate is not None
    ]
    if not rows:
        return None
    measured = "share of worlds in which it holds" if judged.by_share else "measured value"
    return FigureData.of(
        f"claim-{judged.id}",
        f"{judged.title}, verdict by verdict",
        f"{judged.title}: the {measured} with the limits that the verdict rests on; black bars are the threshold. "
        "Open points are undecided or flat, crosses violated.",
        "forest",
        rows,
        xlabel=measured if judged.by_share else words(judged.observable),
    )
