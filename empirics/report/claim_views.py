"""What the report says of each claim: formula, provenance, premises as measured, verdicts, mutants, falsification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from empirics.judging.table import MAIN
from empirics.observables.catalogue import observables
from empirics.report.falsify import closest_call, falsifier, found_violated
from empirics.report.figures.figure import Figure
from empirics.report.mathml import latex_of, mathml
from empirics.report.tables import verdict_counts
from empirics.verification.results import ClaimResult, MutantResult, Results, VerdictResult
from theory import Claim, Kind, UnknownClaimError, claim

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
    """One claim of the report; attributes are what the template prints."""

    id: str
    title: str
    number: str
    verdict: str
    counts: str
    required: bool
    kind: str
    provenance: str
    statement: str
    formula: Markup | None
    source: str
    observable: str
    premises: Sequence[PremiseView]
    certificate: str | None
    tightness: str | None
    mutants: Sequence[MutantResult]
    falsifier: str
    closest: str | None
    figure: Figure | None
    verdicts: Sequence[Mapping[str, Any]]

    @property
    def arms(self) -> bool:
        """Whether any verdict speaks of another arm than the main one."""
        return any(v["arm"] not in ("", MAIN) for v in self.verdicts)

    def has(self, column: str) -> bool:
        """Whether any verdict has a value in that column of the table."""
        return any(v[column] is not None for v in self.verdicts)


def claim_views(results: Results, figures: Sequence[Figure]) -> list[ClaimView]:
    """One view per claim, in the order of the results."""
    by_name = {figure.name: figure for figure in figures}
    return [_view(results, judged, by_name.get(f"claim-{judged.id}")) for judged in results.claims]


def _view(results: Results, judged: ClaimResult, figure: Figure | None) -> ClaimView:
    try:
        item: Claim | None = claim(judged.id)
    except UnknownClaimError:  # a third party's, whose package is not installed here
        item = None
    verdicts = [v for v in results.verdicts if v.claim == judged.id]
    known = observables().get(item.observable) if item else None
    name = item.observable if item else "the observable"
    return ClaimView(
        id=judged.id,
        title=judged.title,
        number=item.number if item else "",
        verdict=judged.verdict,
        counts=verdict_counts(results, judged.id),
        required=judged.required,
        kind=f"{judged.kind}: {Kind(judged.kind).meaning.words}",
        provenance=f"{judged.provenance}: {_PROVENANCE.get(judged.provenance, '')}",
        statement=item.statement if item else judged.formula,
        formula=mathml(item.latex, display=True) if item and item.latex else None,
        source=item.source_text if item else "",
        observable=f"{name}: {known.definition} Unit: {known.unit}." if known else name,
        premises=_premises(item, verdicts) if item else [],
        certificate=_certificate(judged.certificate),
        tightness=_tightness(verdicts),
        mutants=judged.mutants,
        falsifier=falsifier(judged, name, results.config["verdict"]),
        closest=found_violated(results, judged) or closest_call(results, judged),
        figure=figure,
        verdicts=[_row(results, v) for v in verdicts if v.verdict != "NOT TESTED" or len(verdicts) == 1],
    )


def _premises(item: Claim, verdicts: Sequence[VerdictResult]) -> list[PremiseView]:
    views = []
    for relation in item.domain:
        views.append(PremiseView(mathml(latex_of(relation)), "where the formula is defined", "by construction", "yes"))
    for assumption in item.assumptions:
        found = [p for v in verdicts for p in v.premises if p.name == assumption.name]
        values = [p.value for p in found if p.value is not None]
        limits = sorted({p.limit for p in found if p.limit is not None})
        span = "not measured"
        if values:
            low, high = min(values), max(values)
            span = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
            span += f" (limit {', '.join(f'{x:g}' for x in limits)})" if limits else ""
        holds = f"{sum(p.holds for p in found)} of {len(found)} verdicts" if found else "-"
        views.append(PremiseView(mathml(latex_of(assumption.relation)), assumption.text, span, holds))
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
    return f"bound / measured mean: {known[0]:.3g} to {known[-1]:.3g}, median {known[len(known) // 2]:.3g}"


def _row(results: Results, verdict: VerdictResult) -> dict[str, Any]:
    cells = [results.cells[i] for i in verdict.cells]
    first = cells[0] if cells else None

    def axis(name: str) -> str:
        return ", ".join(str(x) for x in dict.fromkeys(getattr(c, name) for c in cells))

    return {
        "arm": ", ".join(dict.fromkeys(c.variant for c in cells)),
        "templates": axis("templates"),
        "multiplicity": axis("multiplicity"),
        "finetuned": axis("finetuned"),
        "seeds": len(first.seeds) if first else 0,
        "failed": len(first.failed) if first else 0,
        "exceedance": verdict.exceedance,
        "estimate": verdict.estimate,
        "lower": verdict.lower,
        "upper": verdict.upper,
        "bound": verdict.bound,
        "tightness": verdict.tightness,
        "sharpness": verdict.sharpness,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
    }
