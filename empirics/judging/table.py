"""What is judged: per cell, the seeds and their observables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["MAIN", "CellTable"]

MAIN = "main"


@dataclass(frozen=True)
class CellTable:
    """The measurements of one cell of one arm.

    Attributes:
        index: position in the results.
        variant: the arm ("main", or the name of a variant).
        symbols: values of the notation's symbols (R, K, N_f, S, A, m, eta, ...).
        seeds: all seeds run, in order; the unit of sampling.
        failed: seeds without usable observables (diverged runs): they fail every
            measured premise and stay counted.
        observables: by name, one value per seed; None where undefined.
    """

    index: int
    variant: str
    symbols: Mapping[str, float]
    seeds: tuple[int, ...]
    failed: frozenset[int] = frozenset()
    observables: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)

    def value(self, observable: str, seed: int) -> float | None:
        """The observable at a seed, or None."""
        values = self.observables.get(observable)
        return None if values is None or seed in self.failed else values[self.seeds.index(seed)]

    @property
    def label(self) -> str:
        """The cell in words, for messages."""
        names = {"R": "|R|", "K": "K", "N_f": "N_f"}
        text = ", ".join(f"{names[s]}={self.symbols[s]:g}" for s in names if s in self.symbols)
        return text if self.variant == MAIN else f"{self.variant}: {text}"
