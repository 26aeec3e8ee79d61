"""Rules: which confidence limit, against which threshold, decides which verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from empirics.judging.confidence import lower_limit, observations_needed, upper_limit
from empirics.judging.outcome import Verdict
from empirics.judging.settings import Settings
from theory import Kind

__all__ = [
    "RATE_SLOPE_LIMIT",
    "Condition",
    "Limits",
    "Range",
    "Rule",
    "Side",
    "decidable_at",
    "decide",
    "limits_of",
    "rule_of",
]

RATE_SLOPE_LIMIT = 0.1
"""The slope above which a rate claim is violated (see docs/verdicts)."""


class Side(Enum):
    """Which one-sided limit a condition is about."""

    LOWER = "lower"
    UPPER = "upper"


@dataclass(frozen=True)
class Condition:
    """The mean lies on one side of a threshold: the upper limit is at most it, or the lower at least it."""

    side: Side
    threshold: float

    def shown(self, limits: Limits) -> bool:
        """Whether the limits show it."""
        if self.side is Side.UPPER:
            return limits.upper <= self.threshold
        return limits.lower >= self.threshold

    def shown_strictly(self, limits: Limits) -> bool:
        """Whether the limits show it with strict inequality."""
        return self.shown(limits) and self.value(limits) != self.threshold

    def value(self, limits: Limits) -> float:
        """The limit that it is about."""
        return limits.upper if self.side is Side.UPPER else limits.lower

    def text(self, limits: Limits, *, strict: bool = False) -> str:
        """The comparison in words."""
        sign = ("<" if strict else "<=") if self.side is Side.UPPER else (">" if strict else ">=")
        return f"{self.side.value} limit {self.value(limits):.4g} {sign} {self.threshold:.4g}"


@dataclass(frozen=True)
class Rule:
    """HOLDS if all conditions of ``holds`` are shown (strictly, if ``strict``); VIOLATED if any of ``violated`` is."""

    holds: tuple[Condition, ...]
    violated: tuple[Condition, ...]
    strict: bool = False

    @classmethod
    def at_most(cls, threshold: float) -> Rule:
        """The mean is at most ``threshold``."""
        return cls((Condition(Side.UPPER, threshold),), (Condition(Side.LOWER, threshold),))

    @classmethod
    def at_least(cls, threshold: float) -> Rule:
        """The mean is at least ``threshold``."""
        return cls((Condition(Side.LOWER, threshold),), (Condition(Side.UPPER, threshold),))

    @classmethod
    def above(cls, threshold: float) -> Rule:
        """The mean is greater than ``threshold``."""
        return cls((Condition(Side.LOWER, threshold),), (Condition(Side.UPPER, threshold),), strict=True)

    @classmethod
    def within(cls, margin: float) -> Rule:
        """The mean lies between -margin and margin."""
        return cls(
            (Condition(Side.UPPER, margin), Condition(Side.LOWER, -margin)),
            (Condition(Side.LOWER, margin), Condition(Side.UPPER, -margin)),
        )


def rule_of(kind: Kind, settings: Settings, bound: float = 0.0) -> Rule:
    """The decision rule that a kind names, at its threshold.

    Args:
        kind: of the claim, not an identity (which is decided run by run).
        settings: the margins.
        bound: the claim's number, where the kind has one.
    """
    rule = {"at_most": Rule.at_most, "at_least": Rule.at_least, "above": Rule.above, "within": Rule.within}
    threshold = {
        "bound": bound,
        "zero": 0.0,
        "trend_margin": settings.trend_margin,
        "equivalence_margin": settings.equivalence_margin,
        "slope_limit": RATE_SLOPE_LIMIT,
    }
    return rule[kind.meaning.rule](threshold[kind.meaning.threshold])


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


def limits_of(values: Sequence[float], alpha: float, within: Range) -> Limits:
    """Mean and one-sided limits, each at level 1 - alpha."""
    return Limits(
        float(np.mean(values)),
        lower_limit(values, alpha, within.low, within.high),
        upper_limit(values, alpha, within.low, within.high),
    )


def decide(rule: Rule, limits: Limits) -> tuple[Verdict, str]:
    """The verdict and the comparison that it rests on."""
    if all(c.shown_strictly(limits) if rule.strict else c.shown(limits) for c in rule.holds):
        return Verdict.HOLDS, " and ".join(c.text(limits, strict=rule.strict) for c in rule.holds)
    for condition in rule.violated:
        if condition.shown_strictly(limits):
            return Verdict.VIOLATED, condition.text(limits, strict=True)
    thresholds = " and ".join(f"{t:.4g}" for t in sorted({c.threshold for c in rule.holds}))
    return Verdict.UNDECIDED, f"limits {limits.lower:.4g} and {limits.upper:.4g}, threshold {thresholds}"


def decidable_at(rule: Rule, values: Sequence[float], alpha: float, within: Range) -> tuple[int | None, int | None]:
    """Numbers of seeds at which HOLDS and VIOLATED would be reached if the next seeds resemble these."""

    def needed(condition: Condition) -> int | None:
        if condition.side is Side.UPPER:
            return observations_needed(values, condition.threshold, alpha, within.low, within.high)
        return observations_needed([-v for v in values], -condition.threshold, alpha, -within.high, -within.low)

    holds = [needed(c) for c in rule.holds]
    violated = [n for n in (needed(c) for c in rule.violated) if n is not None]
    known = [n for n in holds if n is not None]
    return (max(known) if len(known) == len(holds) else None), (min(violated) if violated else None)
