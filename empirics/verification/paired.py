"""The means of observables in the cells of two verifications, seed by seed where both have the same seeds.

The seed is the unit: the differences of one observable in one cell are independent and identically distributed,
whatever else the two verifications have in common.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from empirics.experiments.document import CellResult, ObservableResult
from empirics.experiments.presentation import Part
from empirics.judging.confidence import intervals, student_ts
from empirics.verification.results import Results

Three = tuple[float | None, float | None, float | None]
"""A mean with its lower and upper limit."""


class Estimate(Part):
    """An observable of a cell on both sides: (mean, lower, upper) each.

    Attributes:
        seeds: those on which the difference rests, of both cells; none if it is not paired.
        unpaired: seeds with a value that the other side lacks, on either side.
        difference: second minus first: mean, lower, upper. Not paired: of the means alone.
        basis: "betting" (valid at every sample size), "student-t" (approximate), "exact" (computed, no sampling), or
            "unpaired": only the two intervals, each at its own level, and whether they are disjoint.
        differs: the interval of the difference excludes 0; unpaired: the intervals are disjoint.
    """

    where: str
    observable: str
    before: Three
    after: Three
    seeds: int
    unpaired: int
    difference: Three
    basis: Literal["betting", "student-t", "exact", "unpaired"]
    differs: bool


def unpaired(where: str, observable: str, before: Three, after: Three) -> Estimate:
    """Both sides as they are, without a difference by seeds: their limits are disjoint or overlap."""
    (mean, low, high), (other, less, more) = before, after
    known = low is not None and high is not None and less is not None and more is not None
    return Estimate(
        where=where,
        observable=observable,
        before=before,
        after=after,
        seeds=0,
        unpaired=0,
        difference=(None if mean is None or other is None else other - mean, None, None),
        basis="unpaired",
        differs=bool(known and (high < less or more < low)),  # type: ignore[operator]
    )


class Pair(NamedTuple):
    """An observable in a cell of both sides; ``values`` are those of the common seeds, shape [2, seeds]."""

    where: str
    name: str
    about: ObservableResult
    before: Three
    after: Three
    values: np.ndarray[Any, np.dtype[np.float64]]
    unpaired: int
    equal: bool

    @property
    def sampled(self) -> bool:
        """Whether the difference gets an interval."""
        return self.about.sampling != "exact" and self.values.shape[1] > 0


def pairs_of(a: Results, b: Results, cells: Sequence[tuple[str, CellResult, CellResult]]) -> Iterator[Pair]:
    """What claims of either side speak of, in every cell that both have: of the first side, and of the second."""
    asked = dict.fromkeys(n for side in (a, b) for c in side.claims for n in (c.observable, c.judged_on))
    for where, old, new in cells:
        for name in asked:
            if name not in old.observables or name not in new.observables:
                continue
            sides = [_by_seed(cell, name) for cell in (old, new)]
            seeds = sorted(sides[0].keys() & sides[1].keys())
            values = np.array([[side[seed] for seed in seeds] for side in sides], dtype=np.float64)
            limits = [cell.observables.limits(name) for cell in (old, new)]
            yield Pair(
                where,
                name,
                a.observables[name],
                limits[0],
                limits[1],
                values,
                len(sides[0].keys() ^ sides[1].keys()),
                sides[0] == sides[1] and limits[0] == limits[1],
            )


def _by_seed(cell: CellResult, name: str) -> dict[int, float]:
    """The values by seed; undefined ones, and those of failed runs, left out."""
    values = zip(cell.seeds, cell.observables[name].values, strict=True)
    return {seed: value for seed, value in values if value is not None and seed not in cell.failed}


def estimates_of(pairs: Sequence[Pair], alpha: float) -> list[Estimate]:
    """Those pairs that are not equal, each with the interval of its difference at level 1 - ``alpha``."""
    found = []
    for pair in pairs:
        if pair.equal:
            continue
        if not pair.values.shape[1]:
            found.append(
                unpaired(pair.where, pair.name, pair.before, pair.after).model_copy(update={"unpaired": pair.unpaired})
            )
            continue
        moved = pair.values[1] - pair.values[0]
        mean, about = float(moved.mean()), pair.about
        basis: Literal["betting", "student-t", "exact"] = "student-t"
        if about.sampling == "exact":
            basis, limits = "exact", np.array([mean, mean])
        elif about.lower is not None and about.upper is not None:
            room = about.upper - about.lower
            basis, (limits,) = "betting", intervals(moved[None], alpha, -room, room)
        else:
            (limits,) = student_ts(moved[None], alpha)
        lower, upper = (float(limit) if np.isfinite(limit) else None for limit in limits)
        found.append(
            Estimate(
                where=pair.where,
                observable=pair.name,
                before=pair.before,
                after=pair.after,
                seeds=len(moved),
                unpaired=pair.unpaired,
                difference=(mean, lower, upper),
                basis=basis,
                differs=bool(np.any(moved != 0.0)) if basis == "exact" else _excludes_zero(lower, upper),
            )
        )
    return found


def _excludes_zero(lower: float | None, upper: float | None) -> bool:
    return lower is not None and upper is not None and (lower > 0 or upper < 0)
