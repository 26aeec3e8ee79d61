"""How every measurement evaluates a model: logits in float64 from the trained weights, in blocks of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.forward import last_logits
from empirics.experiments.one_layer.parameters import Parameters

__all__ = ["finite", "is_argmax", "logits_and_targets"]

_BLOCK = 1 << 22  # logits evaluated at a time


def logits_and_targets(
    weights: Parameters, rows: Rows, config: configuration.Model
) -> Iterator[tuple[Float[Tensor, "N V"], Int64[Tensor, "N q"]]]:
    """Logits at the last position, and targets, of one block of rows after another."""
    weights = weights.one_hot().to(torch.float64)
    device = weights.output.device
    size = max(1, _BLOCK // weights.output.shape[0])
    for start in range(0, len(rows.tokens), size):
        tokens = torch.from_numpy(rows.tokens[start : start + size]).to(device)
        yield last_logits(weights, tokens, config), torch.from_numpy(rows.targets[start : start + size]).to(device)


def is_argmax(logits: Float[Tensor, "N V"], target: Int64[Tensor, " N"]) -> Bool[Tensor, " N"]:
    """Whether the target's logit is strictly greater than every other; a tie or NaN is not."""
    own = logits.gather(1, target[:, None])
    others = logits.scatter(1, target[:, None], -math.inf)
    return own[:, 0] > others.amax(dim=1)


def finite(value: float) -> float | None:
    """The value, or None where it is not finite."""
    return value if math.isfinite(value) else None
