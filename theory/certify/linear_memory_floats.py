"""Gradient descent of the linear memory in float64, with a proved bound on its distance to the exact iterate.

Fast enough for 10^4 steps, where balls are not. Every operation is one that IEEE 754 rounds correctly (sum, product,
quotient, scaling by powers of 2), the exponential is written out in them, and the rounding of each step is bounded by
the analysis in docs/proofs/linear-memory.md, step 8; steps are nonexpansive (step 4 there), so the bounds add up.
Matrix products may sum in any order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from theory.certify.linear_memory import FloatArray, LinearMemoryWorld

__all__ = ["EXP_ERROR", "LOG2_HIGH", "LOG2_LOW", "TAYLOR_DEGREE", "UNIT", "Near", "exponential", "near_descent"]

UNIT = Fraction(1, 2**53)
EXP_ERROR = 64 * UNIT  # relative, for arguments in [-600, 0]
TAYLOR_DEGREE = 13
LOG2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # 32 bits of log 2: its products with |n| < 2^20 are exact
LOG2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_INVERSE_LOG2 = 1 / math.log(2)
_COEFFICIENTS = tuple(1 / math.factorial(k) for k in range(TAYLOR_DEGREE + 1))
_FARTHEST = 600.0


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
