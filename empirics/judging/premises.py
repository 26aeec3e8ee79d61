"""Premises, judged seed by seed."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from theory import Assumption, Claim, Premise
from theory.plural import counted


@dataclass(frozen=True)
class Scoped:
    """Which seeds of a cell satisfy the premises, and the premises at the median seed."""

    seeds: tuple[int, ...]  # in-scope seeds, in order
    in_scope: bool  # whether their share reaches ``scope_share``
    # value (median over seeds), limit, and whether the share of seeds that satisfy it suffices
    premises: tuple[Premise, ...]
    reason: str  # why the cell is out of scope; empty if it is not
    measured_failures: int = 0  # seeds that fail a premise that is measured, and failed runs


def scope_of(claim: Claim, cell: CellTable, settings: Settings) -> Scoped:
    """Judge the premises of ``claim`` at each seed of ``cell``."""
    if not cell.seeds:
        return Scoped((), False, (), "no run finished")
    limits = {s.name: float(getattr(settings, s.setting)) for s in claim.notation.values() if s.setting}
    per_seed = [_evaluated(assumption, cell, limits) for assumption in claim.assumptions]
    by_seed = dict(zip(cell.seeds, zip(*per_seed, strict=True) if per_seed else [()] * len(cell.seeds), strict=True))
    good = tuple(
        seed for seed, premises in by_seed.items() if seed not in cell.failed and all(p.holds for p in premises)
    )
    needed = settings.scope_share * len(cell.seeds)
    premises, reasons = [], []
    for position, assumption in enumerate(claim.assumptions):
        found = per_seed[position]
        satisfied = sum(p.holds for p in found)
        summary = _summary(found, satisfied >= needed - 1e-9)
        premises.append(summary)
        if satisfied + len(cell.failed) < needed - 1e-9:  # else the failed runs are the reason, told below
            reasons.append(_explain(assumption, summary, satisfied, len(found)))
    in_scope = bool(good) and len(good) >= needed - 1e-9
    if not in_scope and not reasons:
        failed = f", {len(cell.failed)} failed (diverged, or their process died)" if cell.failed else ""
        satisfy = "satisfies" if len(good) == 1 else "satisfy"
        reasons.append(f"only {len(good)} of {counted(len(cell.seeds), 'seed')} {satisfy} every premise{failed}")
    measured = [i for i, assumption in enumerate(claim.assumptions) if assumption.observables]
    failures = sum(s in cell.failed or not all(by_seed[s][i].holds for i in measured) for s in cell.seeds)
    return Scoped(good, in_scope, tuple(premises), "" if in_scope else "; ".join(reasons), failures)


def _evaluated(assumption: Assumption, cell: CellTable, limits: Mapping[str, float]) -> list[Premise]:
    """The premise at each seed; one on symbols alone is the same at all."""
    given: dict[str, float | None] = {**cell.symbols, **limits}
    names = assumption.observables
    if not names:
        return [assumption.evaluate(given)] * len(cell.seeds)
    return [assumption.evaluate(given | {n: cell.value(n, seed) for n in names}) for seed in cell.seeds]


def _summary(per_seed: list[Premise], holds: bool) -> Premise:
    values = [p.value for p in per_seed if p.value is not None]
    median = statistics.median(values) if values else None
    first = per_seed[0]
    return Premise(first.name, median, first.limit, holds, first.relation)


def _explain(assumption: Assumption, premise: Premise, satisfied: int, seeds: int) -> str:
    limit = "" if premise.limit is None else f" {assumption.relation.rel_op} {premise.limit:g}"
    failed = f"premise {premise.name}{limit} fails"
    if premise.value is None:
        return f"{failed}: it was not measured"
    if not assumption.observables:
        return f"{failed}: {premise.name} = {premise.value:.4g}"
    return f"{failed}: median {premise.value:.4g}, satisfied by {satisfied} of {counted(seeds, 'seed')}"
