"""Whether a cell succeeds or fails, with confidence, and whether it lies in the transition between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from empirics.errors import UsageError
from empirics.judging.confidence import interval

TRANSITION = (0.02, 0.98)
"""Mean errors strictly between these make a transition cell: a law of the error can be told from another there."""


def in_transition(error: float | None) -> bool:
    """Whether a mean error is that of a transition cell."""
    return error is not None and TRANSITION[0] < error < TRANSITION[1]


class Regime(StrEnum):
    """What the limits of the mean error say of a cell."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    TRANSITION = "transition"
    UNDECIDED = "undecided"
    NO_DATA = "no data"


@dataclass(frozen=True)
class Thresholds:
    """Mean errors below and above which a cell succeeds and fails; UsageError unless 0 < success < failure < 1."""

    success: float = 0.3
    failure: float = 0.7

    def __post_init__(self) -> None:
        if not 0 < self.success < self.failure < 1:
            raise UsageError(
                f"--success={self.success:g} and --failure={self.failure:g} are refused: "
                "allowed is 0 < success < failure < 1"
            )


def regime_of(errors: Sequence[float], alpha: float, thresholds: Thresholds) -> Regime:
    """The regime that the two-sided time-uniform interval at level 1 - alpha, for each cell by itself, shows.

    succeeds: upper limit <= success; fails: lower limit >= failure; transition: the interval lies between the
    thresholds; undecided: it contains one of them.
    """
    if not errors:
        return Regime.NO_DATA
    limits = interval(errors, alpha)
    if limits.upper <= thresholds.success:
        return Regime.SUCCEEDS
    if limits.lower >= thresholds.failure:
        return Regime.FAILS
    if thresholds.success <= limits.lower and limits.upper <= thresholds.failure:
        return Regime.TRANSITION
    return Regime.UNDECIDED
