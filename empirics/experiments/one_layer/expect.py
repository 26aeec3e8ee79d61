"""The mean OOD error expected at cells: by the law, and, where models are pre-trained for it, fact by fact."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from empirics.errors import UsageError
from empirics.experiments.expectation import Expected
from empirics.experiments.one_layer.config import Config, Finetuning
from empirics.experiments.one_layer.predict.law import extraction_error
from empirics.experiments.one_layer.predict.stored import stored_law
from empirics.experiments.one_layer.schedule import schedule_factor
from empirics.experiments.protocol import Point
from theory.plural import counted

if TYPE_CHECKING:
    from empirics.experiments.one_layer.predict.features import Features


def expect(settings: Config, cells: Sequence[Point], worlds: int) -> list[Expected]:
    """What is expected at cells of one R and K; with ``worlds`` > 0 from as many models pre-trained for it.

    Raises UsageError: the law does not speak of these settings, or it ships without features for their pre-training.
    """
    law, unit, (subjects, finetuning) = stored_law(), cells[0], (settings.world.subjects, settings.finetuning)
    _refuse(settings)
    if unit["K"] < law.ranges["K"][0]:
        raise UsageError(f"K={unit['K']} is refused: the law speaks of K >= {law.ranges['K'][0]}")
    differ = law.other_training(settings, ("model", "pretraining"))
    if differ and not worlds:
        raise UsageError(f"features are stored for other settings: {differ[0]}; --worlds 4 measures them")
    numbers = [cell["N_f"] for cell in cells]
    others: list[tuple[tuple[str, float, float | None], ...]] = [() for _ in cells]
    if worlds:
        features, others = _measured(settings, cells, worlds)
        basis = f"S = {subjects}; features of {counted(worlds, 'model')} pre-trained for this"
    else:
        features = law.features_at(subjects, unit["R"], unit["K"])
        basis = f"S = {subjects}; features interpolated between stored ones (beyond these, of the nearest)"
    errors = extraction_error(features, law.constants, unit["R"], unit["K"], numbers, _rates(finetuning))
    found = []
    for cell, error, more in zip(cells, errors, others, strict=True):
        outside = law.outside(settings, subjects, {name: int(value) for name, value in cell.values})
        lower, upper = _limits(float(error), law.deviation)
        found.append(
            Expected(
                cell=cell,
                observable="ood_error",
                value=float(error),
                lower=None if outside else lower,
                upper=None if outside else upper,
                outside=outside,
                basis=basis,
                others=more,
            )
        )
    return found


def expect_least(observable: str, unknown: str, target: float, given: Mapping[str, int | float]) -> Expected | None:
    """See :class:`empirics.experiments.protocol.Experiment`; without S that of the default settings."""
    settings, law = Config(), stored_law()
    subjects = int(given.get("S", settings.world.subjects))
    known = {symbol: int(given[symbol]) for symbol in ("R", "K", "N_f") if symbol in given and symbol != unknown}
    if observable != "ood_error" or unknown not in ("N_f", "K") or len(known) != 2:
        return None
    first, last = law.ranges[unknown]
    largest = subjects - 1 if unknown == "N_f" else min(known["R"], last)
    if not law.ranges["K"][0] <= known.get("K", first) <= known["R"] or known.get("N_f", first) >= subjects:
        return None
    world = settings.world.model_copy(update={"subjects": subjects, "answers": subjects})
    settings = settings.model_copy(update={"world": world})
    cells = [Point.of(**{s: known.get(s, value) for s in ("R", "K", "N_f")}) for value in range(first, largest + 1)]
    runs = [cells] if unknown == "N_f" else [[cell] for cell in cells]
    found: Expected | None = None
    for one in (each for run in runs for each in expect(settings, run, 0)):
        found = None if one.value > target else found or one
    return found


def _measured(
    settings: Config, cells: Sequence[Point], worlds: int
) -> tuple[Features, list[tuple[tuple[str, float, float | None], ...]]]:
    """Features of models pre-trained now, and at each cell the predicted share of facts that fail."""
    import torch

    from empirics.experiments.one_layer.predict.features import features_of, mean_features
    from empirics.experiments.one_layer.predict.predictors import predict
    from empirics.experiments.one_layer.run import pretrain

    torch.set_num_threads(1)
    base = settings.seeds.base
    models = pretrain(settings, cells[0], range(base, base + worlds), "cpu")
    lost = [model.trained.diverged for model in models if model.trained.diverged]
    if lost:
        raise UsageError(f"pre-training diverged: {lost[0]}")
    found: list[tuple[tuple[str, float, float | None], ...]] = []
    for cell in cells:
        failing = [
            float((predict(settings, m.world, m.trained.weights, cell["N_f"])["relinearised"] <= 0).mean())
            for m in models
        ]
        error = None if worlds == 1 else float(np.std(failing, ddof=1) / np.sqrt(worlds))
        found.append((("fact by fact", float(np.mean(failing)), error),))
    return mean_features([features_of(m.trained.weights, m.world, settings.model) for m in models]), found


def _refuse(settings: Config) -> None:
    """UsageError where the law does not speak of the settings."""
    model, world = settings.model, settings.world
    allowed = {
        "finetuning.method": (settings.finetuning.method, "full"),
        "finetuning.batch_size": (settings.finetuning.batch_size, 0),
        "model.mlp": (model.mlp, True),
        "model.train_input": (model.train_input, True),
        "model.train_output": (model.train_output, True),
        "model.residual": (model.residual, False),
        "model.trained_embeddings": (model.trained_embeddings, False),
        "world.distractors": (world.distractors, 0),
        "world.answers_shared": (world.answers_shared, False),
    }
    for key, (given, only) in allowed.items():
        if given != only:
            raise UsageError(f"{key}={str(given).lower()} is refused: the law speaks of {str(only).lower()} alone")
    if settings.finetuning.optimizer == "adam":
        raise UsageError('finetuning.optimizer="adam" is refused: the law speaks of gradient descent alone')


def _rates(stage: Finetuning) -> list[float]:
    return [stage.learning_rate * schedule_factor(stage.schedule, step, stage.steps) for step in range(stage.steps)]


def _limits(error: float, deviation: float) -> tuple[float, float]:
    """The errors whose arcsin sqrt is ``deviation`` below and above."""
    angle = math.asin(math.sqrt(error))
    low, high = max(angle - deviation, 0.0), min(angle + deviation, math.pi / 2)
    return math.sin(low) ** 2, math.sin(high) ** 2
