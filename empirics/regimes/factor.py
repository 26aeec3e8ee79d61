"""How large a factor on the exponent of a bound the whole map confirms, and how small a one it refutes.

A reading states: mean error <= exp(-x) in every cell in scope, x > 0. With a factor c it states exp(-c x); it is true
of the cells up to the critical factor c* = min over cells of -log(mean error) / x. The bracket around c* is

    confirmed = min over cells of -log(upper limit) / x,    refuted = min over cells of -log(lower limit) / x:

up to ``confirmed`` the bound is confirmed in every cell, beyond ``refuted`` it is refuted in some.

c* < confirmed needs an upper limit below the mean in the cell that attains c*, one cell (an intersection-union test):
its level is not divided over cells. refuted < c* needs a lower limit above the mean in some cell: its level
is divided over them. Half of alpha is spent on each end. The lower limits serve all readings at once; the
cell that attains c* may be another one for each, so the upper half is divided over readings.
Where measurements decide which seeds are in scope, such cells share the upper half, as in verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from empirics.experiments.map_design import FloatArray
from empirics.judging.bounds import log_bounds
from empirics.judging.confidence import bets_for, lower_limits, upper_limit, upper_limits
from empirics.judging.premises import scopes_of
from empirics.regimes.document import FactorEnd, FactorPart, FactorRow, HoldsFromRow
from empirics.regimes.survey import Place, Survey, value
from theory import claim


@dataclass(frozen=True)
class Exponent:
    """A cell in scope of a reading: the exponent x > 0 that it states there, and the errors of its seeds in scope.

    ``by_measurement``: whether measurements put some seed out of scope.
    """

    x: float
    errors: FloatArray
    place: Place
    by_measurement: bool = False


@dataclass(frozen=True)
class End:
    """One end of a bracket: the cell that decides it, and the limit of its mean error."""

    cell: Exponent
    limit: float

    @property
    def factor(self) -> float:
        """The factor at which the bound equals the limit."""
        return 0.0 - math.log(self.limit) / self.cell.x


@dataclass(frozen=True)
class Bracket:
    """Both ends; no ``refuted`` one if no factor is refuted."""

    confirmed: End
    refuted: End | None


def factor_part(survey: Survey) -> FactorPart:
    """Brackets over all arms and the main grid, from each value of the axis on; and where readings hold from."""
    design, alpha = survey.design, survey.settings.verdict.alpha
    readings = {reading: exponents_of(survey, reading) for reading in design.readings}
    upper = alpha / (2 * max(len(readings), 1))
    values = sorted({place.point[design.axis] for place in survey.places})
    brackets = []
    arms = [None, survey.experiment.leading] if len(survey.arms) > 1 else [survey.experiment.leading]
    for reading, arm, start in product(readings, arms, values):
        there = [e for e in readings[reading] if arm in (None, e.place.arm.name)]
        mine = [e for e in there if e.place.point[design.axis] >= start]
        enough = [e for e in mine if confirmable(e.x, survey.settings.seeds.minimum, upper)]
        about = {"reading": reading, "variant": arm, "start": start}
        if mine:
            brackets.append(_row(survey, mine, upper, confirmable=False, **about))
        if enough and len(enough) < len(mine):
            brackets.append(_row(survey, enough, upper, confirmable=True, **about))
    return FactorPart(alpha=alpha, brackets=brackets, holds_from=_holds_from(survey, readings))


def exponents_of(survey: Survey, reading: str) -> list[Exponent]:
    """The cells of all arms in scope of a reading."""
    found, item, settings = [], claim(reading), survey.settings.verdict
    logs, undefined = log_bounds(item, survey.tables) if survey.tables else (np.zeros(0), {})
    for index, place in enumerate(survey.places):
        mine = item.on(place.arm.name)
        (scoped,) = scopes_of(mine, [place.table], settings.asked_by(mine))
        errors = np.array([value(place.table, survey.design.observable, seed) for seed in scoped.seeds])
        errors = errors[np.isfinite(errors)]
        if scoped.in_scope and len(errors) and index not in undefined and logs[index] < 0:
            found.append(Exponent(-float(logs[index]), errors, place, scoped.measured_failures > 0))
    return found


def confirmable(x: float, seeds: int, level: float) -> bool:
    """Whether so many seeds without any error would confirm exp(-x): what they could show, whatever they showed."""
    return _free_of_error(seeds, level) <= math.exp(-x)


@lru_cache(maxsize=64)
def _free_of_error(seeds: int, level: float) -> float:
    return upper_limit(np.zeros(seeds), level, bets=bets_for((seeds,), level))


def bracket(cells: Sequence[Exponent], confirming: float, refuting: float) -> Bracket:
    """The bracket over cells; ``confirming`` is the level of the lower end, ``refuting`` that of the upper one."""
    sharing = max(1, sum(e.by_measurement for e in cells))
    uppers = _limits(upper_limits, cells, [confirming / (sharing if e.by_measurement else 1) for e in cells])
    lowers = _limits(lower_limits, cells, [refuting / len(cells)] * len(cells))
    return Bracket(
        min((End(e, limit) for e, limit in zip(cells, uppers, strict=True)), key=lambda end: end.factor),
        min(
            (End(e, limit) for e, limit in zip(cells, lowers, strict=True) if limit > 0),
            key=lambda end: end.factor,
            default=None,
        ),
    )


def _limits(side: Callable[..., FloatArray], cells: Sequence[Exponent], levels: Sequence[float]) -> list[float]:
    """Upper or lower limits of the cells' mean errors; those of one number of seeds and level together."""
    alike: dict[tuple[int, float], list[int]] = {}
    for index, (e, level) in enumerate(zip(cells, levels, strict=True)):
        alike.setdefault((len(e.errors), level), []).append(index)
    found = np.empty(len(cells))
    for (count, level), mine in alike.items():
        samples = np.array([cells[i].errors for i in mine], dtype=np.float64)
        found[mine] = side(samples, level, bets=bets_for((count,), level))
    return [float(limit) for limit in found]


def _row(survey: Survey, cells: Sequence[Exponent], upper: float, **about: Any) -> FactorRow:
    found = bracket(cells, upper, survey.settings.verdict.alpha / 2)
    return FactorRow(
        **about,
        cells=len(cells),
        confirmed=_end(survey, found.confirmed),
        refuted=None if found.refuted is None else _end(survey, found.refuted),
    )


def _end(survey: Survey, end: End) -> FactorEnd:
    return FactorEnd(
        variant=end.cell.place.arm.name,
        **{survey.design.columns[symbol]: number for symbol, number in end.cell.place.point.values},
        factor=end.factor,
        error=float(end.cell.errors.mean()),
        limit=end.limit,
        exponent=end.cell.x,
    )


def _holds_from(survey: Survey, readings: dict[str, list[Exponent]]) -> list[HoldsFromRow]:
    """For the main grid, per place beside the axis; alpha is divided over places and readings."""
    design, seeds = survey.design, survey.settings.seeds.minimum
    groups: dict[tuple[str, tuple[tuple[str, int | float], ...]], list[Exponent]] = {}
    for reading, cells in readings.items():
        for e in cells:
            if e.place.arm.name == survey.experiment.leading:
                others = tuple((symbol, e.place.point[symbol]) for symbol in design.others)
                groups.setdefault((reading, others), []).append(e)
    level = survey.settings.verdict.alpha / max(len(groups), 1)
    rows = []
    for (reading, others), cells in groups.items():
        known = {e.place.point[design.axis]: e for e in cells}
        series = [known[n] for n in sorted(known)]
        shared = max(1, sum(e.by_measurement for e in series))
        limits = _limits(upper_limits, series, [level / (shared if e.by_measurement else 1) for e in series])
        holds = [limit <= math.exp(-e.x) for e, limit in zip(series, limits, strict=True)]
        enough = [confirmable(e.x, seeds, level) for e in series]
        within = [i for i, one in enumerate(enough) if one]
        symbols = survey.design.columns
        rows.append(
            HoldsFromRow(
                variant=survey.experiment.leading,
                **{symbols[symbol]: number for symbol, number in others},
                reading=reading,
                every=_from(sorted(known), holds),
                confirmable=_from([sorted(known)[i] for i in within], [holds[i] for i in within]),
                last_confirmable=sorted(known)[within[-1]] if within else None,
                proved=None if design.proved_from is None else design.proved_from(reading, series[0].place.point),
            )
        )
    return rows


def _from(values: Sequence[int | float], holds: Sequence[bool]) -> int | float | None:
    """The least value from which on all hold; None if the last one does not."""
    found = None
    for number, good in zip(reversed(values), reversed(holds), strict=True):
        if not good:
            break
        found = number
    return found
