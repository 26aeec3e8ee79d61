"""The experiment: toss coins, keep the running mean, look at it after n tosses."""

from typing import Annotated

import numpy as np
from pydantic import Field

from empirics.experiments.protocol import Curve, Experiment, Point, UnitRun
from empirics.experiments.settings import ExperimentSettings
from empirics.settings import Axis, Count, Section
from mean_estimate.theorem import NOTATION, OBSERVABLE


class World(Section):
    """The grid, and how many trials the share is taken of."""

    samples: Axis = (25, 50, 100)
    tolerance: Annotated[tuple[float, ...], Field(min_length=1)] = (0.1, 0.2)
    trials: Count = 400


class Settings(ExperimentSettings):
    """A complete configuration."""

    world: World = World()


class MeanEstimate(Experiment):
    """Estimates the mean of a fair coin."""

    name = "mean-estimate"
    title = "running means of a fair coin"
    notation = NOTATION
    axes = {"eps": "world.tolerance", "n": "world.samples"}  # noqa: RUF012
    settings = Settings
    observables = (OBSERVABLE,)
    overlays = {"twice-the-trials": {"world.trials": 800}}  # noqa: RUF012

    def run(self, settings: Settings, unit: Point, seeds, device: str) -> list[UnitRun]:
        """One run for each seed; it serves every number of samples."""
        return [self._run(settings, unit, seed) for seed in seeds]

    def _run(self, settings: Settings, unit: Point, seed: int) -> UnitRun:
        most = max(settings.world.samples)
        tosses = np.random.default_rng([seed, 7]).integers(0, 2, size=(settings.world.trials, most))
        means = tosses.cumsum(axis=1) / np.arange(1, most + 1)
        off = (np.abs(means - 0.5) >= unit["eps"] - 1e-12).mean(axis=0)
        return UnitRun(
            unit,
            seed,
            {cell: {"mean_off": float(off[cell["n"] - 1])} for cell in self.cells_of(settings, unit)},
            {"mean_off": Curve(tuple(range(1, most + 1)), tuple(off.tolist()))},
        )


EXPERIMENT = MeanEstimate()
