"""A logarithmic axis that shows 0: on a line of its own, below a break."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from empirics.report.figures.style import SOFT, scaled

RESOLVED: Final = 1e-4
"""Probabilities below are not resolved by any grid of runs."""
_TICKS: Final = 6
_GAP: Final = 2.2


def floor_of(values: Iterable[float], least: float) -> float:
    """The power of ten below everything positive among some values, and below 0.1, but not below ``least``."""
    positive = [value for value in values if value > 0]
    return max(least, 10.0 ** (math.ceil(math.log10(min([*positive, 0.1]))) - 1))


def gap_of(floor: float, top: float) -> float:
    """How many times below the floor the line of 0 lies, so that numbers do not touch."""
    return max(_GAP, float((top / floor) ** 0.085))


def height(value: float, floor: float | None, gap: float = _GAP) -> float:
    """Where a value is drawn: with a logarithmic axis, what is below the floor lies on the line of 0."""
    return value if floor is None or value >= floor else floor / gap


def break_axis(axis: Any, floor: float, top: float = 1.0) -> None:
    """A logarithmic axis up to ``top``, with the line of 0 below a break."""
    gap = gap_of(floor, top)
    axis.set_yscale("log")
    axis.set_ylim(floor / (gap * 3 / _GAP), 1.6 * top)
    decades = range(round(math.log10(floor)), math.floor(math.log10(top) + 1e-9) + 1)
    decades = decades[:: math.ceil(len(decades) / _TICKS)]
    ticks = [10.0**d for d in decades]
    axis.set_yticks(
        [floor / gap, *ticks],
        ["0", *(f"{t:g}" if 0.005 < t < 5000 else f"$10^{{{d}}}$" for t, d in zip(ticks, decades, strict=True))],
    )
    axis.minorticks_off()
    axis.axhline(floor / (gap * 1.4 / _GAP), color=SOFT, linewidth=scaled(0.4), linestyle=(0, (1, 3)))
