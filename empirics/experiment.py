"""The protocol that every experiment obeys: (configuration, cell, seed) -> observables.

What is drawn once per seed is a *unit*: one pre-trained model at (templates,
multiplicity). It serves every fine-tuning size N_f, so a unit run yields the
observables of several cells. Sweeps, store and judge know nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from empirics.config import Config

__all__ = ["Cell", "Curve", "Experiment", "Unit", "UnitRun", "cells", "units"]


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
    """

    unit: Unit
    seed: int
    observables: Mapping[int, Mapping[str, float | None]]
    curves: Mapping[str, Curve] = field(default_factory=dict)
    failure: str | None = None
    lost: bool = False


class Experiment(Protocol):
    """Trains and measures; the rest of the program only sees observables."""

    name: str

    def run(self, config: Config, unit: Unit, seeds: Sequence[int]) -> list[UnitRun]:
        """Run the unit at each seed, in order; a seed's result depends neither on the others nor on earlier calls."""
        ...

    def cost(self, config: Config, unit: Unit) -> float:
        """Arithmetic of one seed of the unit, in floating-point operations, for scheduling."""
        ...


def units(config: Config) -> tuple[Unit, ...]:
    """The units of the configured grid, in the order of the configuration."""
    return tuple(Unit(r, k) for r in config.world.templates for k in config.world.multiplicity)


def cells(config: Config) -> tuple[Cell, ...]:
    """The cells of the configured grid, in the order of the configuration."""
    return tuple(Cell(u.templates, u.multiplicity, n) for u in units(config) for n in config.world.finetuned)
