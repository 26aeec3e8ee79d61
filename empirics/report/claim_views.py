"""What the report says of each claim: formula, provenance, premises as measured, verdicts, mutants, falsification."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from empirics.experiments.document import CellResult, StepResult, VerdictResult
from empirics.report.closest import closest_call, found_violated
from empirics.report.figures.figure import Figure
from empirics.report.mathml import mathml
from empirics.report.tables import (
    alphas,
    axis_values,
    effect_text,
    flat_cells,
    limits_text,
    open_cells,
    pooled_share,
    pooled_text,
    three_digits,
    verdict_counts,
    worlds_text,
)
from empirics.verification.results import ClaimResult, MutantResult, Results
from theory.kinds import Kind

__all__ = ["ClaimView", "claim_views"]

_PROVENANCE = {
    "STATED": "the source's own formula or sentence",
    "RECONSTRUCTED": "this project's precise version of a sentence of the source",
    "DERIVED": "a theorem of this project, not a claim of the source",
}


@dataclass(frozen=True)
class PremiseView:
    """A premise: in formula and words, the range of its measured values, and where it holds."""

    formula: Markup
    text: str
    values: str
    holds: str


@dataclass(frozen=True)
class ClaimView:
    """One claim of the report; attributes are what the template prints, ``stated`` as it is stored."""

    stated: ClaimResult
    counts: str
    share: str
    pooled: str
    open: Sequence[str]
    flat: Sequence[str]
    kind: str
    provenance: str
    formula: Markup | None
    observable: str
    premises: Sequence[PremiseView]
    certificate: str | None
    tightness: str | None
    closest: str | None
    figure: Figure | None
    verdicts: Sequence[Mapping[str, Any]]
    steps: Sequence[tuple[str, StepResult]]
    several_arms: bool

    @property
    def id(self) -> str:
        """The claim's id."""
        return self.stated.id

    @property
    def mutants(self) -> Sequence[MutantResult]:
        """Its near misses."""
        return self.stated.mutants

    @property
    def asked(self) -> str:
        """The share of worlds that is asked for."""
        return next((three_digits(v["bound"]) for v in self.verdicts if v["bound"] is not None), "a share")

    def has(self, column: str) -> bool:
        """Whether any verdict has a value in that column of the table."""
        return any(v[column] not in (None, "") for v in self.verdicts)


def claim_views(results: Results, figures: Sequence[Figure]) -> list[ClaimView]:
    """One view per claim, in the order of the results."""
    by_name = {figure.name: figure for figure in figures}
    return [_view(results, stated, by_name.get(f"claim-{stated.id}")) for stated in results.claims]


def _view(results: Results, stated: ClaimResult, figure: Figure | None) -> ClaimView:
    verdicts = [v for v in results.verdicts if v.claim == stated.id]
    meaning = Kind(stated.kind).meaning
    measured = [_defined(results, name) for name in dict.fromkeys((stated.observable, stated.judged_on))]
    shown = [_row(results, v) for v in verdicts if v.verdict != "NOT TESTED" or len(verdicts) == 1]
    return ClaimView(
        stated=stated,
        counts=verdict_counts(results, stated.id),
        share=pooled_share(stated),
        pooled=pooled_text(stated),
        open=open_cells(results, stated.id),
        flat=flat_cells(results, stated.id),
        kind=f"{stated.kind}: {(meaning if stated.judged_on == stated.observable else meaning.per_run).words}",
        provenance=f"{stated.provenance}: {_PROVENANCE.get(stated.provenance, '')}",
        formula=mathml(stated.latex, display=True) if stated.latex else None,
        observable=" ".join(measured),
        premises=_premises(stated, verdicts),
        certificate=_certificate(stated.certificate),
        tightness=_tightness(verdicts),
        closest=found_violated(results, stated) or closest_call(results, stated),
        figure=figure,
        verdicts=shown,
        steps=[(results.place([results.cells[i] for i in v.cells]), step) for v in verdicts for step in v.steps],
        several_arms=any(v["arm"] not in ("", results.experiment.leading) for v in shown),
    )


def _defined(results: Results, name: str) -> str:
    known = results.observables.get(name)
    return f"{name}: {known.definition} Unit: {known.unit}." if known else f"{name}."


def _premises(stated: ClaimResult, verdicts: Sequence[VerdictResult]) -> list[PremiseView]:
    outside = sum("bound is not defined here" in v.reason for v in verdicts)  # as empirics.judging.judge says it
    inside = f"{len(verdicts) - outside} of {len(verdicts)} verdicts" if outside else "yes"
    told = "every such condition together" if outside else "by construction"
    views = [PremiseView(mathml(x), "where the formula is defined", told, inside) for x in stated.domain]
    for premise in stated.premises:
        found = [p for v in verdicts for p in v.premises if p.name == premise.name]
        values = [p.value for p in found if p.value is not None]
        limits = sorted({p.limit for p in found if p.limit is not None})
        span = "not measured"
        if values:
            low, high = min(values), max(values)
            span = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
            span += f" (limit {', '.join(f'{x:g}' for x in limits)})" if limits else ""
        holds = f"{sum(p.holds for p in found)} of {len(found)} verdicts" if found else "-"
        views.append(PremiseView(mathml(premise.latex), premise.text, span, holds))
    return views


def _certificate(certificate: Mapping[str, Any] | None) -> str | None:
    if certificate is None:
        return None
    if certificate["status"] == "NOT CHECKED":
        return f"NOT CHECKED: {certificate['reason']}."
    return (
        f"{certificate['status']}: {certificate['proved']} of {certificate['steps']} steps by machine, "
        f"{certificate['refuted']} of {certificate['mutants']} near misses refuted, as recorded with this version "
        f"({'; '.join(certificate['methods'])}). Domains: {'; '.join(certificate['domains'])}. "
        f"To prove it again: {certificate['check']}"
    )


def _tightness(verdicts: Sequence[VerdictResult]) -> str | None:
    known = sorted(v.tightness for v in verdicts if v.tightness is not None)
    if not known:
        return None
    if known[0] == known[-1]:
        return f"bound / measured mean: {known[0]:.3g}"
    return f"bound / measured mean: {known[0]:.3g} to {known[-1]:.3g}, median {statistics.median(known):.3g}"


def _failed(cells: Sequence[CellResult]) -> int:
    """Runs without a result in a cell that is compared: both arms of a pair, both ends of an axis."""
    if not cells:
        return 0
    compared = (cells[0], cells[-1])
    common = set(cells[0].seeds) & set(cells[-1].seeds)
    return len(common & {seed for cell in compared for seed in cell.failed})


def _row(results: Results, verdict: VerdictResult) -> dict[str, Any]:
    cells = [results.cells[i] for i in verdict.cells]
    return {
        "arm": cells[0].variant if cells else "",
        "place": axis_values(results, verdict),
        "seeds": len(cells[0].seeds) if cells else 0,
        "failed": _failed(cells),
        "exceedance": verdict.exceedance,
        "estimate": verdict.estimate,
        "limits": limits_text(verdict),
        "worlds": worlds_text(verdict),
        "effect": effect_text(verdict),
        "alphas": alphas(verdict),
        "flat": verdict.flat,
        "bound": verdict.bound,
        "tightness": verdict.tightness,
        "sharpness": verdict.sharpness,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
    }
