"""What of a model the configuration trains."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from empirics.experiments.one_layer import config as configuration

__all__ = ["HasGradients", "trained_parts"]


class HasGradients(Protocol):
    """An engine: parameters with gradient buffers of the same shapes."""

    config: configuration.Model
    input: Tensor
    output: Tensor
    entries: Tensor
    input_grad: Tensor
    output_grad: Tensor
    entries_grad: Tensor


def trained_parts(engine: HasGradients) -> list[tuple[str, Tensor, Tensor]]:
    """(name, parameter, gradient) of everything that the configuration trains."""
    config = engine.config
    parts = []
    if config.train_input and config.mlp:
        parts.append(("input", engine.input, engine.input_grad))
    if config.train_output:
        parts.append(("output", engine.output, engine.output_grad))
    if config.attention:
        parts.append(("attention", engine.entries, engine.entries_grad))
    return parts
