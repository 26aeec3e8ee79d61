"""Means: which confidence limit, against which threshold, confirms a bound and which refutes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from empirics.judging.confidence import bets_for, lower_limits, observations_needed, upper_limits
from empirics.judging.outcome import Verdict
from empirics.observables.definition import Observable
from theory import Kind

RATE_SLOPE_LIMIT = 0.1
"""The slope above which a rate claim is violated (see docs/verdicts)."""


@dataclass(frozen=True)
class Rule:
    """The mean of ``observable`` is at most ``threshold`` (or at least it).

    HOLDS if the limit on that side, at level 1 - ``alpha``, shows it; VIOLATED if the limit on the other side, at
    level 1 - ``refuting``, shows the strict opposite. ``looks`` are the declared ones.
    """

    observable: Observable
    threshold: float
    at_most: bool
    alpha: float
    refuting: float
    looks: tuple[int, ...] = ()

    def limits(self, values: Sequence[float]) -> tuple[float, float]:
        """Lower and upper limit of the mean.

        Raises:
            ValueError: the range of the observable is not finite, so the mean has no distribution-free limits.
        """
        ((lower, upper),) = limits_of([self], [values])
        return lower, upper

    @property
    def levels(self) -> tuple[float, float]:
        """Error probabilities of the lower and of the upper limit."""
        return (self.refuting, self.alpha) if self.at_most else (self.alpha, self.refuting)

    def decide(self, lower: float, upper: float) -> tuple[Verdict, str]:
        """The verdict and the comparison that it rests on."""
        confirming, refuting = (upper, lower) if self.at_most else (lower, upper)
        near, far = ("upper", "lower") if self.at_most else ("lower", "upper")
        sign = 1 if self.at_most else -1
        if sign * (self.threshold - confirming) >= 0:
            comparison = f"{confirming:.4g} {'<=' if self.at_most else '>='} {self.threshold:.4g}"
            return Verdict.HOLDS, f"{near} limit {comparison}"
        if sign * (refuting - self.threshold) > 0:
            comparison = f"{refuting:.4g} {'>' if self.at_most else '<'} {self.threshold:.4g}"
            return Verdict.VIOLATED, f"{far} limit {comparison}"
        return Verdict.UNDECIDED, f"limits {lower:.4g} and {upper:.4g}, threshold {self.threshold:.4g}"

    def decidable_at(self, values: Sequence[float]) -> tuple[int | None, int | None]:
        """Numbers of seeds at which HOLDS and VIOLATED would be reached if the next seeds resemble these."""
        low, high = self.observable.lower, self.observable.upper
        below, above = self.levels
        up = observations_needed(values, self.threshold, above, low, high, bets_for(self.looks, above))
        mirrored = [-v for v in values]
        down = observations_needed(mirrored, -self.threshold, below, -high, -low, bets_for(self.looks, below))
        return (up, down) if self.at_most else (down, up)


def limits_of(rules: Sequence[Rule], samples: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """:meth:`Rule.limits` of each sample by its rule; those of one size, range and level are computed together."""
    alike: dict[tuple[Any, ...], list[int]] = {}
    for place, (rule, sample) in enumerate(zip(rules, samples, strict=True)):
        item = rule.observable
        if not item.bounded:
            raise ValueError(f"{item.name} has no finite range, so its mean has no distribution-free limits")
        alike.setdefault((*rule.levels, item.lower, item.upper, rule.looks, len(sample)), []).append(place)
    found = np.empty((len(rules), 2))
    for (below, above, low, high, looks, _), places in alike.items():
        values = np.array([samples[place] for place in places], dtype=np.float64)
        found[places, 0] = lower_limits(values, below, low, high, bets_for(looks, below))
        found[places, 1] = upper_limits(values, above, low, high, bets_for(looks, above))
    return [(lower, upper) for lower, upper in found.tolist()]


def rule_of(
    kind: Kind,
    observable: Observable,
    alpha: float,
    refuting: float,
    looks: tuple[int, ...] = (),
    bound: float = 0.0,
) -> Rule:
    """The rule of a bound or a rate, at its threshold."""
    threshold = bound if kind.meaning.threshold == "bound" else RATE_SLOPE_LIMIT
    return Rule(observable, threshold, kind.meaning.rule == "at_most", alpha, refuting, looks)
