"""Logits at the last position of each context, by gathering rows (one-hot embeddings)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.model import activate
from empirics.experiments.one_layer.parameters import Parameters

__all__ = ["corpus_loss", "last_attention", "last_logits"]


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
