"""Premises, judged seed by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    """One premise at every seed of each of some cells; by cell what it comes to."""

    assumption: Assumption
    holds: list[Any]  # of each cell, truths at its seeds
    satisfied: list[int]  # how many of them
    medians: list[float | None]  # over the seeds that have a value
    limits: list[float | None]


def scopes_of(claim: Claim, cells: Sequence[CellTable], settings: Settings) -> list[Scoped]:
    """Judge the premises of ``claim`` at each seed of each cell; each premise is evaluated once for all of them."""
    limits = {s.name: float(getattr(settings, s.setting)) for s in claim.notation.values() if s.setting}
    evaluated = [_evaluated(assumption, cells, limits) for assumption in claim.assumptions]
    return [_scoped(evaluated, place, cell, settings) for place, cell in enumerate(cells)]


def _evaluated(assumption: Assumption, cells: Sequence[CellTable], limits: Mapping[str, float]) -> _Evaluated:
    counts = [len(cell.seeds) for cell in cells]
    given: dict[str, Any] = dict(limits)
    for symbol in {s.name for s in assumption.relation.free_symbols} - set(limits):
        if symbol in assumption.observables:
            given[symbol] = np.concatenate([np.zeros(0), *(cell.column(symbol) for cell in cells)])
        else:
            given[symbol] = np.repeat([float(cell.symbols.get(symbol, np.nan)) for cell in cells], counts)
    ends = np.cumsum([0, *counts])
    values, limit, holds = (np.broadcast_to(part, ends[-1]) for part in assumption.at(given))
    total = np.concatenate([[0], np.cumsum(holds)])
    firsts = [float(limit[start]) if count else math.nan for start, count in zip(ends.tolist(), counts, strict=False)]
    return _Evaluated(
        assumption,
        np.split(holds, ends[1:-1]),
        (total[ends[1:]] - total[ends[:-1]]).tolist(),
        _medians(values, np.repeat(np.arange(len(cells)), counts), len(cells)),
        [None if math.isnan(first) else first for first in firsts],
    )


def _medians(values: FloatArray, cells: NDArray[np.int64], count: int) -> list[float | None]:
    """The median of each cell's values; None where it has none. ``cells`` says to which each belongs, in order."""
    known = ~np.isnan(values)
    values, sizes = values[known], np.bincount(cells[known], minlength=count)
    belongs = np.repeat(sizes, sizes)
    found: list[float | None] = [None] * count
    for size in np.unique(sizes[sizes > 0]).tolist():
        medians = np.median(values[belongs == size].reshape(-1, size), axis=1).tolist()
        for place, median in zip(np.flatnonzero(sizes == size).tolist(), medians, strict=True):
            found[place] = median
    return found


def _scoped(evaluated: Sequence[_Evaluated], place: int, cell: CellTable, settings: Settings) -> Scoped:
    if not cell.seeds:
        return Scoped((), False, (), "no run finished")
    failed = np.array([seed in cell.failed for seed in cell.seeds]) if cell.failed else np.zeros(len(cell.seeds), bool)
    good = np.logical_and.reduce([~failed, *(premise.holds[place] for premise in evaluated)])
    needed = settings.scope_share * len(cell.seeds) - 1e-9
    premises, reasons, vacuous = [], [], []
    for premise in evaluated:
        item, satisfied = premise.assumption, premise.satisfied[place]
        summary = Premise(item.name, premise.medians[place], premise.limits[place], satisfied >= needed, item.words)
        premises.append(summary)
        if satisfied + len(cell.failed) < needed:  # else the failed runs are the reason, told below
            reasons.append(_explain(item, summary, satisfied, len(cell.seeds)))
            vacuous.append(item.vacuous)
    seeds = tuple(seed for seed, kept in zip(cell.seeds, good.tolist(), strict=True) if kept)
    in_scope = bool(seeds) and len(seeds) >= needed
    if not in_scope and not reasons:
        told = f", {len(cell.failed)} failed (diverged, or their process died)" if cell.failed else ""
        satisfy = "satisfies" if len(seeds) == 1 else "satisfy"
        reasons.append(f"only {len(seeds)} of {counted(len(cell.seeds), 'seed')} {satisfy} every premise{told}")
        vacuous.append(False)
    measured = [~premise.holds[place] for premise in evaluated if premise.assumption.observables]
    failures = int(np.logical_or.reduce([failed, *measured]).sum())
    reason = "" if in_scope else "; ".join(reasons)
    return Scoped(seeds, in_scope, tuple(premises), reason, failures, not in_scope and all(vacuous))


def _explain(assumption: Assumption, premise: Premise, satisfied: int, seeds: int) -> str:
    limit = "" if premise.limit is None else f" {assumption.relation.rel_op} {premise.limit:g}"
    failed = f"premise {premise.name}{limit} fails"
    if premise.value is None:
        return f"{failed}: it was not measured"
    if not assumption.observables:
        return f"{failed}: {premise.name} = {premise.value:.4g}"
    return f"{failed}: median {premise.value:.4g}, satisfied by {satisfied} of {counted(seeds, 'seed')}"
