"""Errors by cell and seed, and their resampling: the seed is the unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.protocol import Point

__all__ = ["TRANSITION", "Sample", "in_transition"]

FloatArray = NDArray[np.float64]

TRANSITION = (0.02, 0.98)
"""Mean errors strictly between these make a transition cell: a law of the error can be told from another there."""


def in_transition(error: float | None) -> bool:
    """Whether a mean error is that of a transition cell."""
    return error is not None and TRANSITION[0] < error < TRANSITION[1]


@dataclass(frozen=True)
class Sample:
    """Observed errors.

    Attributes:
        points: where; n of them.
        errors: one row per point, one column per seed, NaN where the run is out of scope or failed; shape [n, seeds].
    """

    points: tuple[Point, ...]
    errors: FloatArray

    @property
    def means(self) -> FloatArray:
        """Mean error over the seeds of each point; NaN where there is none; shape [n]."""
        return _means(self.errors)

    def where(self, keep: Callable[[Point], bool]) -> Sample:
        """The part at some points."""
        return self._rows([i for i, p in enumerate(self.points) if keep(p)])

    def transition(self) -> Sample:
        """The transition cells."""
        return self._rows([i for i, mean in enumerate(self.means) if in_transition(mean)])

    def _rows(self, chosen: Sequence[int]) -> Sample:
        return Sample(tuple(self.points[i] for i in chosen), self.errors[list(chosen)])

    def resampled_means(self, draws: int, seed: int) -> FloatArray:
        """Bootstrap means: whole seeds are drawn with replacement, the same ones at every point; shape [draws, n].

        Points may share what one seed draws, so seeds are resampled jointly.
        NaN at points at which no drawn seed has a value.
        """
        generator = np.random.default_rng(seed)
        width = self.errors.shape[1]
        found = [_means(self.errors[:, generator.integers(0, width, size=width)]) for _ in range(draws)]
        return np.array(found).reshape(draws, len(self.points))


def _means(errors: FloatArray) -> FloatArray:
    known = np.isfinite(errors)
    count = known.sum(axis=1)
    total = np.where(known, errors, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
