"""Premises, judged seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from empirics.judging.settings import Settings
from empirics.judging.table import CellTable, FloatArray
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
    vacuous: bool = False  # whether it is so by premises alone without which the claim says nothing


@dataclass(frozen=True)
class _Evaluated:
    """One premise at every seed of one cell or of many."""

    assumption: Assumption
    values: FloatArray
    limits: FloatArray
    holds: Any  # truths

    def part(self, first: int, last: int) -> _Evaluated:
        return _Evaluated(self.assumption, *(a[first:last] for a in (self.values, self.limits, self.holds)))


def scopes_of(claim: Claim, cells: Sequence[CellTable], settings: Settings) -> list[Scoped]:
    """Judge the premises of ``claim`` at each seed of each cell; each premise is evaluated once for all of them."""
    limits = {s.name: float(getattr(settings, s.setting)) for s in claim.notation.values() if s.setting}
    evaluated = [_evaluated(assumption, cells, limits) for assumption in claim.assumptions]
    ends = np.cumsum([len(cell.seeds) for cell in cells], dtype=int).tolist()
    return [
        _scoped([premise.part(end - len(cell.seeds), end) for premise in evaluated], cell, settings)
        for cell, end in zip(cells, ends, strict=True)
    ]


def _evaluated(assumption: Assumption, cells: Sequence[CellTable], limits: Mapping[str, float]) -> _Evaluated:
    counts = [len(cell.seeds) for cell in cells]
    given: dict[str, Any] = dict(limits)
    for symbol in {s.name for s in assumption.relation.free_symbols} - set(limits):
        if symbol in assumption.observables:
            given[symbol] = np.concatenate([np.zeros(0), *(cell.column(symbol) for cell in cells)])
        else:
            given[symbol] = np.repeat([float(cell.symbols.get(symbol, np.nan)) for cell in cells], counts)
    found = assumption.at(given)
    return _Evaluated(assumption, *(np.broadcast_to(part, sum(counts)) for part in found))


def _scoped(evaluated: Sequence[_Evaluated], cell: CellTable, settings: Settings) -> Scoped:
    if not cell.seeds:
        return Scoped((), False, (), "no run finished")
    failed = np.array([seed in cell.failed for seed in cell.seeds])
    good = np.logical_and.reduce([~failed, *(premise.holds for premise in evaluated)])
    needed = settings.scope_share * len(cell.seeds) - 1e-9
    premises, reasons, vacuous = [], [], []
    for premise in evaluated:
        satisfied = int(premise.holds.sum())
        summary = _summary(premise, satisfied >= needed)
        premises.append(summary)
        if satisfied + len(cell.failed) < needed:  # else the failed runs are the reason, told below
            reasons.append(_explain(premise.assumption, summary, satisfied, len(cell.seeds)))
            vacuous.append(premise.assumption.vacuous)
    seeds = tuple(seed for seed, kept in zip(cell.seeds, good.tolist(), strict=True) if kept)
    in_scope = bool(seeds) and len(seeds) >= needed
    if not in_scope and not reasons:
        told = f", {len(cell.failed)} failed (diverged, or their process died)" if cell.failed else ""
        satisfy = "satisfies" if len(seeds) == 1 else "satisfy"
        reasons.append(f"only {len(seeds)} of {counted(len(cell.seeds), 'seed')} {satisfy} every premise{told}")
        vacuous.append(False)
    measured = [~premise.holds for premise in evaluated if premise.assumption.observables]
    failures = int(np.logical_or.reduce([failed, *measured]).sum())
    reason = "" if in_scope else "; ".join(reasons)
    return Scoped(seeds, in_scope, tuple(premises), reason, failures, not in_scope and all(vacuous))


def _summary(premise: _Evaluated, holds: bool) -> Premise:
    values = premise.values[~np.isnan(premise.values)]
    median = float(np.median(values)) if len(values) else None
    limit = None if np.isnan(premise.limits[0]) else float(premise.limits[0])
    return Premise(premise.assumption.name, median, limit, holds, premise.assumption.words)


def _explain(assumption: Assumption, premise: Premise, satisfied: int, seeds: int) -> str:
    limit = "" if premise.limit is None else f" {assumption.relation.rel_op} {premise.limit:g}"
    failed = f"premise {premise.name}{limit} fails"
    if premise.value is None:
        return f"{failed}: it was not measured"
    if not assumption.observables:
        return f"{failed}: {premise.name} = {premise.value:.4g}"
    return f"{failed}: median {premise.value:.4g}, satisfied by {satisfied} of {counted(seeds, 'seed')}"
