"""Exponents with limits, and which law predicts cells that it was not fitted to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.map_design import FloatArray, Law, Regressor
from empirics.experiments.protocol import Point
from empirics.regimes.document import ExponentRow, HeldOutRow
from empirics.regimes.fit import NoFit, fit_rates, fitted, mean_of, predicted
from empirics.regimes.sample import Sample

__all__ = ["collinearity", "exponents", "held_out", "left_out", "numbered"]

IntArray = NDArray[np.int64]
_TAIL: Final = 50 * (1 - 0.95)  # per cent beyond each of the limits at 95 %


def exponents(
    sample: Sample, laws: Sequence[Law], rivals: Sequence[Law] = (), resamples: int = 400, seed: int = 0
) -> list[ExponentRow]:
    """Coefficients of laws on a sample, with limits; laws that cannot be fitted are left out."""
    found = []
    draws = sample.resampled_means(resamples, seed)
    for law in laws:
        design, offset = law.design(sample.points)
        coefficients = _coefficients(design, offset, sample.means)
        if coefficients is None:
            continue
        spread = [c for c in (_coefficients(design, offset, means) for means in draws) if c is not None]
        others = {rival.column: _on_another(law, rival, sample.points) for rival in rivals}
        stated = {quantity.name: quantity.stated for quantity in law.exponents}
        for i, name in enumerate(law.coefficients):
            lower, upper = _limits([c[i] for c in spread], resamples)
            row = {
                "law": law.name,
                "name": name,
                "estimate": float(coefficients[i]),
                "lower": lower,
                "upper": upper,
                "source": stated.get(name),
            }
            exact = {column: None if c is None else float(c[i]) for column, c in others.items()}
            found.append(ExponentRow.model_validate(row | exact))
    return found


def collinearity(first: Regressor, second: Regressor, points: Sequence[Point]) -> float | None:
    """Correlation of the logarithms of two quantities over the points; None if the first does not vary."""
    logs = np.array([(first.log(p), second.log(p)) for p in points]).reshape(len(points), 2)
    if len(points) < 2 or np.ptp(logs[:, 0]) == 0:
        return None
    return float(np.corrcoef(logs[:, 0], logs[:, 1])[0, 1])


def held_out(
    sample: Sample,
    split: str,
    fold: Callable[[Point], Hashable],
    laws: Sequence[Law],
    resamples: int = 100,
    seed: int = 0,
) -> list[HeldOutRow]:
    """Each law's score on cells held out fold by fold, best first; laws that cannot be fitted are left out.

    Points whose fold is None are always fitted to and never held out. Nothing if nothing would be left to fit to.
    """
    folds = numbered([fold(p) for p in sample.points])
    tested = folds >= 0
    if not tested.any() or len(np.unique(folds)) < 2:
        return []
    draws = sample.resampled_means(resamples, seed)
    found = []
    for law in laws:
        design, offset = law.design(sample.points)
        errors = left_out(design, offset, folds, sample.means)
        if errors is None:
            continue
        off = np.abs(errors - sample.means)[tested]
        again = [(left_out(design, offset, folds, means), means) for means in draws]
        spread = [float(np.nanmean(np.abs(guess - means))) for guess, means in again if guess is not None]
        lower, upper = _limits(spread, resamples)
        found.append(
            HeldOutRow(
                law=law.name,
                split=split,
                cells=int(tested.sum()),
                deviation=float(off.mean()),
                lower=lower,
                upper=upper,
                worst=float(off.max()),
                divergence=_divergence(sample.means[tested], errors[tested]),
            )
        )
    return sorted(found, key=lambda row: row.deviation)


def numbered(folds: Sequence[Hashable]) -> IntArray:
    """Folds as numbers from 0; None as -1."""
    order = list(dict.fromkeys(f for f in folds if f is not None))
    return np.array([-1 if fold is None else order.index(fold) for fold in folds], dtype=np.int64)


def left_out(design: FloatArray, offset: FloatArray, folds: IntArray, means: FloatArray) -> FloatArray | None:
    """Errors at each row by the coefficients fitted to the other folds; shape [n]; None if some fit fails.

    NaN at rows of fold -1: they are always fitted to and never predicted.
    """
    found = np.full(len(means), np.nan)
    for held in np.unique(folds[folds >= 0]):
        inside = folds == held
        coefficients = _coefficients(design[~inside], offset[~inside], means[~inside])
        if coefficients is None:
            return None
        found[inside] = mean_of(design[inside] @ coefficients + offset[inside])
    return found


def _coefficients(design: FloatArray, offset: FloatArray, means: FloatArray) -> FloatArray | None:
    """Fitted coefficients on the rows that have a mean; None if they are not determined."""
    known = np.isfinite(means)
    try:
        return fit_rates(design[known], means[known], offset[known])
    except NoFit:
        return None


def _on_another(law: Law, other: Law, points: Sequence[Point]) -> FloatArray | None:
    """A law's coefficients on another law's exact errors at the same points."""
    try:
        return fitted(law, points, predicted(other, fitted(other, points, np.zeros(len(points))), points))
    except NoFit:
        return None


def _limits(spread: Sequence[float], resamples: int) -> tuple[float | None, float | None]:
    """Percentile limits; None where fewer than nine in ten resamples could be fitted."""
    if len(spread) < max(0.9 * resamples, 20):
        return None, None
    low, high = np.percentile(spread, [_TAIL, 100 - _TAIL])
    return float(low), float(high)


def _divergence(observed: FloatArray, predicted: FloatArray) -> float:
    """Mean of y log(y/q) + (1-y) log((1-y)/(1-q)), q kept off 0 and 1 by 1e-9."""
    q = np.clip(predicted, 1e-9, 1 - 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(observed > 0, observed * np.log(observed / q), 0.0) + np.where(
            observed < 1, (1 - observed) * np.log((1 - observed) / (1 - q)), 0.0
        )
    return float(parts.mean())
