"""Means: which confidence limit, against which threshold, confirms a bound and which refutes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empirics.judging.confidence import lower_limit, observations_needed, upper_limit
from empirics.judging.outcome import Verdict
from theory import Kind

__all__ = ["RATE_SLOPE_LIMIT", "Limits", "Range", "Rule", "decidable_at", "decide", "limits_of", "rule_of"]

RATE_SLOPE_LIMIT = 0.1
"""The slope above which a rate claim is violated (see docs/verdicts)."""


@dataclass(frozen=True)
class Rule:
    """The mean is at most ``threshold`` (or at least it).

    HOLDS if the limit on that side shows it; VIOLATED if the limit on the other side shows the strict opposite.
    """

    threshold: float
    at_most: bool


@dataclass(frozen=True)
class Range:
    """The range of a single observation."""

    low: float
    high: float


@dataclass(frozen=True)
class Limits:
    """The mean and its one-sided limits."""

    estimate: float
    lower: float
    upper: float


def rule_of(kind: Kind, bound: float = 0.0) -> Rule:
    """The rule of a bound or a rate, at its threshold."""
    threshold = bound if kind.meaning.threshold == "bound" else RATE_SLOPE_LIMIT
    return Rule(threshold, at_most=kind.meaning.rule == "at_most")


def limits_of(rule: Rule, values: Sequence[float], alpha: float, refuting: float, within: Range) -> Limits:
    """Mean and one-sided limits: at level 1 - alpha on the side that confirms, 1 - refuting on the other."""
    below, above = (refuting, alpha) if rule.at_most else (alpha, refuting)
    return Limits(
        float(np.mean(values)),
        lower_limit(values, below, within.low, within.high),
        upper_limit(values, above, within.low, within.high),
    )


def decide(rule: Rule, limits: Limits) -> tuple[Verdict, str]:
    """The verdict and the comparison that it rests on."""
    confirming, refuting = (limits.upper, limits.lower) if rule.at_most else (limits.lower, limits.upper)
    near, far = ("upper", "lower") if rule.at_most else ("lower", "upper")
    sign = 1 if rule.at_most else -1
    if sign * (rule.threshold - confirming) >= 0:
        return Verdict.HOLDS, f"{near} limit {confirming:.4g} {'<=' if rule.at_most else '>='} {rule.threshold:.4g}"
    if sign * (refuting - rule.threshold) > 0:
        return Verdict.VIOLATED, f"{far} limit {refuting:.4g} {'>' if rule.at_most else '<'} {rule.threshold:.4g}"
    return Verdict.UNDECIDED, f"limits {limits.lower:.4g} and {limits.upper:.4g}, threshold {rule.threshold:.4g}"


def decidable_at(
    rule: Rule, values: Sequence[float], alpha: float, refuting: float, within: Range
) -> tuple[int | None, int | None]:
    """Numbers of seeds at which HOLDS and VIOLATED would be reached if the next seeds resemble these."""
    low, high, threshold = within.low, within.high, rule.threshold
    mirrored = [-v for v in values]
    above = observations_needed(values, threshold, alpha if rule.at_most else refuting, low, high)
    below = observations_needed(mirrored, -threshold, refuting if rule.at_most else alpha, -high, -low)
    return (above, below) if rule.at_most else (below, above)
