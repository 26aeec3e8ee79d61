"""Low-rank fine-tuning (LoRA): only ``left @ right`` updates of the targets are trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from empirics.experiments.one_layer.config import Finetuning
from empirics.experiments.one_layer.engine.engine import Engine
from empirics.experiments.one_layer.engine.stacked import StackedEngine
from empirics.experiments.world import stream

__all__ = ["Adapters"]


class Adapters:
    """Low-rank updates of an engine's matrices: M = M_0 + left @ right.

    ``left`` (one row per token, shape [V, rank]) starts at zero, ``right`` (shape
    [rank, m]) at N(0, 1/rank), so training starts at M_0. With G the gradient of
    the loss in M, that in left is G right^T and that in right is left^T G.

    Args:
        engine: the model, or models stacked along a first dimension; everything else of it stays frozen.
        stage: rank and targets.
        seeds: one per model; the starting values of ``right`` derive from it.
    """

    def __init__(self, engine: Engine | StackedEngine, stage: Finetuning, seeds: Sequence[int]) -> None:
        self._parts: list[tuple[str, Tensor, Tensor, Tensor, Tensor, Tensor | None]] = []
        self.trained: list[tuple[str, Tensor, Tensor]] = []
        for target in stage.targets:
            matrix: Tensor = getattr(engine, target)
            gradient: Tensor = getattr(engine, f"{target}_grad")
            *stack, rows, columns = matrix.shape
            shape = (stage.rank, columns)
            draw = np.stack([stream(seed, f"adapter-{target}").standard_normal(shape) for seed in seeds])
            left = matrix.new_zeros(*stack, rows, stage.rank)
            right = torch.from_numpy(draw / math.sqrt(stage.rank)).to(matrix).reshape(*stack, *shape)
            counts = engine.output_counts() if target == "output" else None
            self._parts.append((target, matrix, matrix.clone(), gradient, torch.zeros_like(matrix), counts))
            self.trained += [(target, left, torch.zeros_like(left)), (target, right, torch.zeros_like(right))]

    def gradients(self) -> None:
        """The factors' gradients from those of the matrices."""
        for i, (_, _, _, gradient, _, _) in enumerate(self._parts):
            (_, left, left_grad), (_, right, right_grad) = self.trained[2 * i : 2 * i + 2]
            torch.matmul(gradient, right.mT, out=left_grad)
            torch.matmul(left.mT, self._counted(i, gradient), out=right_grad)

    def _counted(self, i: int, gradient: Tensor) -> Tensor:
        """The gradient with the merged row counted once for every token that it stands for."""
        counts = self._parts[i][5]
        return gradient if counts is None else gradient * counts

    def materialise(self) -> None:
        """Write M_0 + left @ right into the engine."""
        for i, (_, matrix, start, _, update, _) in enumerate(self._parts):
            (_, left, _), (_, right, _) = self.trained[2 * i : 2 * i + 2]
            torch.matmul(left, right, out=update)
            torch.add(start, update, out=matrix)
