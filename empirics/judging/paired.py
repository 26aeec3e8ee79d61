"""Verdicts on differences, paired by seed: between two arms, and along an axis of the grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from empirics.judging.outcome import Outcome, Verdict, worst
from empirics.judging.premises import Scoped, scope_of
from empirics.judging.rules import Range, rule_of
from empirics.judging.settings import Settings
from empirics.judging.single import Frame, measured, range_of, undefined
from empirics.judging.table import CellTable
from empirics.observables.definition import Observable
from theory import Claim, Scope

__all__ = ["between_arms", "ends", "trends"]


def between_arms(
    claim: Claim, observable: Observable, mine: Sequence[CellTable], cells: Sequence[CellTable], settings: Settings
) -> list[Outcome]:
    """Comparisons and equivalences of the claim's arm with its reference, one verdict per cell."""
    partners = {c.at(c.axes): c for c in cells if c.variant == claim.reference and c.seeds}
    if observable.per == "unit":  # the same in every cell that a run serves: one verdict for each run
        mine = list({c.at(c.run_axes): c for c in reversed(mine)}.values())[::-1]
    alpha = settings.alpha / len(mine)
    rule = rule_of(claim.kind, settings)
    outcomes = []
    for cell in mine:
        partner = partners.get(cell.at(cell.axes))
        if partner is None or not cell.seeds:
            frame = Frame(claim.id, Scope.CELL, (cell.index,), alpha, len(mine), ())
            why = f"no runs of the arms {claim.arm} and {claim.reference} to compare at {cell.label}"
            outcomes.append(undefined(frame, Verdict.NOT_TESTED, why))
            continue
        differences, scoped = _differences(claim, observable, cell, partner, settings)
        frame = Frame(claim.id, Scope.CELL, (cell.index, partner.index), alpha, len(mine), scoped.premises)
        if not scoped.in_scope:
            outcomes.append(undefined(frame, Verdict.OUT_OF_SCOPE, scoped.reason))
            continue
        name = f"{observable.name} ({claim.arm} less {claim.reference})"
        if observable.paired == "sign":
            name = f"share of seeds with larger less share with smaller {name}"
        outcomes.append(measured(frame, rule, differences, _range(observable), name))
    return outcomes


def trends(claim: Claim, observable: Observable, cells: Sequence[CellTable], settings: Settings) -> list[Outcome]:
    """One verdict per series along the claim's axis: the worst of its adjacent paired differences."""
    symbol, chains = _chains(claim, cells)
    family = max(1, sum(len(chain) - 1 for chain in chains))
    alpha = settings.alpha / family
    return [_trend(claim, observable, chain, symbol, alpha, family, settings) for chain in chains]


def ends(claim: Claim, observable: Observable, cells: Sequence[CellTable], settings: Settings) -> list[Outcome]:
    """One verdict per series: is the observable at the axis's largest value beyond that at the smallest?"""
    symbol, chains = _chains(claim, cells)
    alpha = settings.alpha / len(chains)
    outcomes = []
    for chain in chains:
        first, last = chain[0], chain[-1]
        frame = Frame(claim.id, Scope.SERIES, (first.index, last.index), alpha, len(chains), ())
        if len(chain) < 2:
            why = f"a comparison along {symbol} needs at least two values"
            outcomes.append(undefined(frame, Verdict.NOT_TESTED, why))
            continue
        if not first.seeds or not last.seeds:
            outcomes.append(undefined(frame, Verdict.NOT_TESTED, "no run finished"))
            continue
        differences, scoped = _differences(claim, observable, last, first, settings)
        frame = replace(frame, premises=scoped.premises)
        if not scoped.in_scope:
            outcomes.append(undefined(frame, Verdict.OUT_OF_SCOPE, scoped.reason))
            continue
        sign = "fall" if claim.direction < 0 else "rise"
        name = f"{sign} of {observable.name}, {symbol} from {first.symbols[symbol]:g} to {last.symbols[symbol]:g}"
        along = [claim.direction * d for d in differences]
        outcomes.append(measured(frame, rule_of(claim.kind, settings), along, _range(observable), name))
    return outcomes


def _chains(claim: Claim, cells: Sequence[CellTable]) -> tuple[str, list[list[CellTable]]]:
    """The symbol of the claim's axis, and the series along it, each in its order."""
    symbol = str(claim.axis)
    series: dict[tuple[float, ...], list[CellTable]] = {}
    for cell in cells:
        series.setdefault(cell.at(name for name in cell.axes if name != symbol), []).append(cell)
    return symbol, [sorted(chain, key=lambda c: c.symbols[symbol]) for chain in series.values()]


def _trend(
    claim: Claim,
    observable: Observable,
    chain: Sequence[CellTable],
    symbol: str,
    alpha: float,
    family: int,
    settings: Settings,
) -> Outcome:
    steps: list[Outcome] = []
    for before, after in pairwise(chain):
        name = f"{symbol} from {before.symbols[symbol]:g} to {after.symbols[symbol]:g}"
        if not before.seeds or not after.seeds:
            frame = Frame(claim.id, Scope.SERIES, (before.index, after.index), alpha, family, ())
            steps.append(undefined(frame, Verdict.NOT_TESTED, f"{name}: no run finished"))
            continue
        differences, scoped = _differences(claim, observable, after, before, settings)
        frame = Frame(claim.id, Scope.SERIES, (before.index, after.index), alpha, family, scoped.premises)
        if not scoped.in_scope:
            steps.append(undefined(frame, Verdict.OUT_OF_SCOPE, scoped.reason))
            continue
        against = [-claim.direction * d for d in differences]
        steps.append(measured(frame, rule_of(claim.kind, settings), against, _range(observable), name))
    indices = tuple(c.index for c in chain)
    if not steps:
        frame = Frame(claim.id, Scope.SERIES, indices, alpha, family, ())
        return undefined(frame, Verdict.NOT_TESTED, f"a trend in {symbol} needs at least two values")
    verdict = worst(s.verdict for s in steps)
    # The step that decides: of those with the verdict, the one furthest against the trend.
    deciding = max((s for s in steps if s.verdict is verdict), key=lambda s: -math.inf if s.upper is None else s.upper)
    # The series is decided once every undecided step is; hopeless if one of them is.
    open_steps = [s.decidable_at for s in steps if s.verdict is Verdict.UNDECIDED]
    known = [n for n in open_steps if n is not None]
    return replace(
        deciding, cells=indices, decidable_at=max(known) if known and len(known) == len(open_steps) else None
    )


def _differences(
    claim: Claim, observable: Observable, cell: CellTable, partner: CellTable, settings: Settings
) -> tuple[list[float], Scoped]:
    """Observable at ``cell`` less that at ``partner``, over the seeds in scope of both."""
    here = scope_of(claim, cell, settings)
    there = scope_of(claim, partner, settings)
    common = [s for s in here.seeds if s in there.seeds]
    pairs = [(cell.value(observable.name, s), partner.value(observable.name, s)) for s in common]
    differences = [a - b for a, b in pairs if a is not None and b is not None]
    if observable.paired == "sign":
        differences = [float((d > 0) - (d < 0)) for d in differences]
    reasons = [f"{c.label}: {s.reason}" for c, s in ((partner, there), (cell, here)) if s.reason]
    declared = sum(1 for s in cell.seeds if s in partner.seeds)
    if not reasons and (not differences or len(differences) < settings.scope_share * declared - 1e-9):
        share = f"{len(differences)} of {declared} seeds"
        reasons = [f"only {share} are in scope of both {partner.label} and {cell.label} and have a value"]
    worse = here if not here.in_scope else there
    return differences, Scoped(tuple(common), not reasons, worse.premises, "; ".join(reasons))


def _range(observable: Observable) -> Range:
    """The range of a difference of two values of the observable."""
    if observable.paired == "sign":
        return Range(-1.0, 1.0)
    whole = range_of(observable)
    return Range(whole.low - whole.high, whole.high - whole.low)
