"""The one-layer transformer: the reference implementation.

Every faster route (``engine``) is tested against this module. Notation:

=====================  ==========  =================================================
here                   in theory   meaning
=====================  ==========  =================================================
``attention``          Z           bilinear score x_n^T Z x_l
``input``              W           input matrix of the MLP, m x V
``output``             V           output matrix, V x m (V x V without the MLP)
``embedding``          e_v         rows are token embeddings; the identity
=====================  ==========  =================================================
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from empirics.experiments.one_layer import config as configuration

Activation = Literal["relu", "smoothed-relu", "identity"]


def activate(x: Float[Tensor, "*shape"], activation: Activation, smoothing: float) -> Float[Tensor, "*shape"]:
    """sigma(x); the smoothed ReLU is x^2 / (2 kappa) on [0, kappa] and x - kappa/2 beyond."""
    if activation == "relu":
        return torch.relu(x)
    if activation == "identity":
        return x
    positive = torch.relu(x)
    return torch.where(positive < smoothing, positive.square() / (2 * smoothing), positive - smoothing / 2)


def activation_slope(x: Float[Tensor, "*shape"], activation: Activation, smoothing: float) -> Float[Tensor, "*shape"]:
    """sigma'(x); 0 at the kink of the ReLU."""
    if activation == "relu":
        return (x > 0).to(x.dtype)
    if activation == "identity":
        return torch.ones_like(x)
    return (x / smoothing).clamp(0.0, 1.0)


class OneLayerTransformer(nn.Module):
    """One causal self-attention head with identity values, then an MLP.

    For a sequence x_1 .. x_n of embeddings, position n computes

        x~_n = sum_{l <= n} softmax_l(x_n^T Z x_l) x_l   (+ x_n with the residual stream)
        F_n  = V sigma(W x~_n)                           (V x~_n without the MLP)

    and predicts the next token, of V = ``vocabulary_size``, with probabilities softmax(F_n).
    """

    def __init__(self, vocabulary_size: int, config: configuration.Model, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.config = config
        size, hidden = vocabulary_size, config.width if config.mlp else vocabulary_size
        identity = torch.eye(size, dtype=dtype)
        input_ = torch.zeros(hidden, size, dtype=dtype) if config.mlp else identity.clone()
        self.embedding = nn.Parameter(identity, requires_grad=config.trained_embeddings)
        self.attention = nn.Parameter(torch.zeros(size, size, dtype=dtype), requires_grad=config.attention)
        self.input = nn.Parameter(input_, requires_grad=config.train_input and config.mlp)
        self.output = nn.Parameter(torch.zeros(size, hidden, dtype=dtype), requires_grad=config.train_output)

    def attention_weights(self, tokens: Int64[Tensor, "N n"]) -> Float[Tensor, "N n n"]:
        """Causal attention weights: row n is softmax over l <= n; uniform without attention."""
        x = self.embedding[tokens]
        scores = x @ self.attention @ x.transpose(1, 2)
        if not self.config.attention:
            scores = torch.zeros_like(scores)
        n = tokens.shape[1]
        future = torch.triu(torch.ones(n, n, dtype=torch.bool, device=tokens.device), diagonal=1)
        return torch.softmax(scores.masked_fill(future, -math.inf), dim=-1)

    def forward(self, tokens: Int64[Tensor, "N n"]) -> Float[Tensor, "N n V"]:
        """Logits F at every position."""
        x = self.embedding[tokens]
        mixed = self.attention_weights(tokens) @ x
        if self.config.residual:
            mixed = mixed + x
        hidden = mixed @ self.input.T
        if self.config.mlp:
            hidden = activate(hidden, self.config.activation, self.config.smoothing)
        return hidden @ self.output.T
