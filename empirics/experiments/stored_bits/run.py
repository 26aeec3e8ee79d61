"""One run: draw a world, train, write the weights in several precisions, and measure what they store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from empirics.experiments.protocol import Point, UnitRun
from empirics.experiments.stored_bits.config import FLOAT, MARGIN, Settings
from empirics.experiments.stored_bits.models import answers_of, given, logits, parameters, shapes
from empirics.experiments.stored_bits.storage import rounded, stored, written_bits
from empirics.experiments.stored_bits.train import train


@dataclass(frozen=True)
class Measured:
    """One run in full: the answers, the weights as trained, and the stored bits and wrong answers by precision."""

    answers: Tensor
    weights: Mapping[str, Tensor]
    bits: Mapping[int, float]
    wrong: Mapping[int, float]


def measure(settings: Settings, unit: Point, seed: int) -> Measured:
    """Train one model and measure it at every configured precision, at half of it and at four times it."""
    torch.set_num_threads(1)
    world = given(settings, unit["c"], unit["h"], seed)
    answers = answers_of(settings, len(world.subjects), seed)
    weights = train(settings, world, answers, unit["t"])
    bits, wrong = {}, {}
    for precision in _precisions(settings):
        held = weights if settings.training.binary else rounded(weights, precision)
        found = logits(settings.model, world, held)
        bits[precision] = stored(found, answers)
        wrong[precision] = float((found.argmax(dim=1) != answers).double().mean())
    return Measured(answers, weights, bits, wrong)


def _precisions(settings: Settings) -> list[int]:
    asked = settings.storage.bits
    if settings.training.binary:
        return list(asked)
    return sorted({FLOAT, *asked, *(p for b in asked for p in (_half(b), _fourfold(b)) if p is not None)})


def _half(bits: int) -> int | None:
    return bits // 2 if bits % 2 == 0 else None


def _fourfold(bits: int) -> int | None:
    return 4 * bits if 4 * bits <= 16 else None


def run_one(settings: Settings, unit: Point, seed: int, cells: tuple[Point, ...]) -> UnitRun:
    """The observables of every precision of one run."""
    found = measure(settings, unit, seed)
    if not all(bool(torch.isfinite(value).all()) for value in found.weights.values()):
        return UnitRun(unit, seed, {}, failure="training diverged: a weight is not finite")
    return UnitRun(unit, seed, {cell: observables(settings, cell, found) for cell in cells})


def observables(settings: Settings, cell: Point, found: Measured) -> dict[str, float | None]:
    """What the weights of a run store, written in the bits of a cell."""
    bits, asked = cell["b"], len(found.answers) * math.log2(settings.world.answers)
    number, here = size(settings, cell), found.bits[cell["b"]]

    def excess(precision: int | None) -> float | None:
        if precision is None or settings.training.binary:
            return None
        return (found.bits[FLOAT] - found.bits[precision]) / number["P"] - MARGIN

    now, half, fourfold = excess(bits), excess(_half(bits)), excess(_fourfold(bits))
    return {
        "stored_fraction": here / asked,
        "stored_bits": here,
        "bits_per_parameter": here / number["P"],
        "bits_per_written_bit": here / number["B"],
        "wrong_answers": found.wrong[bits],
        "bits_lost": None if now is None else now + MARGIN,
        "rounding_excess": now,
        "rounding_excess_half": half,
        "rounding_shortfall": None if now is None else -now,
        "rounding_shortfall_fourfold": None if fourfold is None else -fourfold,
    }


def size(settings: Settings, cell: Point) -> dict[str, int]:
    """P and B of a cell."""
    model, answers = settings.model, settings.world.answers
    number = parameters(model, cell["h"], answers)
    matrices = len(shapes(model, cell["h"], answers))
    return {"P": number, "B": written_bits(number, matrices, cell["b"], binary=settings.training.binary)}
