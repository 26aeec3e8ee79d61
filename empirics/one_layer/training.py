"""Gradient descent on a corpus: schedules, optimisers, and the loss along the way.

Gradients come from the closed-form engine; models with trained embeddings, low
rank updates and mini-batches go through autograd on the same loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from empirics import config as configuration
from empirics.config import Finetuning, Pretraining
from empirics.experiment import Curve
from empirics.one_layer.corpus import Rows
from empirics.one_layer.engine import Ensemble
from empirics.one_layer.forward import corpus_loss
from empirics.one_layer.parameters import Parameters

__all__ = ["Trained", "logarithmic_steps", "schedule_factor", "train", "train_one_by_autograd"]

Stage = Pretraining | Finetuning


@dataclass(frozen=True)
class Trained:
    """The weights after training, and the corpus loss at logarithmically spaced steps."""

    weights: Parameters
    loss: Curve


def logarithmic_steps(total: int, per_decade: int = 8) -> tuple[int, ...]:
    """Steps 0, 1, .., ``total``, evenly spaced in the logarithm; both ends included."""
    count = max(2, math.ceil(math.log10(max(total, 2)) * per_decade))
    return tuple(sorted({0, total, *np.rint(np.geomspace(1, max(total, 1), count)).astype(int).tolist()}))


def schedule_factor(schedule: str, step: int, total: int) -> float:
    """Factor on the step size at ``step`` of ``total``.

    constant: 1. cosine: (1 + cos(pi step/total))/2. step: 1, then 1/10 from half of the steps, 1/100 from
    three quarters.
    """
    if schedule == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * step / total))
    if schedule == "step":
        return 1.0 if 2 * step < total else (0.1 if 4 * step < 3 * total else 0.01)
    return 1.0


def train(
    weights: Sequence[Parameters],
    corpora: Sequence[Sequence[Rows]],
    model: configuration.Model,
    stage: Stage,
    *,
    seeds: Sequence[int],
    floor: float = 0.0,
    batch: int = 1,
) -> list[Trained]:
    """Train one model per (weights, corpus); the result of each is independent of the others.

    Args:
        weights: starting points, unchanged.
        corpora: what each is trained on.
        model: the architecture.
        stage: optimiser, steps and step sizes.
        seeds: one per model; mini-batches draw from them.
        floor: subtracted from the loss before it is compared with ``target_gap``.
        batch: how many models are stacked; a matter of speed only.
    """
    if needs_autograd(model, stage):
        return [
            train_one_by_autograd(w, c, model, stage, seed=s, floor=floor)
            for w, c, s in zip(weights, corpora, seeds, strict=True)
        ]
    if _target(stage):
        batch = 1
    results: list[Trained] = []
    for start in range(0, len(weights), batch):
        results += _train_ensemble(weights[start : start + batch], corpora[start : start + batch], model, stage, floor)
    return results


def needs_autograd(model: configuration.Model, stage: Stage) -> bool:
    """Whether a stage is outside the closed-form engine."""
    lora = isinstance(stage, Finetuning) and stage.method == "lora"
    return model.trained_embeddings or lora or stage.batch_size > 0


def _train_ensemble(
    weights: Sequence[Parameters],
    corpora: Sequence[Sequence[Rows]],
    model: configuration.Model,
    stage: Stage,
    floor: float,
) -> list[Trained]:
    ensemble = Ensemble(weights, corpora, model)
    groups = [(p, g, _rate(stage, name)) for name, p, g in ensemble.trained]
    advance = _optimizer(groups, stage)
    record = logarithmic_steps(stage.steps)
    steps: list[int] = []
    losses: list[Tensor] = []
    following = iter(record)
    pending = next(following)
    for step in range(stage.steps + 1):
        if step == pending:
            loss = ensemble.losses()
            steps.append(step)
            losses.append(loss)
            if step == stage.steps or _reached(stage, loss, floor):
                break
            pending = next(following)
        ensemble.gradients()
        advance(schedule_factor(stage.schedule, step, stage.steps))
    table = torch.stack(losses, dim=1).tolist()
    return [Trained(w, Curve(tuple(steps), tuple(row))) for w, row in zip(ensemble.weights(), table, strict=True)]


def train_one_by_autograd(
    weights: Parameters,
    corpus: Sequence[Rows],
    model: configuration.Model,
    stage: Stage,
    *,
    seed: int,
    floor: float = 0.0,
) -> Trained:
    """One model by autograd on the same loss: trained embeddings, LoRA, mini-batches; the engine's yardstick."""
    current = weights.clone()
    lora = stage if isinstance(stage, Finetuning) and stage.method == "lora" else None
    current, trained, materialise = _adapters(current, model, lora, seed) if lora else _trainable(current, model)
    groups = [(p, torch.zeros_like(p), _rate(stage, name)) for name, p in trained]
    advance = _optimizer(groups, stage)
    draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 7])))
    record = set(logarithmic_steps(stage.steps))
    steps: list[int] = []
    losses: list[float] = []
    for step in range(stage.steps + 1):
        if step in record:
            with torch.no_grad():
                loss = corpus_loss(materialise(), corpus, model)
            steps.append(step)
            losses.append(float(loss))
            if step == stage.steps or _reached(stage, loss.double()[None], floor):
                break
        part = _mini_batch(corpus, stage.batch_size, draw) if stage.batch_size else corpus
        gradients = torch.autograd.grad(
            corpus_loss(materialise(), part, model), [p for p, _, _ in groups], allow_unused=True
        )
        for (_, buffer, _), gradient in zip(groups, gradients, strict=True):
            buffer.zero_() if gradient is None else buffer.copy_(gradient)
        with torch.no_grad():
            advance(schedule_factor(stage.schedule, step, stage.steps))
    final = materialise()
    return Trained(final.detached(), Curve(tuple(steps), tuple(losses)))


def _trainable(
    weights: Parameters, model: configuration.Model
) -> tuple[Parameters, list[tuple[str, Tensor]], Callable[[], Parameters]]:
    trained = []
    if model.train_input and model.mlp:
        trained.append(("input", weights.input))
    if model.train_output:
        trained.append(("output", weights.output))
    if model.attention:
        trained.append(("attention", weights.attention))
    if weights.embedding is not None:
        trained.append(("embedding", weights.embedding))
    for _, parameter in trained:
        parameter.requires_grad_(True)
    return weights, trained, lambda: weights


def _adapters(
    weights: Parameters, model: configuration.Model, stage: Finetuning, seed: int
) -> tuple[Parameters, list[tuple[str, Tensor]], Callable[[], Parameters]]:
    """LoRA: each target gets an update ``left @ right`` of the given rank, one factor starting at zero.

    The factor on the token side starts at zero, the other at N(0, 1/rank); all else is frozen.
    """
    generator = torch.Generator().manual_seed(seed)
    trained: list[tuple[str, Tensor]] = []
    factors: dict[str, tuple[Tensor, Tensor]] = {}
    for target in stage.targets:
        matrix: Tensor = getattr(weights, target)
        rows, columns = matrix.shape
        left = torch.zeros(rows, stage.rank, dtype=matrix.dtype, device=matrix.device).requires_grad_(True)
        right = (torch.randn(stage.rank, columns, generator=generator, dtype=torch.float64) / math.sqrt(stage.rank)).to(
            matrix
        )
        right.requires_grad_(True)
        factors[target] = (left, right)
        trained += [(target, left), (target, right)]

    def materialise() -> Parameters:
        return replace(weights, **{name: getattr(weights, name) + a @ b for name, (a, b) in factors.items()})

    return weights, trained, materialise


def _mini_batch(corpus: Sequence[Rows], size: int, draw: np.random.Generator) -> list[Rows]:
    """``size`` rows of each shape, with replacement, reweighted so that the gradient is unbiased."""
    part = []
    for rows in corpus:
        chosen = draw.integers(0, len(rows.tokens), size=size)
        part.append(Rows(rows.tokens[chosen], rows.targets[chosen], rows.weight * len(rows.tokens) / size))
    return part


def _rate(stage: Stage, name: str) -> float:
    return stage.attention_learning_rate if name == "attention" else stage.learning_rate


def _target(stage: Stage) -> float:
    return stage.target_gap if isinstance(stage, Pretraining) else 0.0


def _reached(stage: Stage, loss: Tensor, floor: float) -> bool:
    if not bool(torch.isfinite(loss).all()):
        return len(loss) == 1
    return _target(stage) > 0 and bool((loss - floor <= _target(stage)).all())


def _optimizer(groups: Sequence[tuple[Tensor, Tensor, float]], stage: Stage) -> Callable[[float], None]:
    """A function that moves the parameters by their gradient buffers, given the schedule's factor."""
    if stage.optimizer != "adam":

        def descend(factor: float) -> None:
            for parameter, gradient, rate in groups:
                parameter.sub_(gradient, alpha=rate * factor)

        return descend
    for parameter, gradient, _ in groups:
        parameter.grad = gradient
    adam = torch.optim.Adam([{"params": [p], "lr": rate} for p, _, rate in groups])

    def adapt(factor: float) -> None:
        for group, (_, _, rate) in zip(adam.param_groups, groups, strict=True):
            group["lr"] = rate * factor
        adam.step()

    return adapt
