"""One figure for each measured claim, as data: its bound over an axis of the grid, or its verdicts side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from empirics.experiments.document import CellResult
from empirics.experiments.panels import observed_rows, panels, predicted_rows
from empirics.experiments.presentation import FigureData, Scalar
from empirics.experiments.sampling import POINTS, spread, told
from empirics.experiments.wording import axis_label, in_math, words
from empirics.verification.results import ClaimResult, Results
from theory.claim import Claim
from theory.kinds import Kind

_LIMITS = "Points show the mean over seeds and the limits that decide, if the verdict rests on limits."


def claim_figures(results: Results, claims: Sequence[Claim]) -> list[FigureData]:
    """A figure for each claim of which something was measured; ``results`` are complete but for these figures."""
    stated = {claim.id: claim for claim in claims}
    mine = [judged for judged in results.claims if judged.id in stated]
    figures = (_panels(results, judged, stated[judged.id]) or _forest(results, judged) for judged in mine)
    return [figure for figure in figures if figure is not None]


def _panels(results: Results, judged: ClaimResult, claim: Claim) -> FigureData | None:
    """The bound over the last axis as a line, observed cells as points; None without it, or if a share decides."""
    *others, last = results.experiment.axes
    cells = [c for c in results.cells if c.variant == results.experiment.leading]
    if last not in claim.symbols or claim.arm != results.experiment.leading or judged.by_share:
        return None
    rows: list[dict[str, Scalar]] = []
    shown, left_out = panels(cells, others)
    for panel in shown.values():
        rows += predicted_rows(results, claim, last, panel)
        seen = observed_rows(results, [judged.id], judged.observable, panel)
        if seen and _out_of_scope(results, judged.id, panel):
            seen[0]["note"] = "out of scope"
        rows += seen
    if not {"observed", claim.id} <= {row["series"] for row in rows}:
        return None
    observable = results.observables.get(judged.observable)
    exact = observable is not None and observable.sampling == "exact"
    predicted = "formula" if judged.kind == Kind.IDENTITY else "bound"
    how = "Points show the exact value of each cell, computed independently." if exact else _LIMITS
    symbols = {s.name: s for s in results.notation}
    return FigureData.of(
        f"claim-{judged.id}",
        f"{judged.title}, predicted and observed",
        f"{judged.title}. Lines are the {predicted}; points are {judged.observable}. {how}{left_out}",
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


def _out_of_scope(results: Results, claim: str, panel: Sequence[CellResult]) -> bool:
    """Whether the claim speaks of no cell of a panel."""
    places = {id(cell): place for place, cell in enumerate(results.cells)}
    found = [results.verdict_of(claim, places[id(cell)]) for cell in panel]
    return all(verdict is not None and verdict.verdict == "OUT OF SCOPE" for verdict in found)


def _forest(results: Results, judged: ClaimResult) -> FigureData | None:
    mine = [v for v in results.verdicts_on(judged.id) if v.estimate is not None]
    shown = spread(mine, POINTS, lambda v: v.verdict == "VIOLATED")
    rows: list[dict[str, Scalar]] = [
        {
            "where": results.where(verdict),
            "estimate": verdict.estimate,
            "lower": verdict.lower,
            "upper": verdict.upper,
            "threshold": verdict.bound,
            "verdict": "flat" if verdict.flat else verdict.verdict,
        }
        for verdict in shown
    ]
    if not rows:
        return None
    measured = "share of worlds in which it holds" if judged.by_share else "measured value"
    return FigureData.of(
        f"claim-{judged.id}",
        f"{judged.title}, verdict by verdict",
        f"{judged.title}. Points show the {measured} and the limits that decide. Black bars are the threshold. "
        "Open points are undecided or flat; crosses are violated."
        + told(len(shown), len(mine), "verdicts", "results.json"),
        "forest",
        rows,
        xlabel=measured if judged.by_share else words(judged.observable),
    )
