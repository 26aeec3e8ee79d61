"""Three memories: the Hebbian sum, one trained by the softmax loss, and the best, by solving for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from empirics.experiments.associative_memory.world import Facts, FloatArray

CERTAIN = 1e-6
"""Largest combination of constraints, relative to its weights, that counts as a contradiction between them."""
_NEWTON_STEPS = 200
_TRAINING_STEPS = 200
_RIDGE = 1e-10


@dataclass(frozen=True)
class Found:
    """A memory, [d, n], and whether the search for it came to its end."""

    memory: FloatArray
    finished: bool


def hebbian(facts: Facts) -> Found:
    """The sum of the outer products of output and input."""
    return Found(facts.outputs.T @ facts.inputs, True)


def trained(facts: Facts, steps: int) -> Found:
    """The minimiser of the softmax cross-entropy over all outputs, from 0, by L-BFGS on all facts at once.

    It stops where all facts are recalled (then the loss has no minimum, and a multiple of the memory is as good), at a
    minimum, or after so many steps; only then it is not finished.
    """
    shape = (facts.outputs.shape[1], facts.inputs.shape[1])
    number = len(facts.inputs)

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        gaps = facts.gaps(flat.reshape(shape))
        least = np.minimum(gaps.min(axis=1), 0)
        terms = np.exp(least[:, None] - gaps)
        total = np.exp(least) + terms.sum(axis=1)
        value = float((np.log(total) - least).mean())
        return value, -facts.combination(terms / total[:, None]).ravel() / number

    def stop(intermediate_result: optimize.OptimizeResult) -> None:
        if (facts.gaps(intermediate_result.x.reshape(shape)) > 0).all():
            raise StopIteration

    options = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 0, "gtol": 1e-7}
    result = optimize.minimize(
        loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", callback=stop, options=options
    )
    memory = result.x.reshape(shape)
    return Found(memory, bool((facts.gaps(memory) > 0).all() or np.abs(result.jac).max() <= 1e-5))


def best(facts: Facts) -> Found:
    """A memory that recalls all facts, if there is one: by training, else by Newton's method on the squared hinge loss.

    All can be recalled if and only if some memory has every gap >= 1, where the loss is 0. If none has, the violations
    v at the minimum are a certificate: weighted by them the constraints add up to 0, so they contradict each other.
    Finished if all gaps are positive, or if the sum is at most :data:`CERTAIN` times the sum of the v: then a memory
    with all gaps >= 1 would have a Frobenius norm above 1 / CERTAIN.
    """
    memory = trained(facts, _TRAINING_STEPS).memory
    memory = memory / np.abs(facts.gaps(memory).min(axis=1)).max()
    for _ in range(_NEWTON_STEPS):
        missing = np.maximum(1 - facts.gaps(memory), 0)
        if (missing < 1).all():
            return Found(memory, True)
        descent = facts.combination(missing)
        if np.linalg.norm(descent) <= CERTAIN * missing.sum():
            return Found(memory, True)
        step = _newton(facts.rows(missing > 0), missing[missing > 0], descent)
        memory = memory + _length(facts, memory, step) * step
    return Found(memory, False)


def _newton(rows: FloatArray, missing: FloatArray, descent: FloatArray) -> FloatArray:
    """The shortest step that minimises the loss with these constraints active."""
    if len(rows) < descent.size:
        found, *_ = linalg.lstsq(rows, missing, cond=_RIDGE, lapack_driver="gelsy")
    else:
        gram = rows.T @ rows
        gram.flat[:: len(gram) + 1] += _RIDGE * np.trace(gram) / len(gram)
        found = linalg.solve(gram, descent.ravel(), assume_a="pos")
    return np.asarray(found).reshape(descent.shape)


def _length(facts: Facts, memory: FloatArray, step: FloatArray) -> float:
    """The length of the step, at most 1, that minimises the loss: by bisection of its derivative."""
    missing, closed = 1 - facts.gaps(memory), facts.gaps(step)
    closed[~np.isfinite(closed)] = 0

    def rises(length: float) -> bool:
        return bool((np.maximum(missing - length * closed, 0) * closed).sum() < 0)

    if not rises(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if rises(middle) else (middle, high)
    return high
