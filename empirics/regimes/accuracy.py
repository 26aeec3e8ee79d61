"""How well single facts were foretold: discrimination, calibration, and predicted against observed error.

Two readings of a score are scored. The *rule*: extracted if and only if the
score is positive; nothing is tuned. The *probability*: a logistic function of
the score, its two constants fitted (Platt's targets) on worlds of other sizes
or other numbers of templates only, so that no fact is foretold by constants
that its own world helped to fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

__all__ = ["Accuracy", "Bin", "Facts", "accuracies", "area", "calibrated", "cell_errors", "logistic", "reliability"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_BINS = 10


@dataclass(frozen=True)
class Facts:
    """Held-out facts of many runs; arrays of shape [n].

    Attributes:
        cell: position of the fact's cell.
        seed: the run's seed.
        fold: facts of one fold share worlds: their constants are fitted on the other folds.
        extracted: the outcome after fine-tuning.
        scores: by predictor; NaN where it does not predict.
    """

    cell: IntArray
    seed: IntArray
    fold: IntArray
    extracted: BoolArray
    scores: Mapping[str, FloatArray]

    def __len__(self) -> int:
        return len(self.cell)

    def at(self, chosen: BoolArray) -> Facts:
        """The facts where ``chosen``."""
        scores = {name: values[chosen] for name, values in self.scores.items()}
        return Facts(self.cell[chosen], self.seed[chosen], self.fold[chosen], self.extracted[chosen], scores)

    def in_cells(self, cells: Iterable[int]) -> Facts:
        """The facts of some cells."""
        return self.at(np.isin(self.cell, list(cells)))


@dataclass(frozen=True)
class Bin:
    """One bin of a reliability diagram: facts, their mean predicted probability, and the share extracted."""

    facts: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class Accuracy:
    """How well one predictor does on the facts of some cells.

    Attributes:
        predictor: its name.
        part: which cells.
        facts: how many facts.
        cells: how many cells.
        auc: area under the ROC curve over all facts; None without facts of both outcomes.
        auc_lower: 2.5th percentile over resampled seeds.
        auc_upper: 97.5th percentile.
        auc_within: mean over single runs in which both outcomes occur.
        agreement: share of the facts that the rule foretells.
        deviation: mean over cells of the absolute deviation of the rule's predicted from the observed error.
        bias: mean over cells of predicted less observed error.
        worst: the largest absolute deviation of a cell.
        deviation_probability: the deviation with probabilities in place of the rule.
        brier: mean squared deviation of the probability from the outcome.
        brier_share: the Brier score of the constant probability, the overall share extracted: what to beat.
        bins: the reliability diagram.
    """

    predictor: str
    part: str
    facts: int
    cells: int
    auc: float | None
    auc_lower: float | None
    auc_upper: float | None
    auc_within: float | None
    agreement: float
    deviation: float
    bias: float
    worst: float
    deviation_probability: float | None
    brier: float | None
    brier_share: float
    bins: tuple[Bin, ...]


def area(score: FloatArray, extracted: BoolArray) -> float | None:
    """P[an extracted fact scores above one that is not], ties one half; None if one outcome is missing."""
    ups = int(extracted.sum())
    downs = len(extracted) - ups
    if ups == 0 or downs == 0:
        return None
    return float((rankdata(score)[extracted].sum() - ups * (ups + 1) / 2) / (ups * downs))


def logistic(score: FloatArray, extracted: BoolArray) -> tuple[float, float]:
    """(a, b) of P[extracted] = 1 / (1 + exp(-(a + b score))) by maximum likelihood on Platt's targets.

    The targets (n1 + 1)/(n1 + 2) and 1/(n0 + 2) keep b finite where a threshold separates the outcomes.
    """
    ups = int(extracted.sum())
    downs = len(extracted) - ups
    target = np.where(extracted, (ups + 1) / (ups + 2), 1 / (downs + 2))
    scale = float(np.std(score)) or 1.0
    x = score / scale

    def loss(c: FloatArray) -> tuple[float, FloatArray]:
        z = c[0] + c[1] * x
        off = expit(z) - target
        value = float(np.mean(np.logaddexp(0.0, z) - target * z))
        return value, np.array([off.mean(), (off * x).mean()])

    found = minimize(loss, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-9}).x
    return float(found[0]), float(found[1]) / scale


def calibrated(facts: Facts, predictor: str) -> FloatArray | None:
    """P[extracted] of each fact, by constants fitted on the other folds; None with fewer than two folds."""
    folds = np.unique(facts.fold)
    score = facts.scores[predictor]
    if len(folds) < 2:
        return None
    probability = np.empty(len(facts))
    for fold in folds:
        mine = facts.fold == fold
        a, b = logistic(score[~mine], facts.extracted[~mine])
        probability[mine] = expit(a + b * score[mine])
    return probability


def cell_errors(facts: Facts, failing: FloatArray) -> dict[int, float]:
    """For each cell the mean over seeds of the mean of ``failing`` over a run's facts."""
    runs = _runs(facts)
    sums = np.bincount(runs, failing)
    mean = sums / np.bincount(runs)
    first = np.unique(runs, return_index=True)[1]
    of = facts.cell[first]
    return {int(cell): float(mean[of == cell].mean()) for cell in np.unique(of)}


def reliability(probability: FloatArray, extracted: BoolArray) -> tuple[Bin, ...]:
    """Bins of equal width; empty ones are left out."""
    place = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    return tuple(
        Bin(int(m.sum()), float(probability[m].mean()), float(extracted[m].mean()))
        for m in (place == i for i in range(_BINS))
        if m.any()
    )


def accuracies(facts: Facts, parts: Mapping[str, Sequence[int]], resamples: int = 100, seed: int = 0) -> list[Accuracy]:
    """Each predictor on each part; predictors without a score somewhere in a part are left out there.

    Args:
        facts: all facts.
        parts: cells by name of the part.
        resamples: bootstrap samples of seeds for the limits of the AUC.
        seed: of the resampling.
    """
    found = []
    for predictor, score in facts.scores.items():
        known = facts.at(np.isfinite(score))
        probability = calibrated(known, predictor) if len(known) else None
        for part, cells in parts.items():
            chosen = np.isin(known.cell, list(cells))
            if chosen.any() and chosen.sum() == np.isin(facts.cell, list(cells)).sum():
                inside = None if probability is None else probability[chosen]
                found.append(_accuracy(known.at(chosen), predictor, part, inside, resamples, seed))
    return found


def _accuracy(
    facts: Facts, predictor: str, part: str, probability: FloatArray | None, resamples: int, seed: int
) -> Accuracy:
    score, extracted = facts.scores[predictor], facts.extracted
    observed = cell_errors(facts, (~extracted).astype(np.float64))
    off = _deviations(cell_errors(facts, (score <= 0).astype(np.float64)), observed)
    low, high = _auc_limits(facts, score, resamples, seed)
    soft = None if probability is None else _deviations(cell_errors(facts, 1.0 - probability), observed)
    return Accuracy(
        predictor=predictor,
        part=part,
        facts=len(facts),
        cells=len(observed),
        auc=area(score, extracted),
        auc_lower=low,
        auc_upper=high,
        auc_within=_auc_within(facts, score),
        agreement=float(((score > 0) == extracted).mean()),
        deviation=float(np.abs(off).mean()),
        bias=float(off.mean()),
        worst=float(np.abs(off).max()),
        deviation_probability=None if soft is None else float(np.abs(soft).mean()),
        brier=None if probability is None else float(np.mean((probability - extracted) ** 2)),
        brier_share=float(extracted.mean() * (1 - extracted.mean())),
        bins=() if probability is None else reliability(probability, extracted),
    )


def _deviations(predicted: Mapping[int, float], observed: Mapping[int, float]) -> FloatArray:
    return np.array([predicted[cell] - observed[cell] for cell in observed])


def _runs(facts: Facts) -> IntArray:
    """A number for each fact's run (cell and seed), from 0 without gaps."""
    pairs = np.stack([facts.cell, facts.seed], axis=1)
    return np.asarray(np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1), dtype=np.int64)


def _auc_within(facts: Facts, score: FloatArray) -> float | None:
    order = np.argsort(_runs(facts), kind="stable")
    edges = np.flatnonzero(np.diff(_runs(facts)[order])) + 1
    areas = [area(score[part], facts.extracted[part]) for part in np.split(order, edges)]
    known = [a for a in areas if a is not None]
    return float(np.mean(known)) if known else None


def _auc_limits(facts: Facts, score: FloatArray, resamples: int, seed: int) -> tuple[float | None, float | None]:
    """Percentile limits of the pooled AUC over resampled seeds, by weights in place of copies."""
    seeds, place = np.unique(facts.seed, return_inverse=True)
    if len(seeds) < 2:
        return None, None
    generator = np.random.default_rng(seed)
    order = np.argsort(score, kind="stable")
    ties = np.cumsum(np.r_[0, np.diff(score[order]) != 0])
    up, who = facts.extracted[order], place.reshape(-1)[order]
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
