"""Training on a corpus: one loop for pre-training and fine-tuning, whatever computes the gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.config import Finetuning, Pretraining
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.engine.autograd import Autograd
from empirics.experiments.one_layer.engine.backend import Backend
from empirics.experiments.one_layer.engine.captured import Captured
from empirics.experiments.one_layer.engine.compiled import CompiledEngine
from empirics.experiments.one_layer.engine.low_rank import LowRank
from empirics.experiments.one_layer.engine.stacked import StackedEngine, room
from empirics.experiments.one_layer.optimise import Stage, optimizer
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.schedule import schedule_factor
from empirics.experiments.protocol import Curve, logarithmic_steps

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
    """Train one model per (weights, corpus, seed), from copies; the result of each is independent of the others.

    Mini-batches and low-rank updates draw from the seeds. ``floor``, in nats, is subtracted from the loss before it is
    compared with ``target_gap``; ``watch`` is called at the steps at which the loss is recorded.

    Raises ValueError: low-rank fine-tuning with trained embeddings or mini-batches.
    """
    # Models that stop at a target gap stop at steps of their own: they are not stacked.
    stacked = not (_on_cpu(weights) or _needs_autograd(model, stage) or _target(stage))
    size = min(len(weights), room(weights[0], corpora[0])) if stacked else 1
    results: list[Trained] = []
    for start in range(0, len(weights), size):
        part = slice(start, start + size)
        engine = backend(weights[part], corpora[part], model, stage, seeds[part])
        results += descend(engine, stage, floor=floor, watch=watch, first=start)
    return results


def backend(
    weights: Sequence[Parameters],
    corpora: Sequence[Sequence[Rows]],
    model: configuration.Model,
    stage: Stage,
    seeds: Sequence[int],
) -> Backend:
    """What computes losses and gradients: one model on a CPU, several on an accelerator, autograd for the rest."""
    low_rank = stage if isinstance(stage, Finetuning) and stage.method == "lora" else None
    if _needs_autograd(model, stage):
        if low_rank:
            raise ValueError("low-rank fine-tuning needs the full batch and one-hot embeddings")
        return Autograd(weights[0], corpora[0], model, batch_size=stage.batch_size, seed=seeds[0])
    if _on_cpu(weights):
        engine: CompiledEngine | StackedEngine = CompiledEngine(weights[0], corpora[0], model)
    else:
        engine = StackedEngine(weights, corpora, model)
    whole: Backend = LowRank(engine, low_rank, seeds) if low_rank else engine
    return Captured(whole) if weights[0].output.is_cuda else whole


def descend(
    engine: Backend, stage: Stage, *, floor: float = 0.0, watch: Watch | None = None, first: int = 0
) -> list[Trained]:
    """All steps of a stage on the models of a back end; ends early at the target gap or on divergence.

    ``floor`` and ``watch`` as in :func:`train`; ``first`` is what ``watch`` calls the first model, the others follow.
    """
    move = optimizer(engine.trained, stage)
    recorded = set(logarithmic_steps(stage.steps))
    steps: list[int] = []
    losses: list[list[float]] = []  # at each of these steps one for each model
    seen: list[list[Mapping[str, float]]] = []
    for step in range(stage.steps + 1):
        if step in recorded:
            steps.append(step)
            losses.append(engine.losses())
            if watch is not None:
                seen.append([watch(i, w) for i, w in enumerate(engine.weights(), start=first)])
            if step == stage.steps or _ended(stage, losses[-1], floor):
                break
        engine.gradients()
        move.step(schedule_factor(stage.schedule, step, stage.steps))
    results = []
    for model, weights in enumerate(engine.weights()):
        loss = Curve(tuple(steps), tuple(row[model] for row in losses))
        watched = [row[model] for row in seen]
        names = watched[0] if watched else ()
        curves = {name: Curve(tuple(steps), tuple(values[name] for values in watched)) for name in names}
        results.append(Trained(weights, loss, curves))
    return results


def _on_cpu(weights: Sequence[Parameters]) -> bool:
    return weights[0].output.device.type == "cpu"


def _needs_autograd(model: configuration.Model, stage: Stage) -> bool:
    """Whether a stage is outside the closed forms."""
    return model.trained_embeddings or stage.batch_size > 0


def _target(stage: Stage) -> float:
    return stage.target_gap if isinstance(stage, Pretraining) else 0.0


def _ended(stage: Stage, losses: Sequence[float], floor: float) -> bool:
    """Whether every model diverged, or every one reached the target gap."""
    if not any(math.isfinite(loss) for loss in losses):
        return True
    return _target(stage) > 0 and all(loss - floor <= _target(stage) for loss in losses)
