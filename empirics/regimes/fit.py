"""Fits of -log(mu) = exp(X beta + offset) to observed shares, mu their mean: a generalised linear model.

The response is the error itself, in [0, 1], zeros included, so no logarithm of
a noisy zero is taken. The quasi-likelihood  w [y log mu + (1 - y) log(1 - mu)]
(complementary log-log link for 1 - mu; Papke and Wooldridge 1996 for fractional
responses) is concave in beta; Newton's method with halved steps finds its
maximum. Estimates are consistent whenever the mean is right, whatever the
spread between seeds; limits come from resampling seeds, not from a likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.map_design import Law
from empirics.experiments.protocol import Point

__all__ = ["Fit", "NoFit", "fit_rates", "fitted", "mean_of", "predicted", "quasi_likelihood"]

FloatArray = NDArray[np.float64]
_STEPS = 100
_TOLERANCE = 1e-11
_STEEPEST = 30.0  # |eta| beyond which mu is 0 or 1 to every digit that a share has


class NoFit(ValueError):
    """The data do not determine the coefficients; the message says why."""


@dataclass(frozen=True)
class Fit:
    """Coefficients beta; shape [p]."""

    coefficients: FloatArray

    def mean(self, design: FloatArray, offset: FloatArray | float = 0.0) -> FloatArray:
        """mu at the rows of a design; [n, p] -> [n]."""
        return mean_of(design @ self.coefficients + offset)


def mean_of(eta: FloatArray) -> FloatArray:
    """mu = exp(-exp(eta)); shape [n]."""
    return np.asarray(np.exp(-np.exp(np.clip(eta, -_STEEPEST, _STEEPEST))))


def quasi_likelihood(eta: FloatArray, share: FloatArray, weight: FloatArray) -> float:
    """sum w [y log mu + (1 - y) log(1 - mu)]; all of shape [n]."""
    rate = np.exp(np.clip(eta, -_STEEPEST, _STEEPEST))
    return float(np.sum(weight * (-share * rate + (1.0 - share) * np.log(-np.expm1(-rate)))))


def fit_rates(
    design: FloatArray, share: FloatArray, weight: FloatArray | None = None, offset: FloatArray | float = 0.0
) -> Fit:
    """The maximiser of the quasi-likelihood.

    Args:
        design: X; shape [n, p], of full column rank.
        share: y, in [0, 1]; shape [n].
        weight: w >= 0; shape [n]; ones if None.
        offset: known part of log(-log mu); shape [n] or a number.

    Raises:
        NoFit: fewer rows than coefficients, dependent columns, or shares that push a coefficient to infinity.
    """
    n, p = design.shape
    w = np.ones(n) if weight is None else weight
    known = np.broadcast_to(np.asarray(offset, dtype=np.float64), (n,))
    if n < p or np.linalg.matrix_rank(design) < p:
        raise NoFit(f"{n} cells do not determine {p} coefficients (too few, or with dependent columns)")
    centre = design.mean(axis=0) * (design.std(axis=0) > 0) if _has_intercept(design) else np.zeros(p)
    scale = np.where(design.std(axis=0) > 0, design.std(axis=0), 1.0)
    x = (design - centre) / scale
    beta = _start(x, share, known)
    value = quasi_likelihood(x @ beta + known, share, w)
    for _ in range(_STEPS):
        gradient, curvature = _derivatives(x, share, w, x @ beta + known)
        try:
            step = np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError:
            raise NoFit("the quasi-likelihood is flat: every share is 0 or 1 there") from None
        factor = 1.0
        while factor > 1e-8:
            trial = beta + factor * step
            reached = quasi_likelihood(x @ trial + known, share, w)
            if reached >= value - 1e-14 * abs(value):
                break
            factor /= 2
        beta, value = trial, reached
        if float(np.abs(factor * step).max()) <= _TOLERANCE * (1.0 + float(np.abs(beta).max())):
            return Fit(_unscaled(beta, centre, scale))
        if float(np.abs(beta).max()) > 1e3:
            break
    raise NoFit("no finite maximum: the shares are 0 and 1 in a way that one coefficient separates")


def fitted(law: Law, points: Sequence[Point], errors: FloatArray) -> Fit:
    """A law's coefficients on observed errors, shape [n].

    Raises:
        NoFit: they do not determine them.
    """
    design, offset = law.design(points)
    return Fit(np.zeros(0)) if design.shape[1] == 0 else fit_rates(design, errors, None, offset)


def predicted(law: Law, fit: Fit, points: Sequence[Point]) -> FloatArray:
    """A law's errors at points; shape [n]."""
    design, offset = law.design(points)
    return mean_of(design @ fit.coefficients + offset)


def _derivatives(x: FloatArray, share: FloatArray, w: FloatArray, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradient and minus the Hessian of the quasi-likelihood.

    With r = e^eta and q = 1/(e^r - 1) its terms are -y r + (1 - y) log(1 - e^-r), of slope
    -y r + (1 - y) r q and of second derivative -y r + (1 - y) (r q - r^2 q (1 + q)) <= 0.
    """
    rate = np.exp(np.clip(eta, -_STEEPEST, _STEEPEST))
    with np.errstate(over="ignore"):
        q = 1.0 / np.expm1(rate)
    slope = w * (-share * rate + (1.0 - share) * rate * q)
    second = w * (-share * rate + (1.0 - share) * (rate * q - rate**2 * q * (1.0 + q)))
    return x.T @ slope, -(x.T * second) @ x


def _start(x: FloatArray, share: FloatArray, offset: FloatArray) -> FloatArray:
    """Least squares on log(-log y), y kept off 0 and 1."""
    inside = np.clip(share, 0.01, 0.99)
    return np.asarray(np.linalg.lstsq(x, np.log(-np.log(inside)) - offset, rcond=None)[0], dtype=np.float64)


def _has_intercept(design: FloatArray) -> bool:
    return bool((design[:, 0] == 1.0).all())


def _unscaled(beta: FloatArray, centre: FloatArray, scale: FloatArray) -> FloatArray:
    coefficients = beta / scale
    if centre.any():
        coefficients[0] -= float(np.sum(coefficients * centre))
    return coefficients
