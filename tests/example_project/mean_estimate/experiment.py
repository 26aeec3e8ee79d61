"""The experiment: toss a fair coin n times, many trials a run, and see how often the mean is off by eps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from empirics.experiments.document import Measured
from empirics.experiments.presentation import Column, FigureData, Shown, Table
from empirics.experiments.protocol import Curve, Experiment, Point, UnitRun
from empirics.experiments.settings import ExperimentSettings
from empirics.settings import Axis, Count, Positive, Section
from mean_estimate.theorem import NOTATION, OBSERVABLE


class World(Section):
    """The grid, and how many trials the fraction of a run is taken over."""

    samples: Axis = (50, 100, 200)
    tolerance: tuple[Positive, ...] = Field(default=(0.1, 0.15), min_length=1)
    trials: Count = 400


class Settings(ExperimentSettings):
    """A complete configuration."""

    world: World = World()


@dataclass(frozen=True)
class Inspected:
    """One run: the means after 1, 2, ... tosses of each trial (shape [trials, n]), and what was measured on them."""

    means: np.ndarray
    observables: Mapping[str, float | None]
    curves: Mapping[str, Curve]

    def arrays(self) -> Mapping[str, Mapping[str, np.ndarray]]:
        """What ``factbound run --save`` keeps."""
        return {"trials": {"means": self.means}}

    def drawn(self) -> Mapping[str, Any]:
        """Nothing but the tosses is drawn."""
        return {"trials": len(self.means)}


class MeanEstimate(Experiment):
    """Estimates the mean of a fair coin."""

    name = "mean-estimate"
    title = "means of a fair coin"
    notation = NOTATION
    axes = {"eps": "world.tolerance", "n": "world.samples"}
    settings = Settings
    observables = (OBSERVABLE,)
    overlays = {"more-trials": {"world.trials": 800}}

    def run(self, settings: Settings, unit: Point, seeds: Sequence[int], device: str) -> list[UnitRun]:
        """One run a seed; it serves every number of samples."""
        return [self._run(settings, unit, seed) for seed in seeds]

    def _run(self, settings: Settings, unit: Point, seed: int) -> UnitRun:
        curve = _curve(_means(settings, max(settings.world.samples), seed), unit["eps"])
        cells = self.cells_of(settings, unit)
        found = {cell: {OBSERVABLE.name: curve.values[cell["n"] - 1]} for cell in cells}
        return UnitRun(unit, seed, found, {OBSERVABLE.name: curve})

    def inspect(self, settings: Settings, cell: Point, seed: int) -> Inspected:
        """The trials of one run, for people who want to look inside."""
        means = _means(settings, cell["n"], seed)
        curve = _curve(means, cell["eps"])
        return Inspected(means, {OBSERVABLE.name: curve.values[-1]}, {OBSERVABLE.name: curve})

    def show(self, subject: Measured) -> Shown:
        """A table of its own, and the fraction along the tosses."""
        return Shown(tables=(_table(subject),), figures=tuple(_figures(subject)))


def _means(settings: Settings, samples: int, seed: int) -> np.ndarray:
    tosses = np.random.default_rng(seed).integers(0, 2, size=(settings.world.trials, samples))
    return tosses.cumsum(axis=1) / np.arange(1, samples + 1)


def _curve(means: np.ndarray, eps: float) -> Curve:
    """The fraction of trials that are off, after 1, 2, ... tosses."""
    off = (np.abs(means - 0.5) >= eps - 1e-12).mean(axis=0)  # a mean at exactly 1/2 + eps is off, rounding or not
    return Curve(tuple(range(1, len(off) + 1)), tuple(off.tolist()))


def _table(subject: Measured) -> Table:
    rows = []
    for index, cell in enumerate(subject.cells):
        if cell.variant != MeanEstimate.leading:
            continue
        off, bound = cell.observables.get(OBSERVABLE.name), cell.bounds.get("hoeffding")
        verdict = subject.verdict_of("hoeffding", index)
        measured = (off.mean, off.lower, off.upper) if off else None
        rows.append(
            (
                cell.symbols["eps"],
                cell.symbols["n"],
                measured,
                bound.bound if bound else None,
                (verdict.verdict, "") if verdict else None,
            )
        )
    columns = (
        Column(name="ε", kind="number"),
        Column(name="n", kind="count"),
        Column(name="fraction off [interval]", kind="interval"),
        Column(name="bound", kind="number"),
        Column(name="verdict", kind="verdict"),
    )
    return Table(id="coin", title="Means that are off", columns=columns, rows=tuple(rows), group=("ε",))


def _figures(subject: Measured) -> Iterator[FigureData]:
    rows = [
        {"tolerance": curve.symbols["eps"], "tosses": step, "off": mean}
        for curve in subject.curves
        if curve.variant == MeanEstimate.leading
        for step, mean in zip(curve.steps, curve.mean, strict=True)
    ]
    if rows:
        yield FigureData.of(
            "along-the-tosses",
            "Means that are off, along the tosses",
            "Fraction of trials whose mean is ε or more away from 1/2 after so many tosses, mean over seeds.",
            "curves",
            rows,
            x="tosses",
            y="off",
            xlabel="tosses",
            ylabel="fraction off",
            lines=["tolerance"],
            names={"tolerance": r"\varepsilon"},
        )


EXPERIMENT = MeanEstimate()
