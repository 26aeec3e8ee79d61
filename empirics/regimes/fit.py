"""Fits of -log(mu) = exp(X beta + offset) to observed shares, mu their mean: a generalised linear model.

The response is the error itself, in [0, 1], zeros included, so no logarithm of
a noisy zero is taken. The quasi-likelihood  y log mu + (1 - y) log(1 - mu)
(complementary log-log link for 1 - mu; Papke and Wooldridge 1996 for fractional
responses) is concave in beta; Newton's method with halved steps finds its
maximum. Estimates are consistent whenever the mean is right, whatever the
spread between seeds; limits come from resampling seeds, not from a likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from empirics.experiments.map_design import FloatArray, Law
from empirics.experiments.protocol import Point
from theory.plural import counted

_STEPS = 100
_TOLERANCE = 1e-11
_STEEPEST = 30.0  # |eta| beyond which mu is 0 or 1 to every digit that a share has


class NoFit(ValueError):
    """The data do not determine the coefficients; the message says why."""


def mean_of(eta: FloatArray) -> FloatArray:
    """mu = exp(-exp(eta)); shape [n]."""
    return np.asarray(np.exp(-np.exp(np.clip(eta, -_STEEPEST, _STEEPEST))))


def quasi_likelihood(eta: FloatArray, share: FloatArray) -> float:
    """sum y log mu + (1 - y) log(1 - mu); both of shape [n]."""
    rate = np.exp(np.clip(eta, -_STEEPEST, _STEEPEST))
    return float(np.sum(-share * rate + (1.0 - share) * np.log(-np.expm1(-rate))))


def fit_rates(design: FloatArray, share: FloatArray, offset: FloatArray | float = 0.0) -> FloatArray:
    """The coefficients beta that maximise the quasi-likelihood; shape [p].

    X is of shape [n, p] and full column rank; y in [0, 1], of shape [n]; the offset of shape [n] or a number.

    Raises NoFit: fewer rows than coefficients, dependent columns, or shares that push a coefficient to infinity.
    """
    n, p = design.shape
    if p == 0:
        return np.zeros(0)
    if n < p or np.linalg.matrix_rank(design) < p:
        cells = counted(n, "cell does", "cells do")
        raise NoFit(f"{cells} not determine {counted(p, 'coefficient')} (too few, or with dependent columns)")
    varies = design.std(axis=0) > 0
    intercept = bool((design[:, 0] == 1.0).all())
    centre = design.mean(axis=0) * varies if intercept else np.zeros(p)
    scale = np.where(varies, design.std(axis=0), 1.0)
    x = (design - centre) / scale
    inside = np.clip(share, 0.01, 0.99)
    beta = np.linalg.lstsq(x, np.log(-np.log(inside)) - offset, rcond=None)[0]  # a start: least squares on log(-log y)
    value = quasi_likelihood(x @ beta + offset, share)
    for _ in range(_STEPS):
        gradient, curvature = _derivatives(x, share, x @ beta + offset)
        try:
            step = np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError:
            raise NoFit("the quasi-likelihood is flat: every fraction is 0 or 1") from None
        factor = 1.0
        while factor > 1e-8:
            trial = beta + factor * step
            reached = quasi_likelihood(x @ trial + offset, share)
            if reached >= value - 1e-14 * abs(value):
                break
            factor /= 2
        beta, value = trial, reached
        if float(np.abs(factor * step).max()) <= _TOLERANCE * (1.0 + float(np.abs(beta).max())):
            coefficients = beta / scale
            if intercept:
                coefficients[0] -= float(np.sum(coefficients * centre))
            return np.asarray(coefficients)
        if float(np.abs(beta).max()) > 1e3:
            break
    raise NoFit("no finite maximum: one coefficient separates the fractions 0 and 1 perfectly")


def fitted(law: Law, points: Sequence[Point], errors: FloatArray) -> FloatArray:
    """A law's coefficients on observed errors, shapes [n] to [p]; NoFit is raised if they do not determine them."""
    design, offset = law.design(points)
    return fit_rates(design, errors, offset)


def predicted(law: Law, coefficients: FloatArray, points: Sequence[Point]) -> FloatArray:
    """A law's errors at points; shape [n]."""
    design, offset = law.design(points)
    return mean_of(design @ coefficients + offset)


def _derivatives(x: FloatArray, share: FloatArray, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradient and minus the Hessian of the quasi-likelihood.

    With r = e^eta and q = 1/(e^r - 1) its terms are -y r + (1 - y) log(1 - e^-r), of slope
    -y r + (1 - y) r q and of second derivative -y r + (1 - y) (r q - r^2 q (1 + q)) <= 0.
    """
    rate = np.exp(np.clip(eta, -_STEEPEST, _STEEPEST))
    with np.errstate(over="ignore"):
        q = 1.0 / np.expm1(rate)
    slope = -share * rate + (1.0 - share) * rate * q
    second = -share * rate + (1.0 - share) * (rate * q - rate**2 * q * (1.0 + q))
    return x.T @ slope, -(x.T * second) @ x
