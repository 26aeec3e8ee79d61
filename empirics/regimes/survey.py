"""What a map looks at: every cell of every arm, with its measurements and its point; and the errors by seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from empirics.experiments.arms import Arm
from empirics.experiments.map_design import FloatArray, MapDesign
from empirics.experiments.protocol import Experiment, Point
from empirics.experiments.settings import ExperimentSettings
from empirics.judging.table import CellTable
from empirics.regimes.document import PremiseRow
from empirics.regimes.regime import in_transition
from empirics.verification.assembly import Runs, declared, in_scope, tables_of


@dataclass(frozen=True)
class Place:
    """One cell of one arm: its measurements, and its values of the map's symbols."""

    arm: Arm
    cell: Point
    table: CellTable
    point: Point


@dataclass(frozen=True)
class Sample:
    """Observed errors at n points; a column per seed, NaN where it is out of scope or failed; shape [n, seeds]."""

    points: tuple[Point, ...]
    errors: FloatArray

    @property
    def means(self) -> FloatArray:
        """Mean error over the seeds of each point; NaN where there is none; shape [n]."""
        return _means(self.errors)

    def where(self, keep: Callable[[Point], bool]) -> Sample:
        """The part at some points."""
        return self._rows(map(keep, self.points))

    def transition(self) -> Sample:
        """The transition cells."""
        return self._rows(map(in_transition, self.means))

    def _rows(self, kept: Iterable[bool]) -> Sample:
        chosen = [i for i, keep in enumerate(kept) if keep]
        return Sample(tuple(self.points[i] for i in chosen), self.errors[chosen])

    def resampled_means(self, draws: int, seed: int) -> FloatArray:
        """Bootstrap means: whole seeds are drawn with replacement, the same ones at every point; shape [draws, n].

        The seed is the unit: points may share what one seed draws, so seeds are resampled jointly.
        NaN at points at which no drawn seed has a value.
        """
        generator = np.random.default_rng(seed)
        width = self.errors.shape[1]
        found = [_means(self.errors[:, generator.integers(0, width, size=width)]) for _ in range(draws)]
        return np.array(found).reshape(draws, len(self.points))


def _means(errors: FloatArray) -> FloatArray:
    known = np.isfinite(errors)
    count = known.sum(axis=1)
    total = np.where(known, errors, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


@dataclass(frozen=True)
class Survey:
    """Whatever runs there are, cell by cell; of the arms the leading one first."""

    design: MapDesign
    settings: ExperimentSettings
    arms: Sequence[Arm]
    runs: Runs

    @property
    def experiment(self) -> Experiment:
        """What ran."""
        return self.design.experiment

    @cached_property
    def tables(self) -> list[CellTable]:
        """One per cell of every arm, in the order of the results."""
        return tables_of(self.experiment, self.arms, self.runs)

    @cached_property
    def places(self) -> list[Place]:
        """Every cell of every arm, in the order of the results."""
        found = []
        for (arm, cell), table in zip(declared(self.experiment, self.arms), self.tables, strict=True):
            point = Point(tuple((s, table.symbols[s]) for s in self.design.columns if s in table.symbols))
            found.append(Place(arm, cell, table, point))
        return found

    def in_law(self, place: Place) -> bool:
        """Whether the laws speak of a cell: of the leading arm, or of an arm of another size."""
        sizes = tuple(f"{key}=" for key in self.design.sizes.values())
        mine = place.arm.name == self.experiment.leading or place.arm.name.startswith(sizes)
        return mine and self.design.laws is not None and self.design.laws.speak(place.point)

    def usual(self, point: Point) -> bool:
        """Whether a point has the sizes of the main settings."""
        sizes = tuple(self.design.sizes)
        return point.on(sizes) == self.places[0].point.on(sizes)

    @cached_property
    def premise(self) -> PremiseRow | None:
        """The first of the experiment's premises, if it has any."""
        for name, key in self.experiment.premises.items():
            unit = next(o.unit for o in self.experiment.observables if o.name == name)
            return PremiseRow(observable=name, unit=unit, limit=float(getattr(self.settings.verdict, key)))
        return None

    def in_scope(self, table: CellTable) -> list[int]:
        """The seeds that did not fail and meet the experiment's premises."""
        return in_scope(self.experiment, table, self.settings.verdict)

    def sample(self) -> Sample:
        """Errors of the in-scope seeds at the cells that the laws speak of."""
        seeds = range(self.settings.seeds.base, self.settings.seeds.base + self.settings.seeds.minimum)
        points, rows = [], []
        for place in filter(self.in_law, self.places):
            near = set(self.in_scope(place.table))
            row = [value(place.table, self.design.observable, seed) if seed in near else math.nan for seed in seeds]
            if np.isfinite(row).any():
                points.append(place.point)
                rows.append(row)
        return Sample(tuple(points), np.array(rows).reshape(len(points), len(seeds)))


def value(table: CellTable, name: str, seed: int) -> float:
    """An observable at a seed; NaN where undefined, or where the seed was not run or failed."""
    if seed not in table.seeds:
        return math.nan
    found = table.value(name, seed)
    return math.nan if found is None else found


def values(table: CellTable, name: str) -> list[float]:
    """Finite values of an observable over seeds that did not fail."""
    return [v for v in (value(table, name, seed) for seed in table.seeds) if math.isfinite(v)]
