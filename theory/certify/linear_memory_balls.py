"""Gradient descent of the linear memory, enclosed: the iterate after t_0 steps within a known distance.

Each step is taken in ball arithmetic from an *exact* memory (dyadic numbers), and the exact middle of the result is
kept; the radii of that one step bound its rounding. Gradient descent with eta <= 1/beta is nonexpansive
(docs/proofs/linear-memory.md), so after t_0 steps the true iterate is within the sum of these bounds of the one kept.
Balls never grow from step to step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

from theory.certify.linear_memory import LinearMemoryWorld
from theory.numbers.balls import rational, working_precision
from theory.numbers.floats import FloatArray

_BITS = 64
Columns = list[list[Any]]  # one list over the vocabulary for each feature


@dataclass(frozen=True)
class Enclosed:
    """An exact memory after t_0 ``steps``, by feature, and how far the true iterate can be from it, a ball."""

    columns: Columns
    radius: Any
    steps: int


def certified_smoothness(world: LinearMemoryWorld) -> Fraction:
    """A rational beta' with beta <= beta' <= beta (1 + 1e-9): beta' - (sum w phi phi^T)/2 is positive definite.

    Decided by the pivots of an LDL^T factorisation in ball arithmetic.

    Raises ArithmeticError: a pivot is not certainly positive.
    """
    candidate = Fraction(round(world.smoothness * (1 + 1e-9) * 2**60), 2**60)
    S, K = world.subjects, world.multiplicity
    n = world.features
    with working_precision(192) as flint:
        matrix = [[flint.arb(0) for _ in range(n)] for _ in range(n)]
        for i in range(n):
            matrix[i][i] = flint.arb(rational(candidate))
        subject, pair = flint.fmpq(1, 2 * S) + flint.fmpq(1, 8 * S), flint.fmpq(1, 8 * S * K)
        for s, own in enumerate(world.templates):
            matrix[s][s] -= subject
            for j in (S + own).tolist():
                matrix[j][j] -= pair
                matrix[s][j] -= pair
                matrix[j][s] -= pair
        for k in range(n):
            pivot = matrix[k][k]
            if not pivot > 0:
                raise ArithmeticError(f"pivot {k} of beta' I - H is not certainly positive: {pivot}")
            for i in range(k + 1, n):
                if matrix[i][k].is_zero():
                    continue
                factor = matrix[i][k] / pivot
                for j in range(k + 1, n):
                    matrix[i][j] -= factor * matrix[k][j]
    return candidate


def enclosed_descent(world: LinearMemoryWorld, step: Fraction, steps: int) -> Enclosed:
    """The memory after ``steps`` steps of size ``step`` from 0, with its distance to the true one."""
    with working_precision(_BITS) as flint:
        zero = flint.arb(0)
        eta = flint.arb(rational(step))
        columns: Columns = [[zero] * world.vocabulary for _ in range(world.features)]
        radius = zero
        for _ in range(steps):
            columns, squared = _step(world, columns, eta)
            radius = (radius + squared.sqrt()).upper()
    return Enclosed(columns, radius, steps)


def _step(world: LinearMemoryWorld, columns: Columns, eta: Any) -> tuple[Columns, Any]:
    """One step: the exact middles, and the squared norm of the radii."""
    S, K = world.subjects, world.multiplicity
    subject_scale, pair_scale = eta / S, eta / (2 * S * K)
    result = [list(column) for column in columns]
    moved: dict[int, Columns] = defaultdict(list)  # probabilities to be added up, by template's feature
    for s, own in enumerate(world.templates):
        answer = S + world.universe + int(world.answers[s])
        target = result[s]
        pairs: Columns = []
        for at in (S + own).tolist():
            pairs.append(_softmax(_pair(columns, s, at)))
            moved[at].append(pairs[-1])
            target[at] += subject_scale / K
            target[answer] += pair_scale
            result[at][answer] += pair_scale
        result[s] = [
            t - subject_scale * first - pair_scale * second
            for t, first, second in zip(target, _softmax(columns[s]), map(_sum, zip(*pairs, strict=True)), strict=True)
        ]
    for at, pairs in moved.items():
        result[at] = [t - pair_scale * _sum(p) for t, p in zip(result[at], zip(*pairs, strict=True), strict=True)]
    squared = sum((entry.rad() ** 2 for column in result for entry in column), columns[0][0] * 0)
    return [[entry.mid() for entry in column] for column in result], squared


def _pair(columns: Columns, s: int, at: int) -> list[Any]:
    """The logits at [s, r], r the template of feature ``at``."""
    return [(x + y) / 2 for x, y in zip(columns[s], columns[at], strict=True)]


def _sum(terms: Iterable[Any]) -> Any:
    return reduce(add, terms)


def _softmax(logits: list[Any]) -> list[Any]:
    powers = [logit.exp() for logit in logits]
    inverse = 1 / _sum(powers)
    return [power * inverse for power in powers]


def gap_ball(world: LinearMemoryWorld, columns: Columns) -> Any:
    """A ball of L_PT - log K at an exact memory, at the current precision (at least 64 bits)."""
    with working_precision(128) as flint:
        S, K = world.subjects, world.multiplicity
        first, second = flint.arb(0), flint.arb(0)
        for s, own in enumerate(world.templates):
            first += _log_sum_exp(columns[s])
            for at in (S + own).tolist():
                first -= columns[s][at] / K
                logits = _pair(columns, s, at)
                second += _log_sum_exp(logits) - logits[S + world.universe + int(world.answers[s])]
        return first / S - flint.arb(K).log() + second / (S * K)


def _log_sum_exp(logits: list[Any]) -> Any:
    return _sum(logit.exp() for logit in logits).log()


def from_floats(memory: FloatArray) -> Columns:
    """A float64 memory as exact balls."""
    with working_precision(_BITS) as flint:
        return [[flint.arb(float(x)) for x in column] for column in memory.T]


def squared_distance(first: Columns, second: Columns) -> Any:
    """|M - M'|^2 of two exact memories, as a ball."""
    with working_precision(128) as flint:
        pairs = (pair for columns in zip(first, second, strict=True) for pair in zip(*columns, strict=True))
        return sum(((x - y) ** 2 for x, y in pairs), flint.arb(0))
