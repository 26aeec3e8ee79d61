"""The rule of each kind of claim: which confidence limit decides which verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from empirics.config import Verdict as Settings
from empirics.judging.confidence import interval, lower_limit, observations_needed, upper_limit
from empirics.judging.outcome import Outcome, Verdict, worst
from empirics.judging.premises import Scoped, scope_of
from empirics.judging.table import CellTable
from empirics.observable import Observable
from theory import Claim, Kind, Premise, Scope

__all__ = ["RATE_SLOPE_LIMIT", "Frame", "paired", "single", "trends"]

RATE_SLOPE_LIMIT = 0.1


@dataclass(frozen=True)
class Frame:
    """What a verdict speaks about, apart from the numbers."""

    claim: str
    scope: Scope
    cells: tuple[int, ...]
    alpha: float
    family_size: int
    premises: tuple[Premise, ...]


@dataclass(frozen=True)
class _Limits:
    estimate: float
    lower: float
    upper: float


def single(
    claim: Claim,
    observable: Observable,
    values: Sequence[float],
    log_bound: float | None,
    frame: Frame,
    settings: Settings,
) -> Outcome:
    """The verdict of one cell: upper, lower, identity, rate, or a comparison of the observable with 0."""
    if claim.kind is Kind.IDENTITY:
        return _identity(claim, values, log_bound, frame)
    if claim.kind in (Kind.UPPER, Kind.LOWER):
        if log_bound is None:
            raise ValueError(f"{claim.id}: a claim of kind {claim.kind} needs a bound")
        return _bounded(claim, observable, values, log_bound, frame, settings)
    if not observable.bounded:
        raise ValueError(f"{observable.name} has no finite range, so its mean has no distribution-free limits")
    limits = _limits(values, frame.alpha, observable.lower, observable.upper)
    if claim.kind is Kind.RATE:
        return _margin_rule(frame, limits, RATE_SLOPE_LIMIT, "slope")
    if claim.kind is Kind.COMPARISON:
        return _comparison(frame, limits, observable.name)
    return _equivalence(frame, limits, settings.equivalence_margin, observable.name)


def paired(
    claim: Claim, observable: Observable, mine: Sequence[CellTable], cells: Sequence[CellTable], settings: Settings
) -> list[Outcome]:
    """Comparisons and equivalences between two arms, paired by seed, one verdict per cell."""
    partners = {_key(c): c for c in cells if c.variant == claim.reference and c.seeds}
    alpha = settings.alpha / len(mine)
    outcomes = []
    for cell in mine:
        partner = partners.get(_key(cell))
        found = _differences(claim, observable, cell, partner, settings) if partner else None
        indices = (cell.index,) if partner is None else (cell.index, partner.index)
        frame = Frame(claim.id, Scope.CELL, indices, alpha, len(mine), found[1].premises if found else ())
        if found is None:
            why = f"no cell of the arm {claim.reference} at {cell.label} to compare with"
            outcomes.append(_undefined(frame, Verdict.NOT_TESTED, why))
        elif not found[1].in_scope:
            outcomes.append(_undefined(frame, Verdict.OUT_OF_SCOPE, found[1].reason))
        else:
            width = observable.upper - observable.lower
            limits = _limits(found[0], alpha, -width, width)
            name = f"{observable.name} ({claim.variant} less {claim.reference})"
            if claim.kind is Kind.COMPARISON:
                outcomes.append(_comparison(frame, limits, name))
            else:
                outcomes.append(_equivalence(frame, limits, settings.equivalence_margin, name))
    return outcomes


def trends(claim: Claim, observable: Observable, cells: Sequence[CellTable], settings: Settings) -> list[Outcome]:
    """One verdict per series along the claim's axis, by adjacent differences paired by seed."""
    symbol = {"finetuned": "N_f", "multiplicity": "K", "templates": "R"}[str(claim.axis)]
    series: dict[tuple[tuple[str, float], ...], list[CellTable]] = {}
    for cell in cells:
        fixed = tuple((name, cell.symbols[name]) for name in ("R", "K", "N_f") if name != symbol)
        series.setdefault(fixed, []).append(cell)
    chains = [sorted(chain, key=lambda c: c.symbols[symbol]) for chain in series.values()]
    family = max(1, sum(len(chain) - 1 for chain in chains))
    alpha = settings.alpha / family
    return [_trend(claim, observable, chain, symbol, alpha, family, settings) for chain in chains]


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
    width = observable.upper - observable.lower
    for before, after in pairwise(chain):
        differences, scoped = _differences(claim, observable, after, before, settings)
        frame = Frame(claim.id, Scope.SERIES, (before.index, after.index), alpha, family, scoped.premises)
        if not scoped.in_scope:
            steps.append(_undefined(frame, Verdict.OUT_OF_SCOPE, scoped.reason))
            continue
        # Against the direction of the trend is positive.
        limits = _limits([-claim.direction * d for d in differences], alpha, -width, width)
        name = f"{symbol} from {before.symbols[symbol]:g} to {after.symbols[symbol]:g}"
        steps.append(_margin_rule(frame, limits, settings.trend_margin, name))
    indices = tuple(c.index for c in chain)
    frame = Frame(claim.id, Scope.SERIES, indices, alpha, family, ())
    if not steps:
        return _undefined(frame, Verdict.NOT_TESTED, f"a trend in {symbol} needs at least two values")
    verdict = worst(s.verdict for s in steps)
    # The step that decides: of those with the verdict, the one furthest against the trend.
    deciding = max((s for s in steps if s.verdict is verdict), key=lambda s: -math.inf if s.upper is None else s.upper)
    return Outcome(
        claim.id,
        Scope.SERIES,
        indices,
        verdict,
        deciding.reason,
        deciding.estimate,
        deciding.lower,
        deciding.upper,
        settings.trend_margin,
        alpha=alpha,
        family_size=family,
        premises=deciding.premises,
    )


def _differences(
    claim: Claim, observable: Observable, cell: CellTable, partner: CellTable, settings: Settings
) -> tuple[list[float], Scoped]:
    """Observable at ``cell`` less that at ``partner``, over the seeds in scope of both."""
    if not observable.bounded:
        raise ValueError(
            f"{observable.name} has no finite range, so differences of it have no distribution-free limits"
        )
    here = scope_of(claim, cell, settings.premise_gap, settings.scope_share)
    there = scope_of(claim, partner, settings.premise_gap, settings.scope_share)
    common = [s for s in here.seeds if s in there.seeds]
    declared = [s for s in cell.seeds if s in partner.seeds]
    pairs = [(cell.value(observable.name, s), partner.value(observable.name, s)) for s in common]
    differences = [a - b for a, b in pairs if a is not None and b is not None]
    enough = bool(differences) and len(common) >= settings.scope_share * len(declared) - 1e-9
    reasons = [f"{c.label}: {s.reason}" for c, s in ((partner, there), (cell, here)) if s.reason]
    reason = "; ".join(reasons) or ("" if enough else "too few seeds are in scope of both cells")
    worse = here if not here.in_scope else there
    return differences, Scoped(tuple(common), enough and not reasons, worse.premises, reason)


def _bounded(
    claim: Claim,
    observable: Observable,
    values: Sequence[float],
    log_bound: float,
    frame: Frame,
    settings: Settings,
) -> Outcome:
    upper_kind = claim.kind is Kind.UPPER
    bound = math.exp(log_bound)
    trivial = observable.trivial if upper_kind else observable.lower
    estimate = float(np.mean(values))
    if trivial is not None and (log_bound >= math.log(trivial) if upper_kind and trivial > 0 else bound <= trivial):
        reason = f"the bound {bound:.4g} is no stronger than the trivial {trivial:g}"
        return _numbers(frame, Verdict.VACUOUS, reason, _Limits(estimate, math.nan, math.nan), bound, log_bound)
    if observable.sampling == "exact":
        limits = _Limits(estimate, min(values), max(values))
    elif not observable.bounded:
        raise ValueError(f"{observable.name} has no finite range, so its mean has no distribution-free limits")
    else:
        limits = _limits(values, frame.alpha, observable.lower, observable.upper)
    near, far = (limits.upper, limits.lower) if upper_kind else (limits.lower, limits.upper)
    names = ("upper", "lower") if upper_kind else ("lower", "upper")
    sign = 1.0 if upper_kind else -1.0
    how = "exact value" if observable.sampling == "exact" else f"{len(values)} seeds"
    needed = None
    if sign * near <= sign * bound:
        verdict, relation = Verdict.HOLDS, "<=" if upper_kind else ">="
        reason = f"{names[0]} limit {near:.4g} {relation} bound {bound:.4g} ({how})"
    elif sign * far > sign * bound:
        verdict, relation = Verdict.VIOLATED, ">" if upper_kind else "<"
        reason = f"{names[1]} limit {far:.4g} {relation} bound {bound:.4g} ({how})"
    else:
        verdict = Verdict.UNDECIDED
        needed = _needed(values, bound, frame.alpha, observable, upper_kind)
        reason = f"bound {bound:.4g} between the limits {limits.lower:.4g} and {limits.upper:.4g} ({how}); "
        reason += (
            "no number of seeds like these would confirm it"
            if needed is None
            else f"about {needed} seeds like these would confirm it"
        )
    exceedance = None
    if observable.sampling == "seed":
        over = [float(v > bound if upper_kind else v < bound) for v in values]
        share = interval(over, settings.alpha)
        exceedance = (share.mean, share.lower, share.upper)
    return _numbers(
        frame,
        verdict,
        reason,
        limits,
        bound,
        log_bound,
        exceedance=exceedance,
        sharpness=_sharpness(limits, log_bound, upper_kind),
        needed=needed,
    )


def _needed(
    values: Sequence[float], bound: float, alpha: float, observable: Observable, upper_kind: bool
) -> int | None:
    if upper_kind:
        return observations_needed(values, bound, alpha, observable.lower, observable.upper)
    return observations_needed([-v for v in values], -bound, alpha, -observable.upper, -observable.lower)


def _sharpness(limits: _Limits, log_bound: float, upper_kind: bool) -> float | None:
    """Least factor c > 0 such that the bound exp(c log_bound) would be refuted by the limits."""
    limit = limits.lower if upper_kind else limits.upper
    if not upper_kind or limit <= 0 or log_bound >= 0 or not math.isfinite(log_bound):
        return None
    return math.log(limit) / log_bound


def _identity(claim: Claim, values: Sequence[float], log_bound: float | None, frame: Frame) -> Outcome:
    target = 0.0 if log_bound is None else math.exp(log_bound)
    tolerance = claim.tolerance if claim.tolerance is not None else 1e-10
    deviation = max(abs(v - target) for v in values)
    limits = _Limits(float(np.mean(values)), min(values), max(values))
    holds = deviation <= tolerance
    reason = f"largest deviation {deviation:.3g} in float64, tolerance {tolerance:g}"
    return _numbers(frame, Verdict.HOLDS if holds else Verdict.VIOLATED, reason, limits, target, log_bound)


def _comparison(frame: Frame, limits: _Limits, name: str) -> Outcome:
    if limits.lower > 0:
        verdict, reason = Verdict.HOLDS, f"{name}: lower limit {limits.lower:.4g} > 0"
    elif limits.upper < 0:
        verdict, reason = Verdict.VIOLATED, f"{name}: upper limit {limits.upper:.4g} < 0"
    else:
        verdict, reason = Verdict.UNDECIDED, f"{name}: limits {limits.lower:.4g} and {limits.upper:.4g} enclose 0"
    return _numbers(frame, verdict, reason, limits, 0.0, None)


def _equivalence(frame: Frame, limits: _Limits, margin: float, name: str) -> Outcome:
    if -margin <= limits.lower and limits.upper <= margin:
        verdict, reason = Verdict.HOLDS, f"{name}: limits {limits.lower:.4g} and {limits.upper:.4g} within {margin:g}"
    elif limits.lower > margin or limits.upper < -margin:
        verdict, reason = (
            Verdict.VIOLATED,
            f"{name}: limits {limits.lower:.4g} and {limits.upper:.4g} beyond {margin:g}",
        )
    else:
        verdict, reason = (
            Verdict.UNDECIDED,
            f"{name}: limits {limits.lower:.4g} and {limits.upper:.4g}, margin {margin:g}",
        )
    return _numbers(frame, verdict, reason, limits, margin, None)


def _margin_rule(frame: Frame, limits: _Limits, margin: float, name: str) -> Outcome:
    if limits.upper <= margin:
        verdict, reason = Verdict.HOLDS, f"{name}: upper limit {limits.upper:.4g} <= {margin:g}"
    elif limits.lower > margin:
        verdict, reason = Verdict.VIOLATED, f"{name}: lower limit {limits.lower:.4g} > {margin:g}"
    else:
        verdict, reason = (
            Verdict.UNDECIDED,
            f"{name}: limits {limits.lower:.4g} and {limits.upper:.4g}, margin {margin:g}",
        )
    return _numbers(frame, verdict, reason, limits, margin, None)


def _limits(values: Sequence[float], alpha: float, low: float, high: float) -> _Limits:
    return _Limits(float(np.mean(values)), lower_limit(values, alpha, low, high), upper_limit(values, alpha, low, high))


def _numbers(
    frame: Frame,
    verdict: Verdict,
    reason: str,
    limits: _Limits,
    bound: float,
    log_bound: float | None,
    *,
    exceedance: tuple[float, float, float] | None = None,
    sharpness: float | None = None,
    needed: int | None = None,
) -> Outcome:
    known: Callable[[float], float | None] = lambda x: x if math.isfinite(x) else None  # noqa: E731
    estimate = limits.estimate
    return Outcome(
        frame.claim,
        frame.scope,
        frame.cells,
        verdict,
        reason,
        known(estimate),
        known(limits.lower),
        known(limits.upper),
        bound,
        None if log_bound is None or not math.isfinite(log_bound) else log_bound,
        bound / estimate if log_bound is not None and estimate > 0 else None,
        frame.alpha,
        frame.family_size,
        frame.premises,
        exceedance,
        sharpness,
        needed,
    )


def _undefined(frame: Frame, verdict: Verdict, reason: str) -> Outcome:
    return Outcome(
        frame.claim,
        frame.scope,
        frame.cells,
        verdict,
        reason,
        alpha=frame.alpha,
        family_size=frame.family_size,
        premises=frame.premises,
    )


def _key(cell: CellTable) -> tuple[float, ...]:
    return tuple(cell.symbols[name] for name in ("R", "K", "N_f"))
