"""What a map looks at: every cell of every arm, with its measurements and its point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from empirics.experiments.arms import Arm
from empirics.experiments.map_design import MapDesign
from empirics.experiments.protocol import Experiment, Point
from empirics.experiments.settings import ExperimentSettings
from empirics.judging.table import CellTable
from empirics.regimes.document import PremiseRow
from empirics.regimes.sample import Sample
from empirics.verification.assembly import Runs, declared, in_scope, tables_of

__all__ = ["Place", "Survey", "value", "values"]


@dataclass(frozen=True)
class Place:
    """One cell of one arm: its measurements, and its values of the map's symbols."""

    arm: Arm
    cell: Point
    table: CellTable
    point: Point


@dataclass(frozen=True)
class Survey:
    """Whatever runs there are, cell by cell.

    Attributes:
        design: the map.
        settings: the main settings.
        arms: the leading arm first.
        runs: finished runs.
    """

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
        cells = declared(self.experiment, self.arms)
        return [
            Place(arm, cell, table, self._point(table)) for (arm, cell), table in zip(cells, self.tables, strict=True)
        ]

    def _point(self, table: CellTable) -> Point:
        return Point(tuple((s, table.symbols[s]) for s in self.design.columns if s in table.symbols))

    def in_law(self, place: Place) -> bool:
        """Whether the laws speak of a cell: of the leading arm, or of an arm of another size."""
        sizes = tuple(f"{key}=" for key in self.design.sizes.values())
        mine = place.arm.name == self.experiment.leading or place.arm.name.startswith(sizes)
        return mine and self.design.laws is not None and self.design.laws.speak(place.point)

    def usual(self, point: Point) -> bool:
        """Whether a point has the sizes of the main settings."""
        return point.on(tuple(self.design.sizes)) == self.places[0].point.on(tuple(self.design.sizes))

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
