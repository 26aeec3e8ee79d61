"""Logits at the last position of each context, by gathering rows (one-hot embeddings), and how they are evaluated."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.model import activate
from empirics.experiments.one_layer.parameters import Parameters

_BLOCK = 1 << 22  # logits evaluated at a time


def last_attention(
    weights: Parameters, tokens: Int64[Tensor, "N n"], config: configuration.Model
) -> Float[Tensor, "N n"]:
    """Attention weights of the last position over its context."""
    scores = weights.attention[tokens[:, -1:], tokens]
    if not config.attention:
        scores = torch.zeros_like(scores)
    return torch.softmax(scores, dim=-1)


def last_logits(weights: Parameters, tokens: Int64[Tensor, "N n"], config: configuration.Model) -> Float[Tensor, "N V"]:
    """Logits F of the last position. Equal to the reference module."""
    weights = weights.one_hot()
    alpha = last_attention(weights, tokens, config)
    hidden = torch.einsum("nl,nlm->nm", alpha, weights.input[tokens])
    if config.residual:
        hidden = hidden + weights.input[tokens[:, -1]]
    if config.mlp:
        hidden = activate(hidden, config.activation, config.smoothing)
    return hidden @ weights.output.T


def corpus_loss(weights: Parameters, corpus: Sequence[Rows], config: configuration.Model) -> Float[Tensor, ""]:
    """The loss of a corpus, differentiable in the weights."""
    total = weights.output.new_zeros(())
    device = weights.output.device
    for rows in corpus:
        logits = last_logits(weights, torch.from_numpy(rows.tokens).to(device), config)
        target = logits.gather(1, torch.from_numpy(rows.targets).to(device)).mean(dim=1)
        total = total + rows.weight * (torch.logsumexp(logits, dim=1) - target).sum()
    return total


def logits_and_targets(
    weights: Parameters, rows: Rows, config: configuration.Model
) -> Iterator[tuple[Float[Tensor, "N V"], Int64[Tensor, "N q"]]]:
    """Logits at the last position, in float64, and targets, of one block of rows after another."""
    weights = weights.one_hot().to(torch.float64)
    device = weights.output.device
    size = max(1, _BLOCK // weights.output.shape[0])
    for start in range(0, len(rows.tokens), size):
        tokens = torch.from_numpy(rows.tokens[start : start + size]).to(device)
        yield last_logits(weights, tokens, config), torch.from_numpy(rows.targets[start : start + size]).to(device)


def margins(logits: Float[Tensor, "N V"], targets: Int64[Tensor, " N"]) -> Float[Tensor, " N"]:
    """The target's logit less the greatest other one. Extracted means positive."""
    own = logits.gather(1, targets[:, None])
    return own[:, 0] - logits.scatter(1, targets[:, None], -math.inf).amax(dim=1)


def is_argmax(logits: Float[Tensor, "N V"], target: Int64[Tensor, " N"]) -> Bool[Tensor, " N"]:
    """Whether the target's logit is strictly greater than every other; a tie or NaN is not."""
    return margins(logits, target) > 0


def finite(value: float) -> float | None:
    """The value, or None where it is not finite."""
    return value if math.isfinite(value) else None
