"""What an experiment gives, checked before anything is stored; numpy's numbers become Python's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

from empirics.experiments.protocol import Curve, Experiment, Point, UnitRun
from empirics.experiments.settings import ExperimentSettings
from empirics.observables.definition import Observable
from theory.plural import counted

_ROUNDING = 1e-6
"""How far rounding may carry a value out of its range, except where confidence limits need the range exactly."""


class BadRunError(Exception):
    """An experiment broke its protocol; the message says how."""


def checked(
    experiment: Experiment, settings: ExperimentSettings, unit: Point, seeds: Sequence[int], given: Any
) -> list[UnitRun]:
    """The runs of a unit at these seeds; a BadRunError if the experiment gave something else."""
    if not isinstance(given, list | tuple):
        raise BadRunError(f"run gave {type(given).__name__}, not a list of UnitRun")
    for run in given:
        if not isinstance(run, UnitRun):
            raise BadRunError(f"run gave a list with {type(run).__name__} in it, not only UnitRun")
    if [(run.unit, run.seed) for run in given] != [(unit, seed) for seed in seeds]:
        found = "; ".join(f"{run.unit}, seed {run.seed}" for run in given) or "none"
        raise BadRunError(f"run gave {found}; asked for {unit}, seed {', '.join(map(str, seeds))}, one UnitRun each")
    fixed = dict(unit.values)
    values = [(fixed[s],) if s in fixed else experiment.values(settings, s) for s in experiment.axes]
    points = (Point(tuple(zip(experiment.axes, point, strict=True))) for point in itertools.product(*values))
    cells = {cell: cell for cell in points}  # their own numbers replace numpy's
    known = {item.name: item for item in experiment.observables}
    return [_checked(run, unit, seed, cells, known) for run, seed in zip(given, seeds, strict=True)]


def _checked(
    run: UnitRun, unit: Point, seed: int, cells: Mapping[Point, Point], known: Mapping[str, Observable]
) -> UnitRun:
    if run.failure is not None and not isinstance(run.failure, str):
        raise BadRunError(f"failure={run.failure!r} is refused: allowed is text, or None")
    if not run.failure and not run.observables:
        raise BadRunError("the run has no cell and no failure")
    for cell in (*run.observables, *run.details):
        if cell not in cells:
            raise BadRunError(f"the run has {cell}, which is no cell of {unit}; the first is {next(iter(cells))}")
    for name in (name for found in run.observables.values() for name in found):
        if name not in known:
            raise BadRunError(f"observable {name} is unknown: allowed is {', '.join(known)}")
    return replace(
        run,
        unit=unit,
        seed=seed,
        observables={
            cells[cell]: {name: _observed(f"{name} at {cell}", value, known[name]) for name, value in found.items()}
            for cell, found in run.observables.items()
        },
        curves={name: _curve(name, curve, known.get(name)) for name, curve in run.curves.items()},
        details={
            cells[cell]: {name: tuple(map(float, values)) for name, values in found.items()}
            for cell, found in run.details.items()
        },
    )


def _observed(place: str, value: Any, known: Observable) -> float | None:
    return None if value is None else _number(place, value, known, 0.0 if known.bounded else _ROUNDING)


def _curve(name: str, curve: Curve, known: Observable | None) -> Curve:
    if len(curve.steps) != len(curve.values):
        steps = counted(len(curve.steps), "step")
        raise BadRunError(f"curve {name} has {steps} and {counted(len(curve.values), 'value')}")
    values = tuple(_number(f"curve {name}", value, known, _ROUNDING) for value in curve.values)
    return Curve(tuple(int(step) for step in curve.steps), values)


def _number(place: str, value: Any, known: Observable | None, rounding: float) -> float:
    """The value as a float: finite, and in the observable's range."""
    if not isinstance(value, Real):
        raise BadRunError(f"{place} is {value!r}: allowed is a number")
    number = float(value)
    lower, upper = (known.lower, known.upper) if known else (-math.inf, math.inf)
    if not math.isfinite(number) or not lower - rounding <= number <= upper + rounding:
        raise BadRunError(f"{place} is {number:g}: allowed is a finite number from {lower:g} to {upper:g}")
    return number
