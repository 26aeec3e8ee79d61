"""What training asks of a back end, and what the closed-form ones have in common."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.parameters import Parameters


class Part(NamedTuple):
    """Parameters that are trained: the matrix that they belong to, their values and their gradients."""

    name: str
    parameter: Float[Tensor, " *shape"]
    gradient: Float[Tensor, " *shape"]


class Backend(Protocol):
    """B models, each with its corpus; parameters are trained in place."""

    @property
    def trained(self) -> list[Part]:
        """What the settings train; the same tensors at every call."""

    def losses(self) -> list[float]:
        """The corpus loss of each model at the current parameters, summed in float64; B numbers, in nats."""

    def gradients(self) -> None:
        """Fill the gradients of :attr:`trained` at the current parameters."""

    def weights(self) -> list[Parameters]:
        """The current weights of each model (copies)."""


class ClosedForm:
    """Parameters of one model, or of B stacked ones, with gradients in closed form; one-hot embeddings.

    They are ``input``, C rows of ``output`` and of Z the ``entries`` that the corpora query; ``gradients()`` fills the
    gradients of these.
    """

    input: Float[Tensor, "*B V m"]
    output: Float[Tensor, "*B C m"]
    entries: Float[Tensor, "*B U"]
    input_grad: Float[Tensor, "*B V m"]
    output_grad: Float[Tensor, "*B C m"]
    entries_grad: Float[Tensor, "*B U"]

    def __init__(self, config: configuration.Model, input_: Tensor, output: Tensor, entries: Tensor) -> None:
        self.config = config
        self.input, self.output, self.entries = input_, output, entries
        self.input_grad, self.output_grad, self.entries_grad = map(torch.zeros_like, (input_, output, entries))
        self.trained: list[Part] = trained_parts(
            config,
            input=(self.input, self.input_grad),
            output=(self.output, self.output_grad),
            attention=(self.entries, self.entries_grad),
        )

    def output_counts(self) -> Float[Tensor, "C 1"] | None:
        """How many tokens each row of ``output`` stands for; None if each stands for one."""
        return None


def trained_parts(config: configuration.Model, **matrices: tuple[Tensor, Tensor]) -> list[Part]:
    """Those of the matrices (name to parameter and gradient) that the architecture has and trains, in a fixed order."""
    trained = {
        "input": config.train_input and config.mlp,
        "output": config.train_output,
        "attention": config.attention,
        "embedding": config.trained_embeddings,
    }
    return [Part(name, *matrices[name]) for name, wanted in trained.items() if wanted and name in matrices]
