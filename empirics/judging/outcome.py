"""Verdicts and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from theory import Premise, Scope

__all__ = ["ClaimOutcome", "Outcome", "Verdict", "worst"]


class Verdict(StrEnum):
    """What measurements say about a claim."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    UNDECIDED = "UNDECIDED"
    VACUOUS = "VACUOUS"
    OUT_OF_SCOPE = "OUT OF SCOPE"
    NOT_TESTED = "NOT TESTED"


@dataclass(frozen=True)
class Outcome:
    """One verdict, with all that it rests on.

    Attributes:
        claim: id of the claim.
        scope: cell, series or run.
        cells: positions of the cells it speaks about.
        verdict: the verdict.
        reason: one sentence.
        estimate: the measured mean (of the observable, a paired difference or a slope), or None.
        lower: one-sided lower confidence limit at level 1 - ``alpha``.
        upper: one-sided upper confidence limit at level 1 - ``alpha``.
        bound: the bound that the limits are compared with; may underflow to 0.
        log_bound: its natural logarithm, or None where the bound is a margin.
        tightness: bound / estimate, or None.
        alpha: error probability of each limit.
        by_sampling: whether confidence limits decided it (not an exact comparison).
        family_size: verdicts that the claim's error probability is divided over.
        premises: the premises and their values.
        exceedance: share of runs on the wrong side of the bound, with its
            two-sided interval at the claim's level; None where no single run can be judged.
        sharpness: least factor on the log-bound that these measurements would refute, or None.
        observations_needed: seeds after which the verdict would come out HOLDS if the
            next seeds resemble these, or None.
        decidable_at: seeds after which it would come out HOLDS or VIOLATED in that
            case; None if decided, or hopeless.
    """

    claim: str
    scope: Scope
    cells: tuple[int, ...]
    verdict: Verdict
    reason: str
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    bound: float | None = None
    log_bound: float | None = None
    tightness: float | None = None
    alpha: float | None = None
    family_size: int = 1
    premises: tuple[Premise, ...] = ()
    exceedance: tuple[float, float, float] | None = None
    sharpness: float | None = None
    observations_needed: int | None = None
    decidable_at: int | None = None
    by_sampling: bool = False


@dataclass(frozen=True)
class ClaimOutcome:
    """A claim's verdict: the worst of its cells in scope, and those it rests on."""

    claim: str
    verdict: Verdict
    outcomes: tuple[Outcome, ...]


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """VIOLATED before UNDECIDED before HOLDS; else VACUOUS before OUT OF SCOPE before NOT TESTED."""
    present = set(verdicts)
    for verdict in (
        Verdict.VIOLATED,
        Verdict.UNDECIDED,
        Verdict.HOLDS,
        Verdict.VACUOUS,
        Verdict.OUT_OF_SCOPE,
    ):
        if verdict in present:
            return verdict
    return Verdict.NOT_TESTED
