"""The pre-trained model: its loss against the floor, its accuracy, its attention; what the curve of its gap says."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float64

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import answer_rows, subject_rows
from empirics.experiments.one_layer.forward import finite, is_argmax, logits_and_targets
from empirics.experiments.one_layer.measure.attention import pretraining_attention
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.protocol import Curve
from empirics.experiments.world import World

SLOPE_LIMIT = 1.0
"""Slopes are clipped to [-1, 1]: see the observable's definition."""


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


def gap_observables(gap: Curve) -> dict[str, float | None]:
    """The rate of the gap over the recorded steps t >= 2 in [T/10, T], and how much of it is left.

    No rate with fewer than three such steps, or a gap that is not positive and finite; no rest where the first or the
    last gap is not finite, or the first not positive.
    """
    steps, values = np.array(gap.steps, dtype=np.float64), np.array(gap.values)
    late = steps >= max(2.0, steps[-1] / 10)
    t, g = steps[late], values[late]
    slope = exponent = left = None
    if len(t) >= 3 and np.isfinite(g).all() and (g > 0).all():
        slope = min(max(_slope(np.log(t), np.log(g * t / np.log(t) ** 2)), -SLOPE_LIMIT), SLOPE_LIMIT)
        exponent = _slope(np.log(t), np.log(g))
    first, last = gap.values[0], gap.values[-1]
    if math.isfinite(first) and math.isfinite(last) and first > 0:
        left = min(max(last / first, 0.0), 1.0)
    return {"pretraining_gap_slope": slope, "pretraining_gap_exponent": exponent, "pretraining_gap_left": left}


def _slope(x: Float64[np.ndarray, " t"], y: Float64[np.ndarray, " t"]) -> float:
    """Least squares of y on x."""
    x = x - x.mean()
    return float((x * y).sum() / (x * x).sum())
