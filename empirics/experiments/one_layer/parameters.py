"""The weights of one model as tensors, and their initialisation.

Arrays are annotated with their shapes (jaxtyping); this is what the letters mean,
here and in ``corpus``, ``forward``, ``engine``, ``measure`` and ``predict``:

======  ============================================  =================================
axis    number of                                     in the theory
======  ============================================  =================================
V       tokens of the vocabulary                      S + |R| + A + 1 (+ distractors)
m       hidden units (V without the MLP)              m
S       subjects, that is facts                       S
R       templates                                     |R|
K       templates of one fact                         K
L       distractors before the subject                L
N       rows of a corpus: contexts with a target
n       tokens of a context
q       tokens that share a row's target
U       entries of Z that a corpus queries
C       logits of their own (V unless merged)
B       models trained at once
r       rank of a low-rank update
======  ============================================  =================================

The letters of the matrices are explained in ``model``. W is stored transposed: a token's column is a row in memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.model import OneLayerTransformer
from empirics.experiments.world import Vocabulary, stream


@dataclass
class Parameters:
    """Weights, with rows indexed by tokens."""

    attention: Float[Tensor, "V V"]  # Z; first index the querying token
    input: Float[Tensor, "V m"]  # W transposed: row v is W e_v
    output: Float[Tensor, "V m"]  # row v gives the logit of token v
    embedding: Float[Tensor, "V V"] | None = None  # row v is e_v; None for one-hot embeddings

    def clone(self) -> Parameters:
        """A deep copy outside any autograd graph."""
        return Parameters(**{name: tensor.detach().clone() for name, tensor in self.tensors().items()})

    def to(self, dtype: torch.dtype, device: torch.device | None = None) -> Parameters:
        """The same of another dtype or on another device."""
        return Parameters(**{name: tensor.to(dtype=dtype, device=device) for name, tensor in self.tensors().items()})

    def tensors(self) -> dict[str, Tensor]:
        """Those there are, by name."""
        return {name: tensor for name, tensor in vars(self).items() if tensor is not None}

    def is_finite(self) -> bool:
        """Whether no weight is infinite or NaN."""
        return all(bool(torch.isfinite(tensor).all()) for tensor in self.tensors().values())

    def one_hot(self) -> Parameters:
        """The equivalent model with one-hot embeddings: Z -> E Z E^T, W e_v -> row v of E W^T."""
        if self.embedding is None:
            return self
        e = self.embedding
        return Parameters(e @ self.attention @ e.T, e @ self.input, self.output)

    def module(self, config: configuration.Model) -> OneLayerTransformer:
        """The reference module with these weights (a copy)."""
        module = OneLayerTransformer(self.attention.shape[0], config, self.attention.dtype)
        with torch.no_grad():
            module.attention.copy_(self.attention)
            module.input.copy_(self.input.T)
            module.output.copy_(self.output)
            if self.embedding is not None:
                module.embedding.copy_(self.embedding)
        return module


def initial_parameters(
    config: configuration.Model, vocabulary: Vocabulary, seed: int, dtype: torch.dtype
) -> Parameters:
    """Weights N(0, init_scale^2), W e_p = 0, Z = 0; the identity for W without the MLP.

    With ``merge_never_targets`` subjects, prompt and distractors, which are never a
    target, share one output row: another law of initialisation.
    """
    size = vocabulary.size
    hidden = config.width if config.mlp else size

    def normal(name: str) -> Float[Tensor, "V m"]:
        values = stream(seed, name, vocabulary.templates).standard_normal((size, hidden)) * config.init_scale
        return torch.from_numpy(values.astype(np.float64)).to(dtype)

    input_ = normal("input-weights") if config.mlp else torch.eye(size, dtype=dtype)
    if config.mlp:
        input_[vocabulary.prompt] = 0
    output = normal("output-weights")
    if config.merge_never_targets:
        never = [*range(vocabulary.subjects), *range(vocabulary.prompt, size)]
        output[never] = output[vocabulary.prompt].clone()
    return Parameters(
        attention=torch.zeros(size, size, dtype=dtype),
        input=input_,
        output=output,
        embedding=torch.eye(size, dtype=dtype) if config.trained_embeddings else None,
    )
