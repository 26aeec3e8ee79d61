"""What the report says of each claim: formula, provenance, premises as measured, verdicts, falsification."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from empirics.experiments.document import CellResult, StepResult, VerdictResult
from empirics.experiments.sampling import ROWS, spread, told
from empirics.report import tables
from empirics.report.figures.figure import Figure
from empirics.report.mathml import mathml
from empirics.verification.results import ClaimResult, Results
from theory.kinds import Kind
from theory.plural import counted

_PROVENANCE = {
    "STATED": "the source's own formula or sentence, not proved here",
    "RECONSTRUCTED": "this project's precise version of a sentence of the source, not proved here",
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
    """One claim of the report, for the template; each verdict with its first cell and its values of each axis."""

    stated: ClaimResult
    kind: str
    provenance: str
    formula: Markup | None
    observable: str
    premises: Sequence[PremiseView]
    certificate: str | None
    tightness: str | None
    closest: str | None
    figure: Figure | None
    verdicts: Sequence[tuple[VerdictResult, CellResult | None, Mapping[str, str]]]
    left_out: str  # how many verdicts are not shown, in a sentence
    steps: Sequence[tuple[str, StepResult]]
    several_arms: bool

    @property
    def asked(self) -> str:
        """The share of worlds that is asked for."""
        return next((tables.three_digits(v.bound) for v, _, _ in self.verdicts if v.bound is not None), "a share")

    @property
    def alphas(self) -> list[str]:
        """The error probabilities of the limits that decide, each pair once."""
        return list(dict.fromkeys(text for v, _, _ in self.verdicts if (text := tables.alphas(v))))

    def has(self, column: str) -> bool:
        """Whether any verdict has a value in that column of the table."""
        return column in self._given

    @cached_property
    def _given(self) -> frozenset[str]:
        return frozenset(name for v, _, _ in self.verdicts for name, value in v if value is not None)


def claim_views(results: Results, figures: Sequence[Figure]) -> list[ClaimView]:
    """One view per claim, in the order of the results."""
    by_name = {figure.name: figure for figure in figures}
    return [_view(results, stated, by_name.get(f"claim-{stated.id}")) for stated in results.claims]


def _view(results: Results, stated: ClaimResult, figure: Figure | None) -> ClaimView:
    verdicts = results.verdicts_on(stated.id)
    meaning = Kind(stated.kind).meaning
    measured = ((name, results.observables.get(name)) for name in dict.fromkeys((stated.observable, stated.judged_on)))
    defined = (f"{name}: {known.definition} Unit: {known.unit}." if known else f"{name}." for name, known in measured)
    tested = [v for v in verdicts if v.verdict != "NOT TESTED" or len(verdicts) == 1]
    arms = {results.cells[v.cells[0]].variant for v in tested if v.cells}
    shown = [
        (v, results.cells[v.cells[0]] if v.cells else None, tables.axis_values(results, v))
        for v in spread(tested, ROWS, lambda v: v.verdict in ("VIOLATED", "UNDECIDED"))
    ]
    steps = [(v, step) for v in spread(verdicts, ROWS) for step in v.steps]
    return ClaimView(
        stated=stated,
        kind=f"{stated.kind}: {(meaning if stated.judged_on == stated.observable else meaning.per_run).words}",
        provenance=f"{stated.provenance}: {_PROVENANCE.get(stated.provenance, '')}",
        formula=mathml(stated.latex, display=True) if stated.latex else None,
        observable=" ".join(defined),
        premises=_premises(stated, verdicts),
        certificate=_certificate(stated.certificate),
        tightness=_tightness(verdicts),
        closest=_violated(results, stated) or closest_call(results, stated),
        figure=figure,
        verdicts=shown,
        left_out=told(len(shown), len(tested), "verdicts", "results.json").strip(),
        steps=[(results.where(v), step) for v, step in spread(steps, ROWS)],
        several_arms=bool(arms - {results.experiment.leading}),
    )


def _premises(stated: ClaimResult, verdicts: Sequence[VerdictResult]) -> list[PremiseView]:
    outside = sum("bound is undefined here" in v.reason for v in verdicts)  # as empirics.judging.judge says it
    inside = f"{len(verdicts) - outside} of {counted(len(verdicts), 'verdict')}" if outside else "yes"
    told = "all such conditions together" if outside else "by construction"
    views = [PremiseView(mathml(x), "where the formula is defined", told, inside) for x in stated.domain]
    for premise in stated.premises:
        found = [p for v in verdicts for p in v.premises if p.name == premise.name]
        values = [p.value for p in found if p.value is not None]
        limits = sorted({p.limit for p in found if p.limit is not None})
        span = _span(values) if values else "not measured"
        span += f" (limit {', '.join(f'{x:g}' for x in limits)})" if values and limits else ""
        holds = f"{sum(p.holds for p in found)} of {counted(len(found), 'verdict')}" if found else "-"
        views.append(PremiseView(mathml(premise.latex), premise.text, span, holds))
    return views


def _span(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _certificate(certificate: Mapping[str, Any] | None) -> str | None:
    if certificate is None:
        return None
    if certificate["status"] == "NOT CHECKED":
        return f"NOT CHECKED: {certificate['reason']}."
    steps, mutants = counted(certificate["steps"], "step"), counted(certificate["mutants"], "mutant")
    return (
        f"{certificate['status']}: {certificate['proved']} of {steps} checked by machine, "
        f"{certificate['refuted']} of {mutants} refuted, as recorded with this version. "
        f"Methods: {'; '.join(certificate['methods'])}. Domains: {'; '.join(certificate['domains'])}. "
        f"To check it again: {certificate['check']}"
    )


def _tightness(verdicts: Sequence[VerdictResult]) -> str | None:
    known = sorted(v.tightness for v in verdicts if v.tightness is not None)
    if not known:
        return None
    median = f", median {statistics.median(known):.3g}" if known[0] != known[-1] else ""
    return f"bound / measured mean: {_span(known)}{median}"


def _violated(results: Results, judged: ClaimResult) -> str | None:
    found = [v for v in results.verdicts_on(judged.id) if v.verdict == "VIOLATED"]
    if not found:
        if judged.pooled is None or not judged.pooled.refuted:
            return None
        return f"Falsified over all cells together: {tables.pooled_share(judged)}, {judged.pooled.direction}."
    first = f"{results.where(found[0])}: {found[0].reason}"
    return f"Falsified in {counted(len(found), 'verdict')}: {first}."


def closest_call(results: Results, judged: ClaimResult) -> str | None:
    """The verdict that came nearest to falsifying an upper or lower bound, and the factor that would have done it."""
    if judged.kind not in (Kind.UPPER, Kind.LOWER):
        return None
    mine = [v for v in results.verdicts_on(judged.id) if v.counts is None]  # on the mean, not on a share
    found = [(v, v.bound, v.lower, v.upper) for v in mine if v.bound is not None and v.lower is not None]
    sharp = [(v.sharpness, v) for v, *_ in found if v.sharpness is not None]
    if sharp:
        sharpness, nearest = min(sharp, key=lambda item: item[0])
        return (
            f"Closest cell: {results.where(nearest)}. There the bound would be refuted if its exponent were "
            f"{sharpness:.3g} times larger."
        )
    side, sign = ("lower", 1) if judged.kind == Kind.UPPER else ("upper", -1)
    limits = [(v, bound, lower if sign > 0 else upper) for v, bound, lower, upper in found if upper is not None]
    if not limits:
        return None
    nearest, bound, limit = min(limits, key=lambda item: sign * (item[1] - item[2]))
    return f"Closest cell: {results.where(nearest)}: {side} limit {limit:.3g}, bound {bound:.3g}."
