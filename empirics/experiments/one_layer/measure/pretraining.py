"""The pre-trained model: its loss against the floor, its accuracy, its attention."""

from __future__ import annotations

import math

import torch

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import answer_rows, subject_rows
from empirics.experiments.one_layer.measure.attention import pretraining_attention
from empirics.experiments.one_layer.measure.evaluate import finite, is_argmax, logits_and_targets
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import World

__all__ = ["pretraining_observables"]


def pretraining_observables(weights: Parameters, world: World, config: configuration.Model) -> dict[str, float | None]:
    """Loss against its floor, accuracy and attention after pre-training."""
    multiplicity = world.multiplicity
    loss = divergence = 0.0
    rows = subject_rows(world)
    for logits, targets in logits_and_targets(weights, rows, config):
        log_p = torch.log_softmax(logits, dim=1).gather(1, targets)
        loss += rows.weight * float(-log_p.mean(dim=1).sum())
        # KL(uniform on T || p) = sum_T (1/K) (log(1/K) - log p)
        uniform = torch.full_like(log_p, 1.0 / multiplicity)
        divergence += rows.weight * float((uniform * (uniform.log() - log_p)).sum())
    rows = answer_rows(world)
    answer_loss = correct = 0.0
    for logits, targets in logits_and_targets(weights, rows, config):
        p = torch.softmax(logits, dim=1).gather(1, targets)
        loss += rows.weight * float((torch.logsumexp(logits, dim=1) - logits.gather(1, targets)[:, 0]).sum())
        answer_loss += rows.weight * float(-p.log().sum()) if bool((p > 0).all()) else math.nan
        correct += float(is_argmax(logits, targets[:, 0]).sum())
    attention = pretraining_attention(weights, world, config)
    return {
        "pretraining_gap": finite(loss - math.log(multiplicity)),
        "pretraining_floor": finite(loss - divergence - answer_loss),
        "pretraining_accuracy": correct / len(rows.tokens),
        **{name: finite(value) for name, value in attention.items()},
    }
