"""How parameters move by their gradients: schedules, gradient descent, Adam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from empirics.experiments.one_layer.config import Finetuning, Pretraining
from empirics.experiments.one_layer.engine import kernels
from empirics.experiments.one_layer.engine.backend import Part

Stage = Pretraining | Finetuning


class Optimizer(Protocol):
    """Moves parameters in place."""

    def step(self, factor: float) -> None:
        """One step by the present gradients; ``factor`` multiplies every step size."""


def optimizer(parts: Sequence[Part], stage: Stage) -> Optimizer:
    """The optimiser that a stage names, with its step sizes: one for attention, one for all else.
    Raises ValueError: on a CPU, parameters or gradients are not dense in memory.
    """
    rates = [stage.attention_learning_rate if p.name == "attention" else stage.learning_rate for p in parts]
    if stage.optimizer == "adam":
        return _Adam(parts, rates)
    if all(part.parameter.device.type == "cpu" for part in parts):
        return _CompiledDescent(parts, rates)
    return _Descent(parts, rates)


class _CompiledDescent:
    """Gradient descent on a CPU by a compiled pass, whose call costs a tenth of torch's."""

    def __init__(self, parts: Sequence[Part], rates: Sequence[float]) -> None:
        self._flat = [(_flat(p.parameter), _flat(p.gradient), rate) for p, rate in zip(parts, rates, strict=True)]

    def step(self, factor: float) -> None:
        for parameter, gradient, rate in self._flat:
            kernels.descend(parameter, gradient, rate * factor)


class _Descent:
    """Gradient descent on an accelerator."""

    def __init__(self, parts: Sequence[Part], rates: Sequence[float]) -> None:
        self._parts = list(zip(parts, rates, strict=True))

    @torch.no_grad()
    def step(self, factor: float) -> None:
        for part, rate in self._parts:
            part.parameter.sub_(part.gradient, alpha=rate * factor)


class _Adam:
    """Adam with torch's defaults."""

    def __init__(self, parts: Sequence[Part], rates: Sequence[float]) -> None:
        for part in parts:
            part.parameter.grad = part.gradient
        self._rates = rates
        self._adam = torch.optim.Adam([{"params": [p.parameter], "lr": r} for p, r in zip(parts, rates, strict=True)])

    def step(self, factor: float) -> None:
        for group, rate in zip(self._adam.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        self._adam.step()


def _flat(tensor: Float[Tensor, " *shape"]) -> Float[np.ndarray, " entries"]:
    """The entries of a dense tensor in the order of its memory, as a view."""
    array = tensor.detach().numpy()
    view = array.ravel(order="K")
    if not np.shares_memory(array, view):
        raise ValueError("parameters and gradients must be dense in memory")
    return view
