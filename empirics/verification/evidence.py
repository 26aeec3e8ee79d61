"""The five kinds of evidence for a claim, side by side: theory's rows, and what measurements say or would say.

This is the one place from which ``factbound claims ID``, results (hence the report) and the claims' pages take them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from empirics.experiments.registry import experiments
from empirics.judging.outcome import Verdict
from empirics.observables.catalogue import observable
from empirics.verification.results import ClaimResult, EvidenceResult
from theory import Claim
from theory.certify.evidence import MEASUREMENT, Evidence, certificate, formal, mutants, prose
from theory.certify.record import recorded_of
from theory.fingerprint import fingerprint
from theory.kinds import Kind

_SHOWS: Final = {
    Verdict.HOLDS: "every cell in scope is confirmed",
    Verdict.SUPPORTED: "all cells together are confirmed, and none is refuted",
    Verdict.VIOLATED: "evidence against the claim: a cell, or all cells together, refute it",
}
"""What a decided verdict shows; of others there is nothing to show."""

_LIMITS: Final = "the claim for all cases: other worlds, widths, step sizes and lengths of training may differ"
_COMPUTED: Final = "anything about trained models: the observable is computed from the symbols of a cell"


def evidence(item: Claim, result: ClaimResult | None = None, source: str = "these results") -> tuple[Evidence, ...]:
    """The five kinds of evidence for a claim, in the order of ``theory.certify.evidence.KINDS``.

    ``result`` is what results, named ``source``, say of it; one on another formula is not used.
    """
    if result is not None and result.fingerprint != fingerprint(item):
        result = None
    recorded = recorded_of(item)
    measured = planned(item) if result is None or result.verdict == Verdict.NOT_TESTED else judged(result, source)
    tested = [] if result is None else [(mutant.name, mutant.refuted) for mutant in result.mutants]
    return prose(item), formal(item), certificate(item, recorded), measured, mutants(item, recorded, tested)


def with_evidence(item: Claim, result: ClaimResult) -> ClaimResult:
    """What results say of a claim, with the evidence for it, so that a report needs no registry."""
    rows = [EvidenceResult.model_validate(asdict(row) | {"where": list(row.where)}) for row in evidence(item, result)]
    return result.model_copy(update={"evidence": rows})


def judged(result: ClaimResult, source: str) -> Evidence:
    """The verdict on a claim in results; evidence only if it is decided."""
    verdict, known = Verdict(result.verdict), observable(result.judged_on)
    limits = _LIMITS if known is None or known.exact is None else _COMPUTED
    return Evidence(
        MEASUREMENT,
        verdict in _SHOWS,
        verdict.value,
        (_measured(result.judged_on, result.variant, result.reference, result.axis), source),
        _SHOWS.get(verdict, ""),
        limits if verdict in _SHOWS else "",
    )


def planned(item: Claim) -> Evidence:
    """How a claim would be measured: observable, arm, and kind of verdict."""
    where = (_measured(item.judged_on, item.arm, item.reference, item.axis), _command(item))
    return Evidence(MEASUREMENT, False, f"not measured here; the verdict would be {_verdict(item)}", where, "", "")


def _measured(name: str, arm: str, reference: str | None, axis: str | None) -> str:
    against = f", against arm {reference}" if reference else ""
    along = f", along {axis}" if axis else ""
    return f"{name} in arm {arm}{against}{along}"


def _command(item: Claim) -> str:
    """What would measure it: the first experiment that has its arms and observable, or the user's own table."""
    for number, (name, experiment) in enumerate(experiments().items()):
        arms = (experiment.leading, *experiment.overlays)
        if {item.arm, item.reference or item.arm} <= set(arms) and item.id in experiment.claims(arms):
            chosen = f" --experiment {name}" if number else ""
            return f"factbound verify{chosen} --claims {item.id}"
    return f"factbound judge MEASUREMENTS.csv --claim {item.id}"


def _verdict(item: Claim) -> str:
    """The kind of verdict, in words."""
    known = observable(item.judged_on)
    if known is not None and known.exact is not None:
        return "exact: the observable is computed from the symbols of each cell, without training"
    if known is not None and known.sampling == "exact":
        return "exact: every run must keep the bound"
    if item.kind is Kind.IDENTITY:
        return "an exact comparison in float64, run by run"
    if item.by_share:
        return "on the share of worlds in which it holds"
    return (
        "on the mean slope, by its confidence limits"
        if item.kind is Kind.RATE
        else "on the mean over worlds, by its confidence limits"
    )
