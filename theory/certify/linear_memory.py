"""The linear memory with uniform attention: its worlds, its loss and its gradient, in float64.

F = V x with x the mean of one-hot embeddings: at [s] the feature e_s, at [s, r] the feature (e_s + e_r)/2; claim C2,
docs/proofs/linear-memory.md. Small and self-contained (NumPy, closed-form gradients); tokens are ordered subjects,
templates, answers, prompt.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["LinearMemoryWorld", "all_templates", "draw_world", "gap", "gradient"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LinearMemoryWorld:
    """T(s), one row of distinct increasing templates per subject; its answers a(s), an injection; |R| and A."""

    templates: IntArray
    answers: IntArray
    universe: int
    answer_count: int

    @property
    def subjects(self) -> int:
        """S."""
        return int(self.templates.shape[0])

    @property
    def multiplicity(self) -> int:
        """K."""
        return int(self.templates.shape[1])

    @property
    def vocabulary(self) -> int:
        """V = S + |R| + A + 1."""
        return self.subjects + self.universe + self.answer_count + 1

    @property
    def features(self) -> int:
        """Width of a feature vector: subjects and templates."""
        return self.subjects + self.universe

    @cached_property
    def owners(self) -> IntArray:
        """n_r: how many facts were written with each template."""
        counts: IntArray = np.bincount(self.templates.ravel(), minlength=self.universe)
        return counts

    @cached_property
    def neighbours(self) -> IntArray:
        """|N(r)|: templates co-owned with r, r included; 0 where no fact owns r."""
        together = np.zeros((self.universe, self.universe), dtype=bool)
        for own in self.templates:
            together[np.ix_(own, own)] = True
        counts: IntArray = together.sum(axis=1)
        return counts

    @cached_property
    def rows(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Features, target distributions and weights of all rows: first [s], then [s, r]."""
        S, K, R = self.subjects, self.multiplicity, self.universe
        features = np.zeros((S + S * K, self.features))
        targets = np.zeros((S + S * K, self.vocabulary))
        weights = np.concatenate([np.full(S, 1 / S), np.full(S * K, 1 / (S * K))])
        for s, own in enumerate(self.templates):
            features[s, s] = 1.0
            targets[s, S + own] = 1 / K
            for k, r in enumerate(own):
                row = S + s * K + k
                features[row, s] = features[row, S + r] = 0.5
                targets[row, S + R + self.answers[s]] = 1.0
        return features, targets, weights

    @cached_property
    def smoothness(self) -> float:
        """beta = lambda_max(sum of weighted phi phi^T) / 2, in float64."""
        features, _, weights = self.rows
        return float(np.linalg.eigvalsh((features.T * weights) @ features)[-1] / 2)


def draw_world(subjects: int, universe: int, multiplicity: int, seed: int) -> LinearMemoryWorld:
    """A world as defined by the theory, with A = S; ``seed`` is of NumPy's default generator."""
    generator = np.random.default_rng(seed)
    templates = np.array([np.sort(generator.permutation(universe)[:multiplicity]) for _ in range(subjects)])
    return LinearMemoryWorld(templates, generator.permutation(subjects), universe, subjects)


def all_templates(universe: int, multiplicity: int, subjects: int) -> Iterator[IntArray]:
    """Every choice of T(s) for every subject, each as often as any other; shape ``[S, K]``."""
    own = list(itertools.combinations(range(universe), multiplicity))
    for chosen in itertools.product(own, repeat=subjects):
        yield np.array(chosen, dtype=np.int64)


def gap(world: LinearMemoryWorld, memory: FloatArray) -> float:
    """L_PT - log K at a memory of shape (vocabulary, features)."""
    features, targets, weights = world.rows
    logits = features @ memory.T
    top = logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0]
    losses = log_sum - (logits * targets).sum(axis=1)
    losses[: world.subjects] -= np.log(world.multiplicity)
    return float(weights @ losses)


def gradient(world: LinearMemoryWorld, memory: FloatArray) -> FloatArray:
    """Gradient of L_PT: the sum over rows of weight (softmax - target) phi^T."""
    features, targets, weights = world.rows
    logits = features @ memory.T
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    logits -= targets
    result: FloatArray = logits.T @ (features * weights[:, None])
    return result
