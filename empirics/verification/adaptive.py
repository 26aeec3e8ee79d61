"""Adaptive seeds: draw more where it can decide a verdict, stop where it cannot.

The unit that is drawn is one run of one arm, which serves all cells that share
it. Confidence limits are valid at every sample size at once, so
any rule for stopping is allowed; this one asks what the observations so far say
about the sample size that would decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from empirics.experiments.protocol import Point
from empirics.experiments.settings import Seeds
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.judging.table import CellTable
from empirics.runs.source import ArmUnit

__all__ = ["seeds_wanted"]

_STEP = 4


def seeds_wanted(
    outcomes: Iterable[ClaimOutcome], tables: Sequence[CellTable], current: Mapping[ArmUnit, int], seeds: Seeds
) -> dict[ArmUnit, int]:
    """Units that should have more seeds, and how many in all.

    Args:
        outcomes: verdicts at the present.
        tables: the cells that they speak about, by index.
        current: seeds that each unit has.
        seeds: minimum and maximum.

    Returns:
        For each unit with an undecided verdict that the maximum can decide: the
        sample size at which the first of these would be decided, at least four
        more than it has. Empty when everything is decided or hopeless.
    """
    by_index = {table.index: table for table in tables}
    wanted: dict[ArmUnit, int] = {}
    for outcome in (o for claim in outcomes for o in claim.outcomes):
        if outcome.verdict is not Verdict.UNDECIDED or outcome.decidable_at is None:
            continue
        if outcome.decidable_at > seeds.maximum:
            continue  # hopeless: the maximum cannot decide it
        for arm in {_arm(by_index[i]) for i in outcome.cells}:
            have = current[arm]
            if have >= seeds.maximum:
                continue
            goal = min(seeds.maximum, max(outcome.decidable_at, have + _STEP))
            wanted[arm] = min(wanted.get(arm, goal), goal)
    return wanted


def _arm(table: CellTable) -> ArmUnit:
    return table.variant, Point(tuple((name, table.symbols[name]) for name in table.run_axes))
