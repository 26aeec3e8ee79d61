"""The verdict of one cell: upper and lower bounds, identities, rates, comparisons of an observable with 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from empirics.judging.confidence import interval
from empirics.judging.outcome import Outcome, Verdict
from empirics.judging.rules import Limits, Range, Rule, decidable_at, decide, limits_of, rule_of
from empirics.judging.settings import Settings
from empirics.observables.definition import Observable
from theory import Claim, Kind, Premise, Scope

__all__ = ["Frame", "measured", "scaled_to_all_seeds", "single", "undefined"]


@dataclass(frozen=True)
class Frame:
    """What a verdict speaks about, apart from the numbers."""

    claim: str
    scope: Scope
    cells: tuple[int, ...]
    alpha: float
    family_size: int
    premises: tuple[Premise, ...]


def single(
    claim: Claim,
    observable: Observable,
    values: Sequence[float],
    log_bound: float | None,
    frame: Frame,
    settings: Settings,
) -> Outcome:
    """Judge the in-scope values of one cell."""
    if claim.kind is Kind.IDENTITY:
        return _identity(claim, values, log_bound, frame)
    if claim.kind in (Kind.UPPER, Kind.LOWER):
        if log_bound is None:
            raise ValueError(f"{claim.id}: a claim of kind {claim.kind} needs a bound")
        return _bound(claim, observable, values, log_bound, frame, settings)
    return measured(frame, rule_of(claim.kind, settings), values, range_of(observable), observable.name)


def range_of(observable: Observable) -> Range:
    """The observable's range.

    Raises:
        ValueError: it is not finite, so the mean has no distribution-free limits.
    """
    if not observable.bounded:
        raise ValueError(f"{observable.name} has no finite range, so its mean has no distribution-free limits")
    return Range(observable.lower, observable.upper)


def measured(frame: Frame, rule: Rule, values: Sequence[float], within: Range, name: str) -> Outcome:
    """The verdict of a rule on values, one per seed."""
    limits = limits_of(values, frame.alpha, within)
    verdict, reason = decide(rule, limits)
    holds_at, violated_at = decidable_at(rule, values, frame.alpha, within)
    return Outcome(
        frame.claim,
        frame.scope,
        frame.cells,
        verdict,
        f"{name}: {reason} ({len(values)} seeds)" + _more(verdict, holds_at),
        estimate=limits.estimate,
        lower=limits.lower,
        upper=limits.upper,
        bound=rule.holds[0].threshold,
        alpha=frame.alpha,
        family_size=frame.family_size,
        premises=frame.premises,
        observations_needed=holds_at if verdict is Verdict.UNDECIDED else None,
        decidable_at=_earliest(holds_at, violated_at) if verdict is Verdict.UNDECIDED else None,
        by_sampling=True,
    )


def scaled_to_all_seeds(outcome: Outcome, used: int, seeds: int) -> Outcome:
    """Sample sizes in terms of all seeds, of which only a share is in scope and has a value."""
    if used == seeds:
        return outcome

    def scaled(number: int | None) -> int | None:
        return None if number is None else math.ceil(number * seeds / used)

    return replace(
        outcome,
        observations_needed=scaled(outcome.observations_needed),
        decidable_at=scaled(outcome.decidable_at),
    )


def undefined(frame: Frame, verdict: Verdict, reason: str) -> Outcome:
    """A verdict without numbers."""
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


def _bound(
    claim: Claim,
    observable: Observable,
    values: Sequence[float],
    log_bound: float,
    frame: Frame,
    settings: Settings,
) -> Outcome:
    upper = claim.kind is Kind.UPPER
    bound = math.exp(log_bound)
    estimate = float(np.mean(values))
    base = replace(
        undefined(frame, Verdict.UNDECIDED, ""),
        estimate=estimate,
        bound=bound,
        log_bound=log_bound if math.isfinite(log_bound) else None,
        tightness=bound / estimate if estimate > 0 else None,
    )
    trivial = observable.trivial if upper else observable.lower
    if trivial is not None and (log_bound >= math.log(trivial) if upper and trivial > 0 else bound <= trivial):
        reason = f"the bound {bound:.4g} is no stronger than the trivial {trivial:g}"
        return replace(base, verdict=Verdict.VACUOUS, reason=reason)
    rule = rule_of(claim.kind, settings, bound)
    if observable.sampling == "exact":
        slack = claim.tolerance or 0.0  # relative: two roundings of one number may differ in the last place
        rule = rule_of(claim.kind, settings, bound * (1.0 + slack if upper else 1.0 - slack))
        limits = Limits(estimate, min(values), max(values))
        verdict, reason = decide(rule, limits)
        reason = reason.replace("upper limit", "exact value").replace("lower limit", "exact value")
        return replace(base, verdict=verdict, reason=reason, lower=limits.lower, upper=limits.upper)
    outcome = measured(frame, rule, values, range_of(observable), observable.name)
    over = interval([float(v > bound if upper else v < bound) for v in values], settings.alpha)
    return replace(
        outcome,
        log_bound=base.log_bound,
        tightness=base.tightness,
        exceedance=(over.mean, over.lower, over.upper),
        sharpness=_sharpness(outcome.lower, log_bound) if upper else None,
    )


def _sharpness(lower: float | None, log_bound: float) -> float | None:
    """Least factor c > 0 such that the lower limit would refute the bound exp(c log_bound)."""
    if lower is None or lower <= 0 or log_bound >= 0 or not math.isfinite(log_bound):
        return None
    return math.log(lower) / log_bound


def _identity(claim: Claim, values: Sequence[float], log_bound: float | None, frame: Frame) -> Outcome:
    target = 0.0 if log_bound is None else math.exp(log_bound)
    tolerance = claim.tolerance if claim.tolerance is not None else 1e-10
    deviation = max(abs(v - target) for v in values)
    return replace(
        undefined(
            frame,
            Verdict.HOLDS if deviation <= tolerance else Verdict.VIOLATED,
            f"largest deviation {deviation:.3g} in float64, tolerance {tolerance:g}",
        ),
        estimate=float(np.mean(values)),
        lower=min(values),
        upper=max(values),
        bound=target,
        log_bound=log_bound if log_bound is not None and math.isfinite(log_bound) else None,
    )


def _more(verdict: Verdict, holds_at: int | None) -> str:
    if verdict is not Verdict.UNDECIDED:
        return ""
    if holds_at is None:
        return "; no number of seeds like these would confirm it"
    return f"; about {holds_at} seeds like these would confirm it"


def _earliest(*numbers: int | None) -> int | None:
    known = [n for n in numbers if n is not None]
    return min(known) if known else None
