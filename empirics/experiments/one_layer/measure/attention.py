"""Where attention goes: mean weights by position, after training and along it.

Sequences are [d_1 .. d_L, s, r] in pre-training and [d_1 .. d_L, s, p] in
fine-tuning; weights at a position are those of its row of the causal softmax.
"""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows, answer_rows, held_out_rows, subject_rows
from empirics.experiments.one_layer.forward import last_attention
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import World

_BLOCK = 4096  # rows evaluated at a time


def mean_weights(weights: Parameters, rows: Rows, config: configuration.Model) -> Float64[Tensor, " n"]:
    """Mean attention of the last position on each position of its context."""
    weights = weights.one_hot()
    attention = weights.attention.to(torch.float64)
    weights = Parameters(attention, weights.input, weights.output)
    total = attention.new_zeros(rows.tokens.shape[1])
    for start in range(0, len(rows.tokens), _BLOCK):
        tokens = torch.from_numpy(rows.tokens[start : start + _BLOCK]).to(attention.device)
        total += last_attention(weights, tokens, config).sum(dim=0)
    return total / len(rows.tokens)


def pretraining_attention(weights: Parameters, world: World, config: configuration.Model) -> dict[str, float]:
    """Mean masses on subject, template, distractors at the template's position, and on distractors at the subject's."""
    at_template = mean_weights(weights, answer_rows(world), config)
    found = {"subject_attention": float(at_template[-2]), "template_attention": float(at_template[-1])}
    if len(at_template) > 2:
        at_subject = mean_weights(weights, subject_rows(world), config)
        found["distractor_attention"] = float(at_template[:-2].sum())
        found["subject_distractor_attention"] = float(at_subject[:-1].sum())
    return found


def prompt_attention(weights: Parameters, world: World, config: configuration.Model, finetuned: int) -> float:
    """Mean weight on the subject at the prompt's position, over the facts not fine-tuned."""
    return float(mean_weights(weights, held_out_rows(world, finetuned), config)[-2])
