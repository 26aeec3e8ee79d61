"""What an observable is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["NATS", "SHARE", "Observable"]

SHARE = "fraction"
NATS = "nats"


@dataclass(frozen=True)
class Observable:
    """A measured quantity of a finished run.

    Attributes:
        name: its key in results, claims and the user's own tables.
        lower, upper: least and greatest possible value, or infinity.
        trivial: the value that needs no theorem (1 for an error), or None.
        better: whether lower or higher values are better, or neither.
        sampling: ``"seed"`` if it varies between seeds; ``"exact"`` if it is a
            probability computed exactly from the cell's symbols.
        per: ``"unit"`` if it belongs to the pre-trained model, hence is the same
            for every N_f; else ``"cell"``.
        exact: for an observable that is computed and not measured: a cell's symbols to its value (None: undefined).
        small: points at which a counterexample to a claim about such an observable is looked for.
    """

    name: str
    definition: str
    unit: str
    lower: float
    upper: float
    trivial: float | None = None
    better: Literal["lower", "higher", "neither"] = "neither"
    sampling: Literal["seed", "exact"] = "seed"
    per: Literal["cell", "unit"] = "cell"
    exact: Callable[[Mapping[str, float]], float | None] | None = None
    small: tuple[Mapping[str, float], ...] = ()

    @property
    def bounded(self) -> bool:
        """Whether both ends of the range are finite."""
        return math.isfinite(self.lower) and math.isfinite(self.upper)
