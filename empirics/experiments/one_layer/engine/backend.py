"""What training asks of a back end: losses, gradients, weights."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from jaxtyping import Float
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.parameters import Parameters

__all__ = ["Backend", "Part", "trained_parts"]


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
        ...

    def losses(self) -> list[float]:
        """The corpus loss of each model at the current parameters, summed in float64; B numbers, in nats."""
        ...

    def gradients(self) -> None:
        """Fill the gradients of :attr:`trained` at the current parameters."""
        ...

    def weights(self) -> list[Parameters]:
        """The current weights of each model (copies)."""
        ...


def trained_parts(config: configuration.Model, **matrices: tuple[Tensor, Tensor]) -> list[Part]:
    """Those of the matrices (name to parameter and gradient) that the architecture has and trains, in a fixed order."""
    trained = {
        "input": config.train_input and config.mlp,
        "output": config.train_output,
        "attention": config.attention,
        "embedding": config.trained_embeddings,
    }
    return [Part(name, *matrices[name]) for name, wanted in trained.items() if wanted and name in matrices]
