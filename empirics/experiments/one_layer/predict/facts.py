"""What is measured, and what was predicted, of each fact that was not fine-tuned."""

from __future__ import annotations

import torch

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.corpus import held_out_rows
from empirics.experiments.one_layer.forward import last_logits
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.predict.predictors import margins, predict, predicted_errors
from empirics.experiments.world import World

__all__ = ["measured_and_predicted"]


def measured_and_predicted(
    config: Config, world: World, pretrained: Parameters, after: Parameters, finetuned: int
) -> tuple[dict[str, float | None], dict[str, tuple[float, ...]]]:
    """Predicted errors; ``margin``, measured, and every predictor's scores of the held-out facts, shapes [S - N_f]."""
    asked = held_out_rows(world, finetuned)
    weights = after.one_hot().to(torch.float64, torch.device("cpu"))
    logits = last_logits(weights, torch.from_numpy(asked.tokens), config.model)
    measured = margins(logits, torch.from_numpy(asked.targets)[:, 0])
    scores = predict(config, world, pretrained, finetuned)
    facts = {"margin": measured.tolist(), **{name: values.tolist() for name, values in scores.items()}}
    rounded = {name: tuple(float(f"{value:.6g}") for value in values) for name, values in facts.items()}
    return predicted_errors(scores), rounded
