"""Exponents with limits, and which law foretells cells that it was not fitted to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.one_layer.predict.laws import LAWS, Law, Point, law
from empirics.regimes.fit import NoFit, fit_rates, mean_of
from empirics.regimes.sample import Sample

__all__ = ["PREDICTED", "Exponent", "HeldOut", "collinearity", "exponents", "held_out", "held_out_predictions"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LEVEL: Final = 0.95
FITTED: Final = ("power", "power-one-log", "power-log")
PREDICTED: Final = {"N_f": 1.0, "K": 2.0, "R": -2.0, "log R": 1.0, "S": 0.0}
"""The exponents of the headline bound, literal reading (normalised: 0 for log R)."""


@dataclass(frozen=True)
class Exponent:
    """One coefficient of a fitted law.

    Attributes:
        law: the law.
        name: which coefficient.
        estimate: on all seeds.
        lower: lower limit at 95 %, from resampled seeds (percentiles); None if too few resamples could be fitted.
        upper: upper limit.
        source: the headline bound's exponent, or None.
        some_unseen: what the same fit gives on P[some own template unseen] at the same cells, or None.
        none_seen: the same for P[no own template seen].
    """

    law: str
    name: str
    estimate: float
    lower: float | None
    upper: float | None
    source: float | None
    some_unseen: float | None
    none_seen: float | None


@dataclass(frozen=True)
class HeldOut:
    """How well a law foretells held-out cells.

    Attributes:
        law: the law.
        split: what was held out together.
        cells: number of cells foretold.
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


def exponents(sample: Sample, resamples: int = 400, seed: int = 0, names: Sequence[str] = FITTED) -> list[Exponent]:
    """Coefficients of the named laws on a sample, with limits; laws that cannot be fitted are left out."""
    found = []
    draws = sample.resampled_means(resamples, seed)
    for item in (law(name) for name in names):
        design, offset = item.design(sample.points)
        coefficients = _coefficients(design, offset, sample.means)
        if coefficients is None:
            continue
        spread = np.array([c for c in (_coefficients(design, offset, means) for means in draws) if c is not None])
        limits = _limits(spread, resamples)
        rivals = {name: _rival(item, name, sample.points) for name in ("some-unseen", "none-seen")}
        for i, name in enumerate(item.coefficients):
            found.append(
                Exponent(
                    item.name,
                    name,
                    float(coefficients[i]),
                    None if limits is None else float(limits[0][i]),
                    None if limits is None else float(limits[1][i]),
                    PREDICTED.get(name),
                    *(None if c is None else float(c[i]) for c in rivals.values()),
                )
            )
    return found


def collinearity(points: Sequence[Point]) -> float | None:
    """Correlation of log R and log log R over the points; None if R does not vary."""
    r = np.log([p.templates for p in points])
    if len(points) < 2 or np.ptp(r) == 0:
        return None
    return float(np.corrcoef(r, np.log(r))[0, 1])


def held_out_predictions(item: Law, sample: Sample, fold: Callable[[Point], Hashable]) -> FloatArray | None:
    """Errors foretold at each point by the law fitted to the other folds; shape [n]; None if some fit fails.

    NaN where ``fold`` is None: such points are always fitted to and never foretold.
    """
    return _foretold(*item.design(sample.points), _numbered([fold(p) for p in sample.points]), sample.means)


def held_out(
    sample: Sample,
    split: str,
    fold: Callable[[Point], Hashable],
    laws: Sequence[Law] = LAWS,
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
    for item in laws:
        design, offset = item.design(sample.points)
        predicted = _foretold(design, offset, folds, sample.means)
        if predicted is None:
            continue
        off = np.abs(predicted - sample.means)[tested]
        spread = []
        for means in draws:
            again = _foretold(design, offset, folds, means)
            if again is not None:
                spread.append([float(np.nanmean(np.abs(again - means)))])
        limits = _limits(np.array(spread), resamples)
        found.append(
            HeldOut(
                item.name,
                split,
                int(tested.sum()),
                float(off.mean()),
                None if limits is None else float(limits[0][0]),
                None if limits is None else float(limits[1][0]),
                float(off.max()),
                _divergence(sample.means[tested], predicted[tested]),
            )
        )
    return sorted(found, key=lambda row: row.deviation)


def _numbered(folds: Sequence[Hashable]) -> IntArray:
    numbers: dict[Hashable, int] = {fold: i for i, fold in enumerate(dict.fromkeys(f for f in folds if f is not None))}
    numbers[None] = -1
    return np.array([numbers[fold] for fold in folds], dtype=np.int64)


def _foretold(design: FloatArray, offset: FloatArray, folds: IntArray, means: FloatArray) -> FloatArray | None:
    """Errors at each row, fitted without its fold; None if some fit fails."""
    predicted = np.full(len(means), np.nan)
    for held in np.unique(folds[folds >= 0]):
        inside = folds == held
        coefficients = _coefficients(design[~inside], offset[~inside], means[~inside])
        if coefficients is None:
            return None
        predicted[inside] = mean_of(design[inside] @ coefficients + offset[inside])
    return predicted


def _coefficients(design: FloatArray, offset: FloatArray, means: FloatArray) -> FloatArray | None:
    """Fitted coefficients on the rows that have a mean; None if they are not determined."""
    if design.shape[1] == 0:
        return np.zeros(0)
    known = np.isfinite(means)
    try:
        return fit_rates(design[known], means[known], None, offset[known]).coefficients
    except NoFit:
        return None


def _rival(item: Law, name: str, points: Sequence[Point]) -> FloatArray | None:
    """The law's coefficients on another law's exact errors at the same points."""
    other = law(name)
    try:
        return item.fitted(points, other.predicted(other.fitted(points, np.zeros(len(points))), points)).coefficients
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
