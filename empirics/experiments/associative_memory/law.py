"""The law of one fact's recall by the Hebbian memory, without any matrix: docs/proofs/hebbian-share.md, step 1.

Fact i is recalled if and only if the largest coordinate of a uniform point of the sphere in R^(N-1) is below t, where t
is a function of five independent random numbers. Given t, the coordinates are taken as independent: this is at least
the probability of recall (their squares are negatively associated), and near it for large N.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, gammaincinv, roots_hermitenorm
from scipy.stats.qmc import Sobol

from empirics.experiments.associative_memory.world import FloatArray

_NODES, _WEIGHTS = roots_hermitenorm(120)
_POINTS = 10  # 2^10 of Sobol's sequence


def share_lost(facts: int, dimension: float, seed: int = 0) -> float:
    """The mean share lost by N facts: over the normal part of the score by quadrature, over four lengths by a sequence.

    Another ``seed`` scrambles the sequence in another way.
    """
    places = Sobol(4, seed=seed).random_base2(_POINTS).T
    level = levels(facts, dimension, _NODES[:, None], places)
    lost = -np.expm1((facts - 1) * np.log1p(-np.minimum(_beyond(level, facts - 1), 1 - 1e-16)))
    return float(_WEIGHTS @ lost.mean(axis=1) / _WEIGHTS.sum())


def levels(facts: int, d: float, normal: FloatArray, places: FloatArray) -> FloatArray:
    """The level t, given the normal part of the right score and the quantiles [4, ...] at which four lengths are."""
    degrees = (d, facts - 1, d, facts - 2)
    own, input_others, along, across = (2 * gammaincinv(k / 2, u) for k, u in zip(degrees, places, strict=True))
    cosine, sine = (np.sqrt(part / (own + input_others)) for part in (own, input_others))
    right = cosine * np.sqrt(along) + sine * normal
    return np.asarray(right / np.sqrt((sine * np.sqrt(along) - cosine * normal) ** 2 + across))


def _beyond(level: FloatArray, n: int) -> FloatArray:
    """P(one coordinate of the sphere in R^n >= t)."""
    upper = 0.5 * betainc((n - 1) / 2, 0.5, np.clip(1 - level**2, 0, 1))
    return np.asarray(np.where(level >= 0, upper, 1 - upper))


def size_at(facts: int, lost: float, seed: int = 0) -> float:
    """The size c at which the mean share lost is ``lost``, the dimension taken as a real number."""
    scale = facts * np.log(facts)

    def excess(c: float) -> float:
        return float(np.log(share_lost(facts, np.sqrt(c * scale), seed) / lost))

    return float(brentq(excess, 0.2, 30, xtol=1e-6))
