"""The linear memory with uniform attention: its worlds, its loss and its gradient descent, in float64.

F = V x with x the mean of one-hot embeddings: at [s] the feature e_s, at [s, r] the feature (e_s + e_r)/2; claim C2,
docs/proofs/linear-memory.md. Tokens are ordered subjects, templates, answers, prompt.

Descent comes with a proved bound on its distance to the exact iterate, fast enough for 10^4 steps, where balls are
not. Every operation is one that IEEE 754 rounds correctly (sum, product, quotient, scaling by powers of 2), the
exponential is written out in them, and the rounding of each step is bounded by the analysis in step 8 of that page;
steps are nonexpansive (step 4 there), so the bounds add up. Matrix products may sum in any order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from theory.numbers.floats import FloatArray

IntArray = NDArray[np.int64]

UNIT = Fraction(1, 2**53)
EXP_ERROR = 64 * UNIT  # relative, for arguments in [-600, 0]
TAYLOR_DEGREE = 13
LOG2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # 32 bits of log 2: its products with |n| < 2^20 are exact
LOG2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_INVERSE_LOG2 = 1 / math.log(2)
_COEFFICIENTS = tuple(1 / math.factorial(k) for k in range(TAYLOR_DEGREE + 1))
_FARTHEST = 600.0


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


@dataclass(frozen=True, eq=False)
class Near:
    """A float64 memory of shape (vocabulary, features), and how far the true iterate can be from it (Frobenius)."""

    memory: FloatArray
    radius: Fraction


def exponential(x: FloatArray) -> FloatArray:
    """e^x for -600 <= x <= 0, within :data:`EXP_ERROR` relative.

    x = n log 2 + r with |r| <= 0.36; a Taylor polynomial of degree 13 at r by Horner's rule; scaling by 2^n.
    """
    n = np.rint(x * _INVERSE_LOG2)
    r = (x - n * LOG2_HIGH) - n * LOG2_LOW
    value = np.full_like(r, _COEFFICIENTS[TAYLOR_DEGREE])
    for coefficient in reversed(_COEFFICIENTS[:TAYLOR_DEGREE]):
        value *= r
        value += coefficient
    result: FloatArray = np.ldexp(value, n.astype(np.int32))
    return result


def near_descent(world: LinearMemoryWorld, step: Fraction, record: Iterable[int]) -> dict[int, Near]:
    """Full-batch gradient descent from 0 with ``step`` <= 1/beta, after the numbers of steps in ``record``.

    Raises:
        ValueError: ``step`` is no float.
        ArithmeticError: logits outside the range of the analysis.
    """
    eta = float(step)
    if Fraction(eta) != step:
        raise ValueError(f"step={step}: must be exactly a float")
    features, targets, weights = world.rows
    scaled = features * (eta * weights)[:, None]
    subjects, pairs = world.subjects, np.nonzero(features[world.subjects :, world.subjects :])[1] + world.subjects
    owner = np.repeat(np.arange(subjects), world.multiplicity)
    memory = np.zeros((world.vocabulary, world.features))
    kept: dict[int, Near] = {}
    largest = norm = 0.0
    done = 0
    for goal in sorted(set(record)):
        for _ in range(goal - done):
            columns = memory.T
            logits = np.concatenate([columns[:subjects], 0.5 * (columns[owner] + columns[pairs])])
            largest = max(largest, float(np.abs(logits).max()))
            logits -= logits.max(axis=1, keepdims=True)
            powers = exponential(logits)
            powers /= powers.sum(axis=1, keepdims=True)
            powers -= targets
            memory = memory - powers.T @ scaled
            norm = max(norm, float(np.sqrt((memory * memory).sum())))
        done = goal
        if 2 * largest > _FARTHEST:
            raise ArithmeticError(f"logits up to {largest}: outside the range of the rounding analysis")
        kept[goal] = Near(memory.copy(), goal * _rounding_of_a_step(world, step, Fraction(largest), Fraction(norm)))
    return kept


def _rounding_of_a_step(world: LinearMemoryWorld, step: Fraction, largest: Fraction, norm: Fraction) -> Fraction:
    """Upper bound on the distance between a computed step and the exact step from the same memory.

    ``largest`` is the largest computed absolute logit so far, ``norm`` the largest Frobenius norm of the memory.
    """
    rows = world.subjects * (1 + world.multiplicity)
    softmax = 2 * (4 * UNIT * largest + EXP_ERROR) + (world.vocabulary + 2) * UNIT
    residual = softmax + 4 * UNIT  # of each row, in the Euclidean norm
    products = 3 * (rows + 4) * UNIT  # rows have residuals of norm <= sqrt(2), and weights that add up to 2
    first_order = step * (2 * residual + 2 * products) + 2 * UNIT * norm
    return first_order * Fraction(101, 100)  # second-order terms
