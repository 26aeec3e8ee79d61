"""The law of the error: exponents with limits, which law predicts held-out cells, and cells against laws."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.map_design import FloatArray, Law, Regressor, Split
from empirics.experiments.protocol import Point
from empirics.regimes.document import CollapseRow, ExponentRow, HeldOutRow, LawPart, MapCell
from empirics.regimes.fit import NoFit, fit_rates, fitted, mean_of, predicted
from empirics.regimes.regime import in_transition
from empirics.regimes.survey import Sample, Survey

IntArray = NDArray[np.int64]
_TAIL: Final = 50 * (1 - 0.95)  # per cent beyond each of the limits at 95 %


def law_part(survey: Survey, cells: list[MapCell], resamples: int) -> LawPart:
    """Everything about the laws; nothing if the experiment has none."""
    laws = survey.design.laws
    if laws is None:
        return LawPart(cells=0, collinearity=None, exponents=[], held_out=[], collapse=[])
    everything = survey.sample().transition()
    main = everything.where(survey.usual)
    rivals = laws.named(list(laws.rivals))
    return LawPart(
        cells=len(main.points),
        collinearity=None if laws.collinear is None else collinearity(*laws.collinear, main.points),
        exponents=[
            *exponents(main, laws.named(laws.fitted), rivals, resamples),
            *exponents(everything, laws.named(laws.fitted_over_sizes), rivals, resamples),
        ],
        held_out=[
            row
            for split in laws.splits
            for row in held_out(
                everything if split.sizes else main, split.name, _fold(survey, split), laws.laws, resamples
            )
        ],
        collapse=_collapse(survey, cells, laws.named(laws.drawn)),
    )


def _fold(survey: Survey, split: Split) -> Callable[[Point], Hashable]:
    return lambda point: None if split.sizes and survey.usual(point) else point.on(split.symbols)


def _collapse(survey: Survey, cells: list[MapCell], laws: list[Law]) -> list[CollapseRow]:
    """The transition cells against laws, each fitted to the main grid."""
    chosen = [
        (cell, place.point)
        for cell, place in zip(cells, survey.places, strict=True)
        if cell.in_law and in_transition(cell.error) and cell.in_scope_seeds
    ]
    points = [point for _, point in chosen]
    errors = np.array([cell.error for cell, _ in chosen], dtype=np.float64)
    main = [i for i, point in enumerate(points) if survey.usual(point)]
    found = []
    for law in laws if chosen else ():
        try:
            coefficients = fitted(law, [points[i] for i in main], errors[main])
        except NoFit:
            continue
        rates = -np.log(np.maximum(predicted(law, coefficients, points), 1e-300))
        for (cell, _), rate in zip(chosen, rates, strict=True):
            found.append(
                CollapseRow(
                    variant=cell.variant,
                    **cell.__pydantic_extra__,
                    law=law.name,
                    predicted_rate=float(rate),
                    observed_rate=_rate(cell.error),
                    lower=_rate(cell.upper),
                    upper=_rate(cell.lower),
                )
            )
    return found


def _rate(error: float | None) -> float | None:
    """-log of an error; None if undefined."""
    return float(-np.log(error)) if error else None


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
            exact = {column: None if c is None else float(c[i]) for column, c in others.items()}
            estimate, source = float(coefficients[i]), stated.get(name)
            found.append(
                ExponentRow(
                    law=law.name, name=name, estimate=estimate, lower=lower, upper=upper, source=source, **exact
                )
            )
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
        apart = [np.abs(guess - means) for guess, means in again if guess is not None]
        spread = [float(np.nanmean(difference)) for difference in apart if np.isfinite(difference).any()]
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
    """Errors by coefficients fitted to the other folds; shape [n], NaN at fold -1, never left out; None: no fit."""
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
