"""Mutants: claims with one thing changed, judged by the same code, that must be refuted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from empirics.judging.judge import judge_claim
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.judging.settings import Settings
from empirics.judging.table import MAIN, CellTable
from empirics.observables.catalogue import observables
from theory import Claim, Mutant
from theory.plural import counted


@dataclass(frozen=True)
class MutantOutcome:
    """Whether a mutant was refuted, and by what."""

    claim: str  # id of the claim
    mutant: str  # name of the mutant
    refuted: bool | None  # True, False, or None where its claim was not tested or no certificate covers it
    evidence: str  # the comparison that refutes it, or what is missing


def mutated_claims(claims: Sequence[Claim]) -> list[tuple[Claim, Mutant, Claim]]:
    """(claim, mutant, mutated claim) for every mutant that measurements must refute."""
    return [(c, m, c.mutated(m)) for c in claims for m in c.mutants if _measurable(c, m)]


def judge_mutants(
    claims: Sequence[Claim], tables: Sequence[CellTable], settings: Settings, looks: Sequence[int] = ()
) -> list[MutantOutcome]:
    """The outcome of every mutant of the claims, in order."""
    results = []
    for claim in claims:
        for mutant in claim.mutants:
            if not _measurable(claim, mutant):
                results.append(_by_exact_arithmetic(claim, mutant, settings))
                continue
            outcome = judge_claim(claim.mutated(mutant), tables, settings, looks=looks)
            if outcome.verdict in (Verdict.NOT_TESTED, Verdict.BROKEN):
                why = f"{outcome.verdict.lower()}: {outcome.outcomes[0].reason}"
                results.append(MutantOutcome(claim.id, mutant.name, None, why))
                continue
            results.append(MutantOutcome(claim.id, mutant.name, *_evidence(outcome, tables)))
    return results


def _measurable(claim: Claim, mutant: Mutant) -> bool:
    observable = observables().get(claim.observable)
    return mutant.refuted_by == "measurement" and observable is not None and observable.sampling == "seed"


def _by_exact_arithmetic(claim: Claim, mutant: Mutant, settings: Settings) -> MutantOutcome:
    """Look for a counterexample among small cells, where the observable is exact."""
    observable = observables().get(claim.observable)
    if observable is None or observable.exact is None:
        return _by_certification(claim, mutant)
    mutated = claim.mutated(mutant)
    for point in observable.small:
        axes = {name: claim.notation[name].label for name in point}
        value = {observable.name: (observable.exact(point),)}
        table = CellTable(0, MAIN, point, (0,), observables=value, axes=axes)
        outcome = judge_claim(mutated, [table], settings)
        if outcome.verdict is Verdict.BROKEN:
            return MutantOutcome(claim.id, mutant.name, None, f"broken: {outcome.outcomes[0].reason}")
        if outcome.verdict is Verdict.VIOLATED:
            return MutantOutcome(claim.id, mutant.name, *_evidence(outcome, [table]))
    reached = ", ".join(f"{name} up to {max(p[name] for p in observable.small):g}" for name in observable.small[0])
    return MutantOutcome(claim.id, mutant.name, False, f"no counterexample with {reached}")


def _by_certification(claim: Claim, mutant: Mutant) -> MutantOutcome:
    """The certificates of the mutant: the checks of the true proof, which must fail."""
    from theory.certify import mutants

    mine = [c for c in mutants(claim.id) if c.claim == f"{claim.id}:{mutant.name}"]
    if not mine:
        return MutantOutcome(claim.id, mutant.name, None, "no certificate covers it")
    failed = [c for c in mine if not c.proved]
    evidence = "; ".join(f"{c.step}: {c.detail}" for c in failed) or "every step of its proof is proved"
    return MutantOutcome(claim.id, mutant.name, len(failed) == len(mine), evidence)


def _evidence(outcome: ClaimOutcome, tables: Sequence[CellTable]) -> tuple[bool, str]:
    labels = {table.index: table.label for table in tables}
    for item in outcome.outcomes:
        if item.verdict is Verdict.VIOLATED:
            return True, f"{labels[item.cells[0]]}: {item.reason}"
    pooled = outcome.pooled
    if pooled is not None and pooled.refuted:
        where = f"all cells, {counted(pooled.worlds, 'world')}: {pooled.statement}"
        return True, f"{where} {pooled.estimate:.3g}; upper limit {pooled.upper:.3g} < {pooled.asked:g}"
    return False, f"the verdict is {outcome.verdict.value}: these runs do not distinguish the mutant from the claim"
