"""Gradient descent on a corpus: schedules, optimisers, and the loss along the way.

Gradients come from the closed-form engine, on a CPU one model at a time, on an
accelerator stacked; trained embeddings and mini-batches go through autograd on
the same loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.config import Finetuning, Pretraining
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.engine import kernels
from empirics.experiments.one_layer.engine.adapters import Adapters
from empirics.experiments.one_layer.engine.engine import Engine
from empirics.experiments.one_layer.engine.stacked import StackedEngine
from empirics.experiments.one_layer.forward import corpus_loss
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.protocol import Curve

__all__ = ["Trained", "logarithmic_steps", "schedule_factor", "train", "train_one_by_autograd"]

Stage = Pretraining | Finetuning
Watch = Callable[[int, Parameters], Mapping[str, float]]
"""What to measure along training: the model's position in the batch and its weights to values by name."""


@dataclass(frozen=True)
class Trained:
    """The weights after training; the corpus loss, and what was watched, at logarithmically spaced steps."""

    weights: Parameters
    loss: Curve
    watched: Mapping[str, Curve] = field(default_factory=dict)

    @property
    def diverged(self) -> str | None:
        """Why the result is unusable, or None: a loss or a weight that is not finite."""
        if not math.isfinite(self.loss.values[-1]):
            return f"its loss is not finite at step {self.loss.steps[-1]}"
        return None if self.weights.is_finite() else "its weights are not finite"


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
    watch: Watch | None = None,
) -> list[Trained]:
    """Train one model per (weights, corpus); the result of each is independent of the others.

    Args:
        weights: starting points, unchanged.
        corpora: what each is trained on.
        model: the architecture.
        stage: optimiser, steps and step sizes.
        seeds: one per model; mini-batches draw from them.
        floor: subtracted from the loss before it is compared with ``target_gap``.
        watch: measured at the steps at which the loss is recorded.
    """
    if needs_autograd(model, stage):
        return [
            train_one_by_autograd(w, c, model, stage, seed=s, floor=floor, watch=_shifted(watch, i))
            for i, (w, c, s) in enumerate(zip(weights, corpora, seeds, strict=True))
        ]
    if weights[0].output.device.type == "cpu":
        return [
            _train_engine(w, c, model, stage, s, floor, _shifted(watch, i))
            for i, (w, c, s) in enumerate(zip(weights, corpora, seeds, strict=True))
        ]
    batch = 1 if _target(stage) else len(weights)
    results: list[Trained] = []
    for start in range(0, len(weights), batch):
        part = slice(start, start + batch)
        results += _train_stacked(
            weights[part], corpora[part], model, stage, seeds[part], floor, _shifted(watch, start)
        )
    return results


def _shifted(watch: Watch | None, start: int) -> Watch | None:
    """``watch`` for a part of the batch that begins at ``start``."""
    return None if watch is None else lambda i, weights: watch(start + i, weights)


def _look(watch: Watch | None, weights: Callable[[], Sequence[Parameters]]) -> Callable[[], list[Mapping[str, float]]]:
    """What ``watch`` sees of each model at the present."""
    return lambda: [] if watch is None else [watch(i, w) for i, w in enumerate(weights())]


def _curves(steps: tuple[int, ...], seen: Sequence[Sequence[Mapping[str, float]]], model: int) -> dict[str, Curve]:
    """What was seen of one model, by name."""
    if not seen or not seen[0]:
        return {}
    return {name: Curve(steps, tuple(row[model][name] for row in seen)) for name in seen[0][model]}


def needs_autograd(model: configuration.Model, stage: Stage) -> bool:
    """Whether a stage is outside the closed-form engine."""
    return model.trained_embeddings or stage.batch_size > 0


def _train_engine(
    weights: Parameters,
    corpus: Sequence[Rows],
    model: configuration.Model,
    stage: Stage,
    seed: int,
    floor: float,
    watch: Watch | None,
) -> Trained:
    """One model on a CPU, by the compiled engine."""
    engine = Engine(weights, corpus, model)
    look = _look(watch, lambda: [engine.weights()])
    steps, losses, seen = _descend(stage, floor, lambda: [engine.loss()], _stepper(engine, stage, [seed]), look)
    return Trained(engine.weights(), Curve(steps, tuple(row[0] for row in losses)), _curves(steps, seen, 0))


def _train_stacked(
    weights: Sequence[Parameters],
    corpora: Sequence[Sequence[Rows]],
    model: configuration.Model,
    stage: Stage,
    seeds: Sequence[int],
    floor: float,
    watch: Watch | None = None,
) -> list[Trained]:
    """Several models at once, on an accelerator."""
    engine = StackedEngine(weights, corpora, model)
    look = _look(watch, engine.weights)
    steps, losses, seen = _descend(stage, floor, lambda: engine.losses().tolist(), _stepper(engine, stage, seeds), look)
    curves = zip(*losses, strict=True)
    return [
        Trained(w, Curve(steps, tuple(c)), _curves(steps, seen, i))
        for i, (w, c) in enumerate(zip(engine.weights(), curves, strict=True))
    ]


def _stepper(engine: Engine | StackedEngine, stage: Stage, seeds: Sequence[int]) -> Callable[[float], None]:
    """One step of the optimiser on an engine, full or low-rank, given the schedule's factor."""
    adapters = Adapters(engine, stage, seeds) if isinstance(stage, Finetuning) and stage.method == "lora" else None
    trained = adapters.trained if adapters else engine.trained
    advance = _optimizer([(p, g, _rate(stage, name)) for name, p, g in trained], stage)

    def step(factor: float) -> None:
        engine.gradients()
        if adapters:
            adapters.gradients()
        advance(factor)
        if adapters:
            adapters.materialise()

    return step


def _descend(
    stage: Stage,
    floor: float,
    losses: Callable[[], list[float]],
    step: Callable[[float], None],
    look: Callable[[], list[Mapping[str, float]]],
) -> tuple[tuple[int, ...], list[list[float]], list[list[Mapping[str, float]]]]:
    """All steps of a stage; the losses, and what ``look`` sees, at logarithmically spaced ones.

    Stops at the target gap or on divergence.
    """
    record = set(logarithmic_steps(stage.steps))
    steps: list[int] = []
    table: list[list[float]] = []
    seen: list[list[Mapping[str, float]]] = []
    for number in range(stage.steps + 1):
        if number in record:
            found = losses()
            steps.append(number)
            table.append(found)
            seen.append(look())
            if number == stage.steps or _reached(stage, found, floor):
                break
        step(schedule_factor(stage.schedule, number, stage.steps))
    return tuple(steps), table, seen


def train_one_by_autograd(
    weights: Parameters,
    corpus: Sequence[Rows],
    model: configuration.Model,
    stage: Stage,
    *,
    seed: int,
    floor: float = 0.0,
    watch: Watch | None = None,
) -> Trained:
    """One model by autograd on the same loss: trained embeddings, LoRA, mini-batches; the engine's yardstick."""
    current = weights.clone()
    if isinstance(stage, Finetuning) and stage.method == "lora":
        raise ValueError("low-rank fine-tuning goes through the engine, not through mini-batches or trained embeddings")
    trained = _trainable(current, model)
    groups = [(p, torch.zeros_like(p), _rate(stage, name)) for name, p in trained]
    advance = _optimizer(groups, stage)
    draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 7])))

    def loss() -> list[float]:
        with torch.no_grad():
            return [float(corpus_loss(current, corpus, model))]

    def step(factor: float) -> None:
        part = _mini_batch(corpus, stage.batch_size, draw) if stage.batch_size else corpus
        gradients = torch.autograd.grad(corpus_loss(current, part, model), [p for p, _, _ in groups], allow_unused=True)
        for (_, buffer, _), gradient in zip(groups, gradients, strict=True):
            buffer.zero_() if gradient is None else buffer.copy_(gradient)
        with torch.no_grad():
            advance(factor)

    look = _look(watch, lambda: [current.detached()])
    steps, losses, seen = _descend(stage, floor, loss, step, look)
    return Trained(current.detached(), Curve(steps, tuple(row[0] for row in losses)), _curves(steps, seen, 0))


def _trainable(weights: Parameters, model: configuration.Model) -> list[tuple[str, Tensor]]:
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
    return trained


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


def _reached(stage: Stage, losses: Sequence[float], floor: float) -> bool:
    if not any(math.isfinite(loss) for loss in losses):
        return True
    return _target(stage) > 0 and all(loss - floor <= _target(stage) for loss in losses)


def _optimizer(groups: Sequence[tuple[Tensor, Tensor, float]], stage: Stage) -> Callable[[float], None]:
    """A function that moves the parameters by their gradient buffers, given the schedule's factor."""
    if stage.optimizer != "adam":
        return _descent(groups)
    for parameter, gradient, _ in groups:
        parameter.grad = gradient
    adam = torch.optim.Adam([{"params": [p], "lr": rate} for p, _, rate in groups])

    def adapt(factor: float) -> None:
        for group, (_, _, rate) in zip(adam.param_groups, groups, strict=True):
            group["lr"] = rate * factor
        adam.step()

    return adapt


def _descent(groups: Sequence[tuple[Tensor, Tensor, float]]) -> Callable[[float], None]:
    """Gradient descent; on a CPU by a compiled pass, whose call costs a tenth of torch's."""
    if any(parameter.device.type != "cpu" for parameter, _, _ in groups):

        def descend(factor: float) -> None:
            for parameter, gradient, rate in groups:
                parameter.sub_(gradient, alpha=rate * factor)

        return descend
    flat = [(_flat(parameter), _flat(gradient), rate) for parameter, gradient, rate in groups]

    def descend_compiled(factor: float) -> None:
        for parameter, gradient, rate in flat:
            kernels.descend(parameter, gradient, rate * factor)

    return descend_compiled


def _flat(tensor: Tensor) -> NDArray[np.floating]:
    """The entries of a dense tensor in the order of its memory, as a view."""
    array = tensor.detach().numpy()
    view: NDArray[np.floating] = array.ravel(order="K")
    if not np.shares_memory(array, view):
        raise ValueError("parameters and gradients must be dense in memory")
    return view
