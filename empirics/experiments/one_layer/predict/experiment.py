"""The experiment, with what was predicted of each held-out fact before fine-tuning."""

from __future__ import annotations

import torch

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.corpus import held_out_rows
from empirics.experiments.one_layer.forward import last_logits
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.predict.predictors import margins, predict, predicted_errors
from empirics.experiments.one_layer.run import OneLayer
from empirics.experiments.world import World

__all__ = ["PredictedOneLayer"]


class PredictedOneLayer(OneLayer):
    """The one-layer transformer; per fact ``margin``, measured, and the scores of every predictor."""

    name = "one-layer-predicted"

    def measure(
        self, config: Config, world: World, pretrained: Parameters, after: Parameters, finetuned: int
    ) -> tuple[dict[str, float | None], dict[str, tuple[float, ...]]]:
        """Observables with predicted errors; the measured margin and predicted scores of each held-out fact."""
        observables, _ = super().measure(config, world, pretrained, after, finetuned)
        asked = held_out_rows(world, finetuned)
        logits = last_logits(
            after.one_hot().to(torch.float64, torch.device("cpu")), torch.from_numpy(asked.tokens), config.model
        )
        scores = predict(config, world, pretrained, finetuned)
        measured = margins(logits, torch.from_numpy(asked.targets)[:, 0])
        facts = {"margin": measured.tolist(), **{name: values.tolist() for name, values in scores.items()}}
        return (
            observables | predicted_errors(scores),
            {name: tuple(float(f"{value:.6g}") for value in values) for name, values in facts.items()},
        )
