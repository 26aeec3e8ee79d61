"""A world: the embeddings of N facts, and the outputs that compete with each fact's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.world import stream

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Facts:
    """Inputs [N, n], their outputs [N, d], and competitors: of all facts [K, d], or of each fact [N, K, d].

    A memory W, [d, n], gives an output y the score y W x. In the first case the competitors are the outputs
    themselves, and a fact's own does not compete with it.
    """

    inputs: FloatArray
    outputs: FloatArray
    competitors: FloatArray

    @property
    def shared(self) -> bool:
        """Whether all facts have the same competitors: the outputs."""
        return self.competitors.ndim == 2

    def gaps(self, memory: FloatArray) -> FloatArray:
        """Score of a fact's own output minus that of each competitor, [N, K]; infinite for the own output itself."""
        answers = self.inputs @ memory.T
        right: FloatArray = (self.outputs * answers).sum(axis=1)
        if not self.shared:
            return np.asarray(right[:, None] - np.einsum("ikd,id->ik", self.competitors, answers))
        found: FloatArray = right[:, None] - answers @ self.competitors.T
        np.fill_diagonal(found, np.inf)
        return found

    def rows(self, active: NDArray[np.bool_]) -> FloatArray:
        """The gaps of the active pairs as linear functions of the memory: one row of d n coefficients for each."""
        fact, competitor = np.nonzero(active)
        other = self.competitors[competitor] if self.shared else self.competitors[fact, competitor]
        difference = self.outputs[fact] - other
        return (difference[:, :, None] * self.inputs[fact][:, None, :]).reshape(len(fact), -1)

    def combination(self, weights: FloatArray) -> FloatArray:
        """The sum of the gaps' coefficients with these weights [N, K], as a matrix like a memory."""
        own = self.outputs * weights.sum(axis=1)[:, None]
        if self.shared:
            return np.asarray((own - weights @ self.competitors).T @ self.inputs)
        return np.asarray((own - np.einsum("ik,ikd->id", weights, self.competitors)).T @ self.inputs)


def draw(facts: int, dimension: int, seed: int, *, width: int = 0, decoupled: bool = False) -> Facts:
    """The world of a seed: standard Gaussian embeddings.

    ``width`` > 0 replaces each input by that many random ReLU features of it. ``decoupled`` gives each fact
    competitors of its own. Embeddings of a seed are nested: a smaller dimension has the first coordinates of a larger.
    """
    inputs = stream(seed, "inputs", facts).standard_normal((dimension, facts)).T.copy()
    outputs = stream(seed, "outputs", facts).standard_normal((dimension, facts)).T.copy()
    competitors = outputs
    if decoupled:
        shape = (dimension, facts, facts - 1)
        competitors = np.moveaxis(stream(seed, "competitors", facts).standard_normal(shape), 0, 2).copy()
    if width:
        hidden = stream(seed, "hidden", facts, dimension).standard_normal((dimension, width))
        inputs = np.maximum(inputs @ hidden, 0)
    return Facts(inputs, outputs, competitors)
