"""Verdicts and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from empirics.judging.worlds import Step
from theory import Premise, Scope


class Verdict(StrEnum):
    """What measurements say about a claim."""

    HOLDS = "HOLDS"
    SUPPORTED = "SUPPORTED"
    VIOLATED = "VIOLATED"
    UNDECIDED = "UNDECIDED"
    VACUOUS = "VACUOUS"
    OUT_OF_SCOPE = "OUT OF SCOPE"
    NOT_TESTED = "NOT TESTED"
    BROKEN = "BROKEN"  # the claim itself has a defect: no verdict


@dataclass(frozen=True)
class Counts:
    """Worlds of one cell: property holds, ties, does not hold, is not defined though in scope; and all that ran."""

    yes: int
    tie: int
    no: int
    undefined: int
    ran: int

    @property
    def defined(self) -> int:
        """Worlds in scope in which the property is defined."""
        return self.yes + self.tie + self.no


@dataclass(frozen=True)
class Outcome:
    """One verdict, with all that it rests on."""

    claim: str
    scope: Scope  # cell, series or run
    cells: tuple[int, ...]  # positions of the cells it speaks about
    verdict: Verdict
    reason: str
    # the share of worlds in which the property holds; for a bound, rate or identity the measured mean
    estimate: float | None = None
    # its one-sided lower limit: at level 1 - ``alpha`` where it confirms, 1 - ``refuting`` where it refutes
    lower: float | None = None
    upper: float | None = None  # its one-sided upper limit, likewise
    # what the limits are compared with: the share asked for, or the bound; may underflow to 0
    bound: float | None = None
    log_bound: float | None = None  # its natural logarithm, or None for a share
    tightness: float | None = None  # bound / estimate of a bound, or None
    alpha: float | None = None  # error probability of the limit that confirms
    refuting: float | None = None  # error probability of the limit that refutes
    family_size: int = 1  # statements over which alpha is divided for a refutation
    premises: tuple[Premise, ...] = ()  # the premises and their values
    counts: Counts | None = None  # the worlds, for a property
    # mean size of the effect with its two-sided interval (Student's t); shown, never judged
    effect: tuple[float, float, float] | None = None
    steps: tuple[Step, ...] = ()  # moves along an axis: between its ends, then between neighbours
    flat: bool = False  # whether there is no room to move; such a cell counts neither for nor against
    # share of runs on the wrong side of a bound, with its two-sided interval
    exceedance: tuple[float, float, float] | None = None
    sharpness: float | None = None  # least factor on the log-bound that these measurements would refute, or None
    # seeds after which the verdict would come out HOLDS if the next seeds resemble these, or None
    observations_needed: int | None = None
    # seeds after which it would come out HOLDS or VIOLATED in that case; None if decided, or hopeless
    decidable_at: int | None = None
    by_sampling: bool = False  # whether confidence limits decided it (not an exact comparison)
    looks: tuple[int, ...] = ()  # numbers of seeds at which the data were to be looked at, declared before them


@dataclass(frozen=True)
class Frame:
    """What a verdict speaks about, and at which levels, apart from the numbers; fields as in :class:`Outcome`."""

    claim: str
    scope: Scope
    cells: tuple[int, ...]
    alpha: float
    refuting: float
    family_size: int
    premises: tuple[Premise, ...] = ()
    looks: tuple[int, ...] = ()

    def outcome(self, verdict: Verdict, reason: str) -> Outcome:
        """A verdict without numbers."""
        return Outcome(verdict=verdict, reason=reason, **vars(self))


@dataclass(frozen=True)
class Pooled:
    """All cells of a claim together: the mean over worlds of the fraction of cells in which it holds."""

    estimate: float  # that mean, strict successes alone
    lower: float  # lower limit at level 1 - ``alpha``, strict successes alone
    upper: float  # upper limit at level 1 - ``refuting``, ties counted as successes
    asked: float  # the share that is asked for
    alpha: float  # error probability of the lower limit
    refuting: float  # error probability of the upper limit
    worlds: int  # seeds that ran in every cell and have a cell in scope
    without: int  # seeds that ran in every cell and have none
    confirmed: bool  # lower limit at least what is asked
    refuted: bool  # upper limit below it
    direction: str  # where it is refuted, whether more worlds have the reverse in more cells, or as many
    p_value: float  # sequential, of "the mean is at most what is asked"; at most alpha if, and only if, confirmed
    statement: str  # what is pooled, in words


@dataclass(frozen=True)
class ClaimOutcome:
    """A claim's verdict, those of its cells, and the pooled statement."""

    claim: str
    verdict: Verdict
    outcomes: tuple[Outcome, ...]
    pooled: Pooled | None = None


_WORST_FIRST = (
    Verdict.BROKEN,
    Verdict.VIOLATED,
    Verdict.UNDECIDED,
    Verdict.SUPPORTED,
    Verdict.HOLDS,
    Verdict.VACUOUS,
    Verdict.OUT_OF_SCOPE,
    Verdict.NOT_TESTED,
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The first that is there of BROKEN, VIOLATED, UNDECIDED, SUPPORTED, HOLDS, VACUOUS, OUT OF SCOPE, NOT TESTED."""
    return min(verdicts, key=_WORST_FIRST.index, default=Verdict.NOT_TESTED)
