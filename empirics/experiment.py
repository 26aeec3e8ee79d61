"""The protocol that every experiment obeys: (configuration, cell, seed) -> observables.

What is drawn once per seed is a *unit*: one pre-trained model at (templates,
multiplicity). It serves every fine-tuning size N_f, so a unit run yields the
observables of several cells. Sweeps, store and judge know nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from empirics.config import Seeds, Verdict

__all__ = ["Cell", "Curve", "Experiment", "ExperimentConfig", "Unit", "UnitRun", "cells", "pretrained_by", "units"]


@dataclass(frozen=True, order=True)
class Unit:
    """What one pre-training serves: |R| templates and multiplicity K."""

    templates: int
    multiplicity: int


@dataclass(frozen=True, order=True)
class Cell:
    """One point of the grid: |R|, K and N_f."""

    templates: int
    multiplicity: int
    finetuned: int

    @property
    def unit(self) -> Unit:
        """The unit that serves this cell."""
        return Unit(self.templates, self.multiplicity)


@dataclass(frozen=True)
class Curve:
    """An observable along training: values (shape [n]) at steps (shape [n])."""

    steps: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class UnitRun:
    """What one seed of one unit gave.

    Attributes:
        unit: the point of the grid.
        seed: the seed; world, initialisation and fine-tuning order derive from it.
        observables: for each N_f, the observables by name (None: undefined).
        curves: observables along pre-training.
        failure: None, or why the run has no usable result (it diverged, or its process died).
        lost: whether it failed for reasons of the machine; such a run is not stored, and tried again next time.
        facts: for each N_f, values by name of each fact not fine-tuned, in fine-tuning order; shapes [S - N_f].
    """

    unit: Unit
    seed: int
    observables: Mapping[int, Mapping[str, float | None]]
    curves: Mapping[str, Curve] = field(default_factory=dict)
    failure: str | None = None
    lost: bool = False
    facts: Mapping[int, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)


class Grid(Protocol):
    """The axes of the grid."""

    @property
    def templates(self) -> tuple[int, ...]:
        """Sizes ``|R|`` of the universe."""
        ...

    @property
    def multiplicity(self) -> tuple[int, ...]:
        """Values of K."""
        ...

    @property
    def finetuned(self) -> tuple[int, ...]:
        """Values of N_f."""
        ...


class ComputeSettings(Protocol):
    """Arithmetic and device."""

    @property
    def dtype(self) -> str:
        """The arithmetic's name."""
        ...

    @property
    def device(self) -> str:
        """cpu, cuda or auto."""
        ...


class ExperimentConfig(Protocol):
    """What sweeps, store and judge ask of an experiment's configuration."""

    @property
    def world(self) -> Grid:
        """The grid, and more that only the experiment knows."""
        ...

    @property
    def seeds(self) -> Seeds:
        """How many seeds."""
        ...

    @property
    def verdict(self) -> Verdict:
        """Confidence and margins."""
        ...

    @property
    def compute(self) -> ComputeSettings:
        """Arithmetic and device."""
        ...

    def symbols(self, cell: Cell) -> dict[str, float]:
        """The notation's symbols at a cell."""
        ...

    def exact(self, cell: Cell) -> Mapping[str, float | None]:
        """Observables of a cell that are computed, not measured."""
        ...

    def deciding(self) -> dict[str, Any]:
        """What decides the result of a run besides its unit, seed, device and code; strict JSON."""
        ...

    def relative_cost(self, unit: Unit) -> float:
        """Arithmetic of one run up to a factor, to start the longest first."""
        ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """All settings as nested mappings."""
        ...


class Experiment(Protocol):
    """Trains and measures; the rest of the program only sees observables."""

    name: str

    def run(self, config: Any, unit: Unit, seeds: Sequence[int]) -> list[UnitRun]:
        """Run the unit at each seed, in order; a seed's result depends neither on the others nor on earlier calls.

        ``config`` is of the experiment's own kind.
        """
        ...


def units(config: ExperimentConfig) -> tuple[Unit, ...]:
    """The units of the configured grid, in the order of the configuration."""
    return tuple(Unit(r, k) for r in config.world.templates for k in config.world.multiplicity)


def cells(config: ExperimentConfig) -> tuple[Cell, ...]:
    """The cells of the configured grid, in the order of the configuration."""
    return tuple(Cell(u.templates, u.multiplicity, n) for u in units(config) for n in config.world.finetuned)


def pretrained_by(config: ExperimentConfig) -> str:
    """What of a configuration decides a pre-trained model, beside unit and seed: all but ``[finetuning]`` and N_f."""
    parts = {**config.deciding(), "compute": [config.compute.dtype, config.compute.device]}
    parts.pop("finetuning", None)
    parts["world"] = {key: value for key, value in parts["world"].items() if key != "finetuned"}
    return json.dumps(parts, sort_keys=True)
