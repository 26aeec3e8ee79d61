"""What an experiment expects at a cell before anything is run there."""

from __future__ import annotations

from dataclasses import dataclass

from empirics.experiments.protocol import Point


@dataclass(frozen=True, kw_only=True)
class Expected:
    """An observable's mean over worlds at a cell, as the experiment's law has it.

    Attributes:
        lower, upper: limits as wide as 95 % of the cells on which the law was tested need; None outside its data.
        outside: what lies outside the data to which the law was fitted, in words; empty inside.
        basis: what the law knows of this cell, in words.
        others: further predictions of the same mean: by what, value, standard error over worlds (None: one world).
    """

    cell: Point
    observable: str
    value: float
    lower: float | None
    upper: float | None
    outside: tuple[str, ...]
    basis: str
    others: tuple[tuple[str, float, float | None], ...] = ()

    @property
    def text(self) -> str:
        """The value, with its limits where they are known."""
        return f"{self.value:.3f}" if self.lower is None else f"{self.value:.3f} [{self.lower:.3f}, {self.upper:.3f}]"
