"""Low-rank fine-tuning (LoRA): only ``left @ right`` updates of the targets are trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from empirics.experiments.one_layer.config import Finetuning
from empirics.experiments.one_layer.engine.backend import Part
from empirics.experiments.one_layer.engine.compiled import CompiledEngine
from empirics.experiments.one_layer.engine.stacked import StackedEngine
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import stream


@dataclass(frozen=True)
class _Adapter:
    """M = M_0 + left @ right, for one model or for a stack of them."""

    matrix: Float[Tensor, "*B V m"]  # M, in the engine
    gradient: Float[Tensor, "*B V m"]  # that of the loss in M, in the engine
    start: Float[Tensor, "*B V m"]  # M_0
    update: Float[Tensor, "*B V m"]  # work space for left @ right
    left: Part  # starts at zero; [V, r], stacked like M
    right: Part  # starts at N(0, 1/r); [r, m], stacked like M
    counts: Float[Tensor, "V 1"] | None  # as the engine's output_counts()


class LowRank:
    """An engine of which only low-rank updates are trained; training starts at M_0.

    With G the gradient of the loss in M, that in left is G right^T and that in right is left^T G. Everything else in
    the engine stays frozen; the starting values of ``right`` derive from the seeds, one per model.
    """

    def __init__(self, engine: CompiledEngine | StackedEngine, stage: Finetuning, seeds: Sequence[int]) -> None:
        self._engine = engine
        self._adapters = [_adapter(engine, target, stage.rank, seeds) for target in stage.targets]
        self.trained: list[Part] = [part for adapter in self._adapters for part in (adapter.left, adapter.right)]

    def losses(self) -> list[float]:
        """The corpus losses with the updates."""
        self._materialise()
        return self._engine.losses()

    def gradients(self) -> None:
        """The factors' gradients from those of the matrices."""
        self._materialise()
        self._engine.gradients()
        for adapter in self._adapters:
            gradient = adapter.gradient
            torch.matmul(gradient, adapter.right.parameter.mT, out=adapter.left.gradient)
            if adapter.counts is not None:  # a merged row counts once for every token that it stands for
                gradient = gradient * adapter.counts
            torch.matmul(adapter.left.parameter.mT, gradient, out=adapter.right.gradient)

    def weights(self) -> list[Parameters]:
        """The current weights, with the updates (copies)."""
        self._materialise()
        return self._engine.weights()

    def _materialise(self) -> None:
        """Write M_0 + left @ right into the engine."""
        for adapter in self._adapters:
            torch.matmul(adapter.left.parameter, adapter.right.parameter, out=adapter.update)
            torch.add(adapter.start, adapter.update, out=adapter.matrix)


def _adapter(engine: CompiledEngine | StackedEngine, target: str, rank: int, seeds: Sequence[int]) -> _Adapter:
    matrix: Tensor = getattr(engine, target)
    *stack, rows, columns = matrix.shape
    draw = np.stack([stream(seed, f"adapter-{target}").standard_normal((rank, columns)) for seed in seeds])
    left = matrix.new_zeros(*stack, rows, rank)
    right = torch.from_numpy(draw / math.sqrt(rank)).to(matrix).reshape(*stack, rank, columns)
    return _Adapter(
        matrix=matrix,
        gradient=getattr(engine, f"{target}_grad"),
        start=matrix.clone(),
        update=torch.zeros_like(matrix),
        left=Part(target, left, torch.zeros_like(left)),
        right=Part(target, right, torch.zeros_like(right)),
        counts=engine.output_counts() if target == "output" else None,
    )
