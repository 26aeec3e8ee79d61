"""How weights are written, in how many bits, and how many bits of the facts they then store."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from empirics.experiments.stored_bits.config import FLOAT
from empirics.experiments.stored_bits.models import Weights

TEMPERATURES = (0.0, *(2.0 ** (step / 2) for step in range(-6, 9)))
"""Inverse temperatures, of which the best is written with the weights; at 0 all answers are equally likely."""

_CLIPPED = tuple(
    step / 20 for step in range(2, 21)
)  # where the range of a matrix may end, relative to its largest entry
_SCALE = 32  # bits of a scale
_INDEX = 4  # bits of the number of a temperature


def written_bits(parameters: int, matrices: int, bits: int, *, binary: bool = False) -> int:
    """B: the codes of all weights, a scale for each matrix that is rounded, and the number of the temperature."""
    scales = 0 if binary or bits == FLOAT else _SCALE * matrices
    return bits * parameters + scales + _INDEX


def codes(weights: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """What is written of a matrix: whole numbers 0 .. 2^bits - 1, and the step between neighbours.

    Code k stands for ``step * (k + 1/2 - 2^bits / 2)``. The step is the one of 19 that changes the weights least.
    """
    levels = 2**bits
    found = []
    for part in _CLIPPED:
        step = 2.0 * part * weights.abs().max() / levels
        whole = torch.floor(weights / step).clamp(-(levels // 2), levels // 2 - 1) + levels // 2
        found.append((float((read(whole, step, bits) - weights).square().sum()), whole, step))
    _, whole, step = min(found, key=lambda entry: entry[0])
    return whole, step


def read(whole: Tensor, step: Tensor, bits: int) -> Tensor:
    """The matrix that is written so."""
    matrix: Tensor = step * (whole + 0.5 - 2**bits / 2)
    return matrix


def rounded(weights: Weights, bits: int) -> dict[str, Tensor]:
    """The weights as they are read again after having been written in so many bits each."""
    if bits == FLOAT:
        return dict(weights)
    return {name: read(*codes(value, bits), bits) for name, value in weights.items()}


def stored(logits: Tensor, answers: Tensor) -> float:
    """S log2(A) less the loss in bits at the best of the temperatures, in float64: between 0 and S log2(A)."""
    number, values = logits.shape
    exact = logits.double()
    loss = min(
        float(functional.cross_entropy(beta * exact, answers, reduction="sum")) for beta in TEMPERATURES if beta > 0
    )
    return max(0.0, number * math.log2(values) - loss / math.log(2))
