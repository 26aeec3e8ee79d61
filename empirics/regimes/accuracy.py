"""How well single items were predicted: discrimination, calibration, and predicted against observed error.

Two readings of a score are scored. The *rule*: success if and only if the score is positive; nothing is tuned. The
*probability*: a logistic function of the score, its two constants fitted (Platt's targets) on items of other folds
only, so that no item is predicted by constants that its own fold helped to fit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from empirics.experiments.map_design import FloatArray
from empirics.experiments.protocol import Point
from empirics.experiments.world import area_under_curve
from empirics.regimes.document import AccuracyRow, BinRow, MapCell
from empirics.regimes.regime import in_transition
from empirics.regimes.survey import Survey

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_BINS = 10


@dataclass(frozen=True)
class Scored:
    """Items (held-out facts, say) of many runs, each with the position of its cell; arrays of shape [n].

    Items of one ``fold`` share what was drawn: their constants are fitted on the other folds. ``scores`` are by
    predictor, NaN where it does not predict.
    """

    cell: IntArray
    seed: IntArray
    fold: IntArray
    succeeded: BoolArray
    scores: Mapping[str, FloatArray]

    def __len__(self) -> int:
        return len(self.cell)

    def at(self, chosen: BoolArray) -> Scored:
        """The items where ``chosen``."""
        scores = {name: values[chosen] for name, values in self.scores.items()}
        return Scored(self.cell[chosen], self.seed[chosen], self.fold[chosen], self.succeeded[chosen], scores)


def prediction_part(survey: Survey, cells: Sequence[MapCell], resamples: int) -> list[AccuracyRow]:
    """Each predictor on each part; nothing if the experiment predicts no single items."""
    items = _scored(survey)
    if items is None:
        return []
    axis, leading = survey.design.axis, survey.experiment.leading
    values = [place.point[axis] for place in survey.places]
    inside = [i for i, c in enumerate(cells) if in_transition(c.error)]
    parts: dict[str, Sequence[int]] = {
        "transition cells": inside,
        "transition cells, main grid": [i for i in inside if cells[i].variant == leading],
        "transition cells, variations": [i for i in inside if cells[i].variant != leading],
        "every cell": range(len(cells)),
    }
    for n in sorted(set(values)):
        parts[f"{axis} = {n}"] = [i for i in inside if values[i] == n]
    for arm in survey.arms:
        mine = [i for i in inside if cells[i].variant == arm.name]
        parts[f"arm {arm.name}"] = mine
        for n in sorted({values[i] for i in mine}):
            parts[part_at(arm.name, axis, n)] = [i for i in mine if values[i] == n]
    return accuracies(items, parts, resamples)


def part_at(arm: str, axis: str, value: float) -> str:
    """The part of the transition cells of one arm at one value of the axis."""
    return f"cells of {arm}, {axis} = {value}"


def _scored(survey: Survey) -> Scored | None:
    design = survey.design.items
    if design is None:
        return None
    names = (design.outcome, *design.predictors)
    columns: dict[str, list[Any]] = {name: [] for name in ("cell", "seed", "fold", *names)}
    folds: dict[Point, int] = {}
    for index, place in enumerate(survey.places):
        fold = folds.setdefault(place.point.on(design.folds), len(folds))
        for run in survey.runs.of(place.arm.name, place.cell.on(survey.experiment.run_axes)):
            details: Mapping[str, Sequence[float]] = run.details.get(place.cell, {})
            count = len(details.get(design.outcome, ()))
            for name, constant in (("cell", index), ("seed", run.seed), ("fold", fold)):
                columns[name].append(np.full(count, constant, dtype=np.int64))
            for name in names:
                columns[name].append(np.asarray(details.get(name, [math.nan] * count), dtype=np.float64))
    joined = {name: np.concatenate(parts) for name, parts in columns.items() if parts}
    if not joined or not len(joined["cell"]):
        return None
    scores = {name: joined[name] for name in design.predictors if np.isfinite(joined[name]).any()}
    return Scored(joined["cell"], joined["seed"], joined["fold"], joined[design.outcome] > 0, scores)


def logistic(score: FloatArray, succeeded: BoolArray) -> tuple[float, float]:
    """(a, b) of P[success] = 1 / (1 + exp(-(a + b score))) by maximum likelihood on Platt's targets.

    The targets (n1 + 1)/(n1 + 2) and 1/(n0 + 2) keep b finite where a threshold separates the outcomes.
    """
    ups = int(succeeded.sum())
    downs = len(succeeded) - ups
    target = np.where(succeeded, (ups + 1) / (ups + 2), 1 / (downs + 2))
    scale = float(np.std(score)) or 1.0
    x = score / scale

    def loss(c: FloatArray) -> tuple[float, FloatArray]:
        z = c[0] + c[1] * x
        off = expit(z) - target
        value = float(np.mean(np.logaddexp(0.0, z) - target * z))
        return value, np.array([off.mean(), (off * x).mean()])

    found = minimize(loss, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-9}).x
    return float(found[0]), float(found[1]) / scale


def calibrated(items: Scored, predictor: str) -> FloatArray | None:
    """P[success] of each item, by constants fitted on the other folds; None with fewer than two folds."""
    folds = np.unique(items.fold)
    score = items.scores[predictor]
    if len(folds) < 2:
        return None
    probability = np.empty(len(items))
    for fold in folds:
        mine = items.fold == fold
        a, b = logistic(score[~mine], items.succeeded[~mine])
        probability[mine] = expit(a + b * score[mine])
    return probability


def cell_errors(items: Scored, failing: FloatArray | BoolArray) -> FloatArray:
    """For each cell, in order, the mean over seeds of the mean of ``failing`` over a run's items."""
    runs, number = _runs(items)
    means = np.bincount(number, failing) / np.bincount(number)
    return np.array([means[runs[:, 0] == cell].mean() for cell in np.unique(runs[:, 0])])


def reliability(probability: FloatArray, succeeded: BoolArray) -> list[BinRow]:
    """Bins of equal width; empty ones are left out."""
    place = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    return [
        BinRow(facts=m.sum(), predicted=probability[m].mean(), observed=succeeded[m].mean())
        for m in (place == i for i in range(_BINS))
        if m.any()
    ]


def accuracies(
    items: Scored, parts: Mapping[str, Sequence[int]], resamples: int = 100, seed: int = 0
) -> list[AccuracyRow]:
    """Each predictor on each part (its cells by name), unless a score is missing; limits from resampled seeds."""
    found = []
    for predictor, score in items.scores.items():
        known = items.at(np.isfinite(score))
        probability = calibrated(known, predictor) if len(known) else None
        for part, cells in parts.items():
            chosen = np.isin(known.cell, list(cells))
            if chosen.any() and chosen.sum() == np.isin(items.cell, list(cells)).sum():
                inside = None if probability is None else probability[chosen]
                found.append(_accuracy(known.at(chosen), predictor, part, inside, resamples, seed))
    return found


def _accuracy(
    items: Scored, predictor: str, part: str, probability: FloatArray | None, resamples: int, seed: int
) -> AccuracyRow:
    score, succeeded = items.scores[predictor], items.succeeded
    observed = cell_errors(items, ~succeeded)
    off = cell_errors(items, score <= 0) - observed
    soft = None if probability is None else cell_errors(items, 1.0 - probability) - observed
    low, high = _auc_limits(items, score, resamples, seed)
    return AccuracyRow(
        predictor=predictor,
        part=part,
        facts=len(items),
        cells=len(observed),
        auc=area_under_curve(score, succeeded),
        auc_lower=low,
        auc_upper=high,
        auc_within=_auc_within(items, score),
        agreement=float(((score > 0) == succeeded).mean()),
        deviation=float(np.abs(off).mean()),
        bias=float(off.mean()),
        worst=float(np.abs(off).max()),
        deviation_probability=None if soft is None else float(np.abs(soft).mean()),
        brier=None if probability is None else float(np.mean((probability - succeeded) ** 2)),
        brier_share=float(succeeded.mean() * (1 - succeeded.mean())),
        bins=[] if probability is None else reliability(probability, succeeded),
    )


def _runs(items: Scored) -> tuple[IntArray, IntArray]:
    """The runs, each by its cell and seed, and the number of each item's run; shapes [runs, 2] and [n]."""
    seeds, place = np.unique(items.seed, return_inverse=True)
    runs, number = np.unique(items.cell * len(seeds) + place.reshape(-1), return_inverse=True)  # a tenth of the time
    return np.stack([runs // len(seeds), seeds[runs % len(seeds)]], axis=1), number.reshape(-1)


def _auc_within(items: Scored, score: FloatArray) -> float | None:
    number = _runs(items)[1]
    order = np.argsort(number, kind="stable")
    edges = np.flatnonzero(np.diff(number[order])) + 1
    areas = [area_under_curve(score[part], items.succeeded[part]) for part in np.split(order, edges)]
    known = [a for a in areas if a is not None]
    return float(np.mean(known)) if known else None


def _auc_limits(items: Scored, score: FloatArray, resamples: int, seed: int) -> tuple[float | None, float | None]:
    """Percentile limits of the pooled AUC over resampled seeds, by weights in place of copies."""
    seeds, place = np.unique(items.seed, return_inverse=True)
    if len(seeds) < 2:
        return None, None
    generator = np.random.default_rng(seed)
    order = np.argsort(score, kind="stable")
    ties = np.cumsum(np.r_[0, np.diff(score[order]) != 0])
    up, who = items.succeeded[order], place.reshape(-1)[order]
    areas = []
    for _ in range(resamples):
        weight = np.bincount(generator.integers(0, len(seeds), len(seeds)), minlength=len(seeds))[who].astype(float)
        ups = np.bincount(ties, weight * up)
        downs = np.bincount(ties, weight * ~up)
        if ups.sum() and downs.sum():
            below = np.cumsum(downs) - downs
            areas.append(float(np.sum(ups * (below + downs / 2)) / (ups.sum() * downs.sum())))
    if len(areas) < 20:
        return None, None
    low, high = np.percentile(areas, [2.5, 97.5])
    return float(low), float(high)
