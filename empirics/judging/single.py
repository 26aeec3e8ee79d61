"""The verdict of one cell on a mean: upper and lower bounds, rates; and on an identity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from empirics.judging.confidence import interval
from empirics.judging.outcome import Outcome, Verdict
from empirics.judging.rules import Limits, Range, decidable_at, decide, limits_of, rule_of
from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from empirics.judging.worlds import Answer, Worlds
from empirics.observables.definition import Observable
from theory import Claim, Kind, Premise, Scope

__all__ = ["Frame", "MeanCell", "single"]


@dataclass(frozen=True)
class Frame:
    """What a verdict speaks about, and at which levels, apart from the numbers."""

    claim: str
    scope: Scope
    cells: tuple[int, ...]
    alpha: float
    refuting: float
    family_size: int
    premises: tuple[Premise, ...] = ()

    def outcome(self, verdict: Verdict, reason: str) -> Outcome:
        """A verdict without numbers."""
        return Outcome(
            self.claim,
            self.scope,
            self.cells,
            verdict,
            reason,
            alpha=self.alpha,
            refuting=self.refuting,
            family_size=self.family_size,
            premises=self.premises,
        )


@dataclass(frozen=True)
class MeanCell:
    """A cell, its in-scope values by seed, and the claim's log-bound there (None for a rate)."""

    cell: CellTable
    values: Mapping[int, float]
    log_bound: float | None


def single(
    claim: Claim, observable: Observable, at: MeanCell, frame: Frame, settings: Settings
) -> tuple[Outcome, Worlds]:
    """Judge the mean in one cell; and say in which worlds the run itself meets the bound."""
    values = list(at.values.values())
    if claim.kind is Kind.IDENTITY:
        return _identity(claim, values, at.log_bound, frame), Worlds(frame.cells, at.cell.label, "")
    if claim.kind is Kind.RATE:
        found = _measured(claim, observable, at, frame)
    else:
        if at.log_bound is None:
            raise ValueError(f"{claim.id}: a claim of kind {claim.kind} needs a bound")
        found = _bound(claim, observable, at, at.log_bound, frame, settings)
    met = found.by_sampling and found.verdict not in (Verdict.VACUOUS, Verdict.NOT_TESTED)
    answers = {s: Answer.YES if _meets(claim, v, found.bound or 0.0) else Answer.NO for s, v in at.values.items()}
    asked = f"{observable.name} of a run {claim.kind.meaning.sign or '<='} {found.bound or 0.0:.4g}"
    worlds = Worlds(frame.cells, at.cell.label, asked, tuple(at.cell.seeds), answers if met else {})
    return found, worlds if met else replace(worlds, reason="not judged by sampling")


def _meets(claim: Claim, value: float, bound: float) -> bool:
    return value >= bound if claim.kind is Kind.LOWER else value <= bound


def _range_of(observable: Observable) -> Range:
    """The observable's range.

    Raises:
        ValueError: it is not finite, so the mean has no distribution-free limits.
    """
    if not observable.bounded:
        raise ValueError(f"{observable.name} has no finite range, so its mean has no distribution-free limits")
    return Range(observable.lower, observable.upper)


def _measured(claim: Claim, observable: Observable, at: MeanCell, frame: Frame, bound: float = 0.0) -> Outcome:
    """The verdict of the kind's rule on values, one per seed."""
    values = list(at.values.values())
    rule, within = rule_of(claim.kind, bound), _range_of(observable)
    limits = limits_of(rule, values, frame.alpha, frame.refuting, within)
    verdict, reason = decide(rule, limits)
    holds_at, violated_at = decidable_at(rule, values, frame.alpha, frame.refuting, within)
    known = [n for n in (holds_at, violated_at) if n is not None]
    needed, decidable = (_of_all(n, len(values), len(at.cell.seeds)) for n in (holds_at, min(known, default=None)))
    undecided = verdict is Verdict.UNDECIDED
    more = _more(needed) if undecided else ""
    return replace(
        frame.outcome(verdict, f"{observable.name}: {reason} ({len(values)} seeds){more}"),
        estimate=limits.estimate,
        lower=limits.lower,
        upper=limits.upper,
        bound=rule.threshold,
        observations_needed=needed if undecided else None,
        decidable_at=decidable if undecided else None,
        by_sampling=True,
    )


def _of_all(number: int | None, used: int, seeds: int) -> int | None:
    """A sample size in terms of all seeds, of which only a share is in scope and has a value."""
    return None if number is None else math.ceil(number * seeds / used)


def _more(needed: int | None) -> str:
    if needed is None:
        return "; no number of seeds like these would confirm it"
    return f"; about {needed} seeds like these would confirm it"


def _bound(
    claim: Claim, observable: Observable, at: MeanCell, log_bound: float, frame: Frame, settings: Settings
) -> Outcome:
    upper, values = claim.kind is Kind.UPPER, list(at.values.values())
    bound, estimate = math.exp(log_bound), float(np.mean(values))
    base = replace(
        frame.outcome(Verdict.UNDECIDED, ""),
        estimate=estimate,
        bound=bound,
        log_bound=log_bound if math.isfinite(log_bound) else None,
        tightness=bound / estimate if estimate > 0 else None,
    )
    trivial = observable.trivial if upper else observable.lower
    if trivial is not None and (log_bound >= math.log(trivial) if upper and trivial > 0 else bound <= trivial):
        reason = f"the bound {bound:.4g} is no stronger than the trivial {trivial:g}"
        return replace(base, verdict=Verdict.VACUOUS, reason=reason)
    if observable.sampling == "exact":
        slack = claim.tolerance or 0.0  # relative: two roundings of one number may differ in the last place
        rule = rule_of(claim.kind, bound * (1.0 + slack if upper else 1.0 - slack))
        limits = Limits(estimate, min(values), max(values))
        verdict, reason = decide(rule, limits)
        reason = reason.replace("upper limit", "exact value").replace("lower limit", "exact value")
        return replace(base, verdict=verdict, reason=reason, lower=limits.lower, upper=limits.upper)
    outcome = _measured(claim, observable, at, frame, bound)
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
        frame.outcome(
            Verdict.HOLDS if deviation <= tolerance else Verdict.VIOLATED,
            f"largest deviation {deviation:.3g} in float64, tolerance {tolerance:g}",
        ),
        estimate=float(np.mean(values)),
        lower=min(values),
        upper=max(values),
        bound=target,
        log_bound=log_bound if log_bound is not None and math.isfinite(log_bound) else None,
    )
