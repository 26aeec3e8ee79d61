"""Exponents with limits, and which law predicts cells that it was not fitted to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.map_design import Law, Regressor
from empirics.experiments.protocol import Point
from empirics.regimes.fit import NoFit, fit_rates, fitted, mean_of, predicted
from empirics.regimes.sample import Sample

__all__ = ["Exponent", "HeldOut", "collinearity", "exponents", "held_out", "held_out_predictions"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LEVEL: Final = 0.95


@dataclass(frozen=True)
class Exponent:
    """One coefficient of a fitted law.

    Attributes:
        law: the law.
        name: which coefficient.
        estimate: on all seeds.
        lower: lower limit at 95 %, from resampled seeds (percentiles); None if too few resamples could be fitted.
        upper: upper limit.
        source: the exponent that the experiment's bound states, or None.
        rivals: by law, what the same fit gives on that law's exact errors at the same cells, or None.
    """

    law: str
    name: str
    estimate: float
    lower: float | None
    upper: float | None
    source: float | None
    rivals: Mapping[str, float | None]


@dataclass(frozen=True)
class HeldOut:
    """How well a law predicts held-out cells.

    Attributes:
        law: the law.
        split: what was held out together.
        cells: number of cells predicted.
        deviation: mean absolute deviation of predicted from observed mean error.
        lower: lower limit of the deviation at 95 %, seeds resampled and the law refitted each time.
        upper: upper limit.
        worst: the largest absolute deviation.
        divergence: mean Bernoulli divergence of the observed from the predicted error, nats.
    """

    law: str
    split: str
    cells: int
    deviation: float
    lower: float | None
    upper: float | None
    worst: float
    divergence: float


def exponents(
    sample: Sample, laws: Sequence[Law], rivals: Sequence[Law] = (), resamples: int = 400, seed: int = 0
) -> list[Exponent]:
    """Coefficients of laws on a sample, with limits; laws that cannot be fitted are left out."""
    found = []
    draws = sample.resampled_means(resamples, seed)
    for law in laws:
        design, offset = law.design(sample.points)
        coefficients = _coefficients(design, offset, sample.means)
        if coefficients is None:
            continue
        spread = np.array([c for c in (_coefficients(design, offset, means) for means in draws) if c is not None])
        limits = _limits(spread, resamples)
        others = {rival.name: _on_another(law, rival, sample.points) for rival in rivals}
        stated = {quantity.name: quantity.stated for quantity in law.exponents}
        for i, name in enumerate(law.coefficients):
            found.append(
                Exponent(
                    law=law.name,
                    name=name,
                    estimate=float(coefficients[i]),
                    lower=None if limits is None else float(limits[0][i]),
                    upper=None if limits is None else float(limits[1][i]),
                    source=stated.get(name),
                    rivals={other: None if c is None else float(c[i]) for other, c in others.items()},
                )
            )
    return found


def collinearity(first: Regressor, second: Regressor, points: Sequence[Point]) -> float | None:
    """Correlation of the logarithms of two quantities over the points; None if the first does not vary."""
    logs = np.array([(first.log(p), second.log(p)) for p in points]).reshape(len(points), 2)
    if len(points) < 2 or np.ptp(logs[:, 0]) == 0:
        return None
    return float(np.corrcoef(logs[:, 0], logs[:, 1])[0, 1])


def held_out_predictions(law: Law, sample: Sample, fold: Callable[[Point], Hashable]) -> FloatArray | None:
    """Errors predicted at each point by the law fitted to the other folds; shape [n]; None if some fit fails.

    NaN where ``fold`` is None: such points are always fitted to and never predicted.
    """
    return _predicted(*law.design(sample.points), _numbered([fold(p) for p in sample.points]), sample.means)


def held_out(
    sample: Sample,
    split: str,
    fold: Callable[[Point], Hashable],
    laws: Sequence[Law],
    resamples: int = 100,
    seed: int = 0,
) -> list[HeldOut]:
    """Each law's score on cells held out fold by fold, best first; laws that cannot be fitted are left out.

    Points whose fold is None are always fitted to and never held out. Nothing if nothing would be left to fit to.
    """
    folds = _numbered([fold(p) for p in sample.points])
    tested = folds >= 0
    if not tested.any() or len(np.unique(folds)) < 2:
        return []
    draws = sample.resampled_means(resamples, seed)
    found = []
    for law in laws:
        design, offset = law.design(sample.points)
        errors = _predicted(design, offset, folds, sample.means)
        if errors is None:
            continue
        off = np.abs(errors - sample.means)[tested]
        spread = []
        for means in draws:
            again = _predicted(design, offset, folds, means)
            if again is not None:
                spread.append([float(np.nanmean(np.abs(again - means)))])
        limits = _limits(np.array(spread), resamples)
        found.append(
            HeldOut(
                law.name,
                split,
                int(tested.sum()),
                float(off.mean()),
                None if limits is None else float(limits[0][0]),
                None if limits is None else float(limits[1][0]),
                float(off.max()),
                _divergence(sample.means[tested], errors[tested]),
            )
        )
    return sorted(found, key=lambda row: row.deviation)


def _numbered(folds: Sequence[Hashable]) -> IntArray:
    numbers: dict[Hashable, int] = {fold: i for i, fold in enumerate(dict.fromkeys(f for f in folds if f is not None))}
    numbers[None] = -1
    return np.array([numbers[fold] for fold in folds], dtype=np.int64)


def _predicted(design: FloatArray, offset: FloatArray, folds: IntArray, means: FloatArray) -> FloatArray | None:
    """Errors at each row, fitted without its fold; None if some fit fails."""
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
    if design.shape[1] == 0:
        return np.zeros(0)
    known = np.isfinite(means)
    try:
        return fit_rates(design[known], means[known], None, offset[known]).coefficients
    except NoFit:
        return None


def _on_another(law: Law, other: Law, points: Sequence[Point]) -> FloatArray | None:
    """A law's coefficients on another law's exact errors at the same points."""
    try:
        return fitted(law, points, predicted(other, fitted(other, points, np.zeros(len(points))), points)).coefficients
    except NoFit:
        return None


def _limits(spread: FloatArray, resamples: int) -> tuple[FloatArray, FloatArray] | None:
    """Percentile limits; None where fewer than nine in ten resamples could be fitted."""
    if len(spread) < 0.9 * resamples or len(spread) < 20:
        return None
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(spread, [tail, 100 - tail], axis=0)
    return low, high


def _divergence(observed: FloatArray, predicted: FloatArray) -> float:
    """Mean of y log(y/q) + (1-y) log((1-y)/(1-q)), q kept off 0 and 1 by 1e-9."""
    q = np.clip(predicted, 1e-9, 1 - 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(observed > 0, observed * np.log(observed / q), 0.0) + np.where(
            observed < 1, (1 - observed) * np.log((1 - observed) / (1 - q)), 0.0
        )
    return float(parts.mean())
