"""The size at which N facts become storable if every pair of scores is compared by Gaussian coefficients of its own.

In a memory the gap of fact i and competitor j has the coefficients (y_i - y_j) x_i of W: the scores of one fact share
x_i. Replace the coefficients of each score by independent Gaussians. Then W, of D weights, gives a uniformly random
D-dimensional space of scores, and the conic kinematic formula (Amelunxen, Lotz, McCoy, Tropp 2014) applies: a space of
D dimensions meets the cone of scores with every fact right with probability about 1/2 at D = N tau_N, where tau_N is
the mean squared distance of a standard Gaussian vector in R^N from the cone "the first entry is the largest". That
distance is the number of competitors that hold the right score at its place, in the mean: N - 1 times the probability
that a given one does.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr, wofz

_CROWD = 40.0


@cache
def distance_from_winning(facts: int) -> float:
    """tau_N by quadrature.

    A competitor at a is active if z + sum over the N - 2 others of (g - a)_+ < a, with z the right score. The law of
    the left side is found by inverting its characteristic function (Gil-Pelaez). Where that sum has mean 40, the left
    side is below a with a probability that nothing would show.
    """
    nodes, weights = np.polynomial.legendre.leggauss(400)
    u = 5.0 * (nodes + 1)  # up to 10: the factor exp(-u^2/2) of z leaves nothing beyond

    def below(a: float) -> float:
        one = ndtr(a) + 0.5 * math.exp(-a * a / 2) * wofz((u + 1j * a) / math.sqrt(2))
        transform = np.exp(-u * u / 2 - 1j * u * a) * one ** (facts - 2)
        return float(0.5 - (5.0 * weights * transform.imag / u).sum() / math.pi)

    def density(a: float) -> float:
        return math.exp(-a * a / 2) / math.sqrt(2 * math.pi) * below(a)

    def crowd(a: float) -> float:
        return float((facts - 2) * (math.exp(-a * a / 2) / math.sqrt(2 * math.pi) - a * ndtr(-a)) - _CROWD)

    lowest = brentq(crowd, -6, 9) if crowd(-6) > 0 else -6.0
    return (facts - 1) * float(quad(density, lowest, 9, epsabs=0, epsrel=1e-8, limit=200)[0])


def gaussian_size(facts: int) -> float:
    """Weights at the threshold in units of N log N: tau_N / log N. It tends to 2, slowly."""
    return distance_from_winning(facts) / math.log(facts)
