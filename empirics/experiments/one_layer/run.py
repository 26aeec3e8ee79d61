"""The experiment: pre-train once per (|R|, K, seed), fine-tune for every N_f, measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from empirics.experiments.one_layer.config import Config
from empirics.errors import UsageError
from empirics.observables.covering import covering_observables
from empirics.experiments.protocol import Curve, Unit, UnitRun, pretrained_by
from empirics.experiments.one_layer.corpus import finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.measure.collect import measure_finetuned, measure_pretrained, watched
from empirics.experiments.one_layer.parameters import Parameters, initial_parameters
from empirics.experiments.one_layer.train import Trained, train
from empirics.experiments.world import World, draw_world

__all__ = ["Finished", "OneLayer", "resolve_device", "run_one"]


def resolve_device(name: str) -> torch.device:
    """The device that a configuration names.

    Raises:
        UsageError: cuda is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "compute.device='cuda' is refused: this machine (or this build of torch) has no CUDA device; "
            "allowed here are cpu, auto"
        )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


@dataclass(frozen=True)
class Finished:
    """One inspectable run: the world, the weights, the curves, the observables."""

    world: World
    pretrained: Parameters
    finetuned: Parameters
    curves: dict[str, Curve]
    observables: dict[str, float | None]


class OneLayer:
    """The one-layer transformer on synthetic worlds."""

    name = "one-layer"

    def __init__(self) -> None:
        self._latest: tuple[object, tuple[list[World], list[Trained]]] | None = None

    def run(self, config: Config, unit: Unit, seeds: Sequence[int]) -> list[UnitRun]:
        """Observables of all N_f for each seed; see :class:`empirics.experiments.protocol.Experiment`."""
        worlds, trained = self._pretrained(config, unit, seeds)
        runs: list[UnitRun] = []
        for world, before, seed in zip(worlds, trained, seeds, strict=True):
            curves = _pretraining_curves(before, unit.multiplicity)
            if before.diverged:
                runs.append(UnitRun(unit, seed, {}, {}, f"pre-training diverged: {before.diverged}"))
            else:
                shared = measure_pretrained(config, world, before.weights, curves)
                runs.append(UnitRun(unit, seed, dict.fromkeys(config.world.finetuned, shared), curves))
        alive = [i for i, run in enumerate(runs) if run.failure is None]
        for n in config.world.finetuned if alive else ():
            chosen = [worlds[i] for i in alive], [trained[i].weights for i in alive], [seeds[i] for i in alive]
            for i, after in zip(alive, _finetune(config, *chosen, n), strict=True):
                runs[i] = self._with_finetuned(config, runs[i], worlds[i], trained[i].weights, after, n)
        return runs

    def _pretrained(self, config: Config, unit: Unit, seeds: Sequence[int]) -> tuple[list[World], list[Trained]]:
        """The pre-trained models; those of the latest call if the same are asked for again."""
        key = unit, tuple(seeds), pretrained_by(config)
        if self._latest is None or self._latest[0] != key:
            self._latest = None  # free the memory before more is taken
            self._latest = key, _pretrain(config, unit, seeds)
        return self._latest[1]

    def measure(
        self, config: Config, world: World, pretrained: Parameters, after: Parameters, finetuned: int
    ) -> tuple[dict[str, float | None], dict[str, tuple[float, ...]]]:
        """Observables of a fine-tuned model, and values for each fact not fine-tuned (none here)."""
        return measure_finetuned(config, world, pretrained, after, finetuned), {}

    def _with_finetuned(
        self, config: Config, run: UnitRun, world: World, pretrained: Parameters, after: Trained, finetuned: int
    ) -> UnitRun:
        """The run with what fine-tuning on ``finetuned`` facts gave; without any result if that diverged."""
        if run.failure is not None:
            return run
        if after.diverged:
            why = f"fine-tuning on {finetuned} facts diverged: {after.diverged}"
            return replace(run, observables={}, curves={}, facts={}, failure=why)
        found, facts = self.measure(config, world, pretrained, after.weights, finetuned)
        return replace(
            run,
            observables={**run.observables, finetuned: {**run.observables[finetuned], **found}},
            facts={**run.facts, finetuned: facts} if facts else run.facts,
        )


def run_one(config: Config, *, templates: int, multiplicity: int, finetuned: int, seed: int) -> Finished:
    """One model, in full: world, weights, curves and observables."""
    unit = Unit(templates, multiplicity)
    (world,), (before,) = _pretrain(config, unit, [seed])
    corpus = finetuning_corpus(world, finetuned)
    tuned = train([before.weights], [corpus], config.model, config.finetuning, seeds=[seed])[0]
    curves = _pretraining_curves(before, multiplicity)
    return Finished(
        world=world,
        pretrained=before.weights,
        finetuned=tuned.weights,
        curves={"pretraining_loss": before.loss, **curves, "finetuning_loss": tuned.loss},
        observables=measure_pretrained(config, world, before.weights, curves)
        | measure_finetuned(config, world, before.weights, tuned.weights, finetuned)
        | dict(covering_observables(finetuned, multiplicity, templates)),
    )


def _pretraining_curves(trained: Trained, multiplicity: int) -> dict[str, Curve]:
    """The gap, and what was watched, along pre-training."""
    gap = Curve(trained.loss.steps, tuple(v - math.log(multiplicity) for v in trained.loss.values))
    return {"pretraining_gap": gap, **trained.watched}


def _pretrain(config: Config, unit: Unit, seeds: Sequence[int]) -> tuple[list[World], list[Trained]]:
    device = resolve_device(config.compute.device)
    dtype = {"float32": torch.float32, "float64": torch.float64}[config.compute.dtype]
    worlds = [draw_world(config.world, unit.templates, unit.multiplicity, seed) for seed in seeds]
    weights = [
        initial_parameters(config.model, world.vocabulary, seed, dtype).to(dtype, device)
        for world, seed in zip(worlds, seeds, strict=True)
    ]
    trained = train(
        weights,
        [pretraining_corpus(world) for world in worlds],
        config.model,
        config.pretraining,
        seeds=seeds,
        floor=math.log(unit.multiplicity),
        watch=watched(config, worlds),
    )
    return worlds, trained


def _finetune(
    config: Config, worlds: Sequence[World], pretrained: Sequence[Parameters], seeds: Sequence[int], finetuned: int
) -> list[Trained]:
    corpora = [finetuning_corpus(world, finetuned) for world in worlds]
    return train(pretrained, corpora, config.model, config.finetuning, seeds=seeds)
