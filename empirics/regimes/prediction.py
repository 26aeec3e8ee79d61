"""How well single items were predicted, over all cells and parts of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from empirics.experiments.protocol import Point
from empirics.regimes.accuracy import Scored, accuracies
from empirics.regimes.document import AccuracyRow, MapCell
from empirics.regimes.sample import in_transition
from empirics.regimes.survey import Survey

__all__ = ["prediction_part"]


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
        parts[f"arm {arm.name}"] = [i for i in inside if cells[i].variant == arm.name]
    return accuracies(items, parts, resamples)


def _scored(survey: Survey) -> Scored | None:
    """Every item of every run, with its fold."""
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
