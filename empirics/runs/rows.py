"""How a run stands in a store: a text, and a digest of the row without which it is not believed."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic_core import from_json

from empirics.experiments.protocol import Curve, Point, UnitRun


class Row(NamedTuple):
    """A row, with the hash of the plan under which its run was first made; ``aside``: it was damaged before."""

    key: str
    machine: str
    unit: str
    seed: int
    run: str
    digest: str
    stored: str
    plan: str | None
    aside: bool

    @property
    def sound(self) -> bool:
        """As it was written; rows of the layout before have neither machine nor digest."""
        earlier = self.machine == self.digest == ""
        return not self.aside and (earlier or self.digest == digest(*self[:5]))


def digest(*row: object) -> str:
    """Of a run together with its place: a sound run in the row of another one is damage too."""
    return hashlib.sha256(repr(row).encode()).hexdigest()


def size_of(run: UnitRun) -> int:
    """Bytes that a run takes in a store, about."""
    return len(encoded(run))


def encoded(run: UnitRun) -> str:
    """The run as text."""
    return json.dumps(
        {
            "unit": run.unit.values,
            "seed": run.seed,
            "observables": [[cell.values, dict(found)] for cell, found in run.observables.items()],
            "curves": {name: [curve.steps, curve.values] for name, curve in run.curves.items()},
            "details": [[cell.values, dict(found)] for cell, found in run.details.items()],
            "failure": run.failure,
        }
    )


def decoded(text: str) -> UnitRun:
    """The run that was encoded; its digest has told that the text is whole."""
    data: dict[str, Any]
    try:
        data = from_json(text)  # three times as fast; equal names are one string in memory
    except ValueError:  # it reads no half of a surrogate pair
        data = json.loads(text)
    return UnitRun(
        unit=_point(data["unit"]),
        seed=data["seed"],
        observables={_point(cell): found for cell, found in data["observables"]},
        curves={name: Curve(_steps(*steps), tuple(values)) for name, (steps, values) in data["curves"].items()},
        details={_point(cell): {k: tuple(v) for k, v in found.items()} for cell, found in data["details"]},
        failure=data["failure"],
    )


@lru_cache(maxsize=4096)
def _steps(*steps: int) -> tuple[int, ...]:
    """The steps of a curve, in memory once for all runs."""
    return steps


def _point(values: list[tuple[str, int | float]]) -> Point:
    return _shared(*map(tuple, values), *map(type, (value for _, value in values)))


@lru_cache(maxsize=4096)
def _shared(*parts: Any) -> Point:
    """One point in memory for all runs; the types are asked for since 1 equals 1.0."""
    return Point(parts[: len(parts) // 2])
