"""The verdict of one cell on a mean: upper and lower bounds, rates; and on an identity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from empirics.judging.confidence import share
from empirics.judging.outcome import Frame, Outcome, Verdict
from empirics.judging.rules import rule_of
from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from empirics.judging.worlds import Answer, Worlds
from empirics.observables.definition import Observable
from theory import Claim, Kind
from theory.numbers.evaluate import from_log
from theory.plural import counted


def single(
    claim: Claim,
    observable: Observable,
    cell: CellTable,
    by_seed: Mapping[int, float],
    log_bound: float | None,
    frame: Frame,
    settings: Settings,
    limits: tuple[float, float] | None = None,
) -> tuple[Outcome, Worlds]:
    """Judge the mean in one cell; and say in which worlds the run itself meets the bound.

    Args:
        claim: an upper or lower bound, a rate, or an identity.
        observable: what it speaks of.
        cell: the cell.
        by_seed: its values in scope.
        log_bound: logarithm of the claim's bound there; None for a rate.
        frame: what the verdict speaks about, at which levels.
        settings: the level of the interval that is shown beside it.
        limits: those of the mean, if they were computed with those of other cells.
    """
    values = list(by_seed.values())
    if claim.kind is Kind.IDENTITY:
        return _identity(claim, values, log_bound, frame), Worlds(frame.cells, cell.label, "")
    if claim.kind is Kind.RATE:
        found = _measured(claim, observable, values, len(cell.seeds), frame, limits)
    else:
        if log_bound is None:
            raise ValueError(f"{claim.id}: a claim of kind {claim.kind} needs a bound")
        found = _bound(claim, observable, values, len(cell.seeds), log_bound, frame, settings, limits)
    asked = f"{observable.name} of a run {claim.kind.meaning.sign or '<='} {found.bound or 0.0:.4g}"
    if not found.by_sampling or found.verdict in (Verdict.VACUOUS, Verdict.NOT_TESTED):
        return found, Worlds(frame.cells, cell.label, asked, tuple(cell.seeds), reason="not judged by sampling")
    answers = {s: Answer.YES if _meets(claim, v, found.bound or 0.0) else Answer.NO for s, v in by_seed.items()}
    return found, Worlds(frame.cells, cell.label, asked, tuple(cell.seeds), answers)


def _meets(claim: Claim, value: float, bound: float) -> bool:
    return value >= bound if claim.kind is Kind.LOWER else value <= bound


def _measured(
    claim: Claim,
    observable: Observable,
    values: Sequence[float],
    seeds: int,
    frame: Frame,
    limits: tuple[float, float] | None,
    bound: float = 0.0,
) -> Outcome:
    """The verdict of the kind's rule on the values in scope, one per seed, of so many seeds in all."""
    rule = rule_of(claim.kind, observable, frame.alpha, frame.refuting, frame.looks, bound)
    lower, upper = limits or rule.limits(values)
    verdict, reason = rule.decide(lower, upper)
    needed = decidable = None
    if verdict is Verdict.UNDECIDED:
        # In terms of all seeds, of which only a share is in scope and has a value.
        holds_at, violated_at = (n and math.ceil(n * seeds / len(values)) for n in rule.decidable_at(values))
        needed, decidable = holds_at, min((n for n in (holds_at, violated_at) if n), default=None)
        if needed:
            more = f"about {counted(needed, 'seed')} like these would confirm it"
        elif decidable:
            more = f"about {counted(decidable, 'seed')} like these would refute it"
        else:
            more = "more seeds like these will not decide it"
        reason += f" ({counted(len(values), 'seed')}); {more}"
    else:
        reason += f" ({counted(len(values), 'seed')})"
    return replace(
        frame.outcome(verdict, f"{observable.name}: {reason}"),
        estimate=float(np.mean(values)),
        lower=lower,
        upper=upper,
        bound=rule.threshold,
        observations_needed=needed,
        decidable_at=decidable,
        by_sampling=True,
    )


def _bound(
    claim: Claim,
    observable: Observable,
    values: Sequence[float],
    seeds: int,
    log_bound: float,
    frame: Frame,
    settings: Settings,
    limits: tuple[float, float] | None,
) -> Outcome:
    upper = claim.kind is Kind.UPPER
    bound, estimate = from_log(log_bound), float(np.mean(values))
    trivial = observable.trivial if upper else observable.lower
    if trivial is not None and (bound <= trivial if not upper else trivial <= 0 or log_bound >= math.log(trivial)):
        reason = f"the bound {bound:.4g} is no stronger than the trivial value {trivial:g}"
        outcome = frame.outcome(Verdict.VACUOUS, reason)
    elif observable.sampling == "exact":
        slack = claim.tolerance or 0.0  # relative: two roundings of one number may differ in the last place
        limit = bound * (1.0 + slack if upper else 1.0 - slack)
        rule = rule_of(claim.kind, observable, frame.alpha, frame.refuting, frame.looks, limit)
        worst = max(values) if upper else min(values)  # every run is judged: one beyond the bound refutes it
        verdict, reason = rule.decide(worst, worst)
        reason = reason.replace("upper limit", "exact value").replace("lower limit", "exact value")
        outcome = replace(frame.outcome(verdict, reason), lower=min(values), upper=max(values))
    else:
        outcome = _measured(claim, observable, values, seeds, frame, limits, bound)
        over = share(sum(v > bound if upper else v < bound for v in values), len(values), settings.alpha)
        sharpness = _sharpness(outcome.lower, log_bound) if upper else None
        outcome = replace(outcome, exceedance=(over.mean, over.lower, over.upper), sharpness=sharpness)
    return replace(
        outcome,
        estimate=estimate,
        bound=bound,
        log_bound=log_bound if math.isfinite(log_bound) else None,
        tightness=bound / estimate if estimate > 0 and math.isfinite(bound / estimate) else None,
    )


def _sharpness(lower: float | None, log_bound: float) -> float | None:
    """Least factor c > 0 such that the lower limit would refute the bound exp(c log_bound)."""
    if lower is None or lower <= 0 or log_bound >= 0 or not math.isfinite(log_bound):
        return None
    return math.log(lower) / log_bound


def _identity(claim: Claim, values: Sequence[float], log_bound: float | None, frame: Frame) -> Outcome:
    target = 0.0 if log_bound is None else from_log(log_bound)
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
