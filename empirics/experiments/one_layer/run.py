"""One run: pre-train once per (|R|, K, seed), fine-tune for every N_f, measure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import NDArray

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.corpus import finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.measure.collect import measure_finetuned, measure_pretrained, watched
from empirics.experiments.one_layer.parameters import Parameters, initial_parameters
from empirics.experiments.one_layer.predict.predictors import measured_and_predicted
from empirics.experiments.one_layer.train import Trained, train
from empirics.experiments.protocol import Curve, Point, UnitRun
from empirics.experiments.world import World, draw_world
from theory.html import html_table
from theory.plural import counted


@dataclass(frozen=True, repr=False)
class Finished:
    """One inspectable run: the world drawn, the weights, the curves, the observables."""

    world: World
    pretrained: Parameters
    finetuned: Parameters
    curves: dict[str, Curve]
    observables: dict[str, float | None]

    def __repr__(self) -> str:
        """In a line."""
        sizes = self.world.vocabulary
        return (
            f"Finished({counted(sizes.subjects, 'fact')}, {counted(sizes.templates, 'template')}; "
            f"ood_error={self.observables['ood_error']})"
        )

    def _repr_html_(self) -> str:
        """In a notebook: what was measured."""
        return html_table(repr(self), self.observables.items())

    def arrays(self) -> dict[str, dict[str, NDArray[Any]]]:
        """The weights before and after fine-tuning."""
        return {
            name: {key: value.numpy() for key, value in weights.tensors().items()}
            for name, weights in (("pretrained", self.pretrained), ("finetuned", self.finetuned))
        }

    def drawn(self) -> dict[str, Any]:
        """Sizes, templates of each fact, answers and the order of fine-tuning."""
        return {
            "subjects": self.world.vocabulary.subjects,
            "templates": self.world.vocabulary.templates,
            "answers": self.world.vocabulary.answers,
            "own_templates": self.world.own_templates.tolist(),
            "answer_of": self.world.answer_of.tolist(),
            "finetuning_order": self.world.finetuning_order.tolist(),
        }


def run_arms(
    arms: Sequence[Config], unit: Point, seeds: Sequence[int], device: str, *, predicting: bool = False
) -> Iterator[list[UnitRun]]:
    """The runs of each arm at each seed; the arms differ in fine-tuning alone, so all share the pre-trained models.

    With ``predicting`` each run also holds what was predicted of every held-out fact before fine-tuning.
    """
    models = pretrain(arms[0], unit, seeds, device)
    for config in arms:
        yield _runs(config, unit, models, predicting)


def run_one(config: Config, cell: Point, seed: int, device: str) -> Finished:
    """One model, in full: world, weights, curves and observables."""
    (model,) = pretrain(config, cell, [seed], device, features=True)
    finetuned, world, before = cell["N_f"], model.world, model.trained
    (tuned,) = finetune(config, [model], finetuned)
    return Finished(
        world=world,
        pretrained=before.weights,
        finetuned=tuned.weights,
        curves={"pretraining_loss": before.loss, **model.curves, "finetuning_loss": tuned.loss},
        observables=measure_pretrained(config, world, before.weights, model.curves)
        | measure_finetuned(config, world, before.weights, tuned.weights, finetuned),
    )


@dataclass(frozen=True)
class Pretrained:
    """A pre-trained model in its world; the gap, and what was watched, along pre-training."""

    world: World
    seed: int
    trained: Trained
    curves: dict[str, Curve]


def _runs(config: Config, unit: Point, models: Sequence[Pretrained], predicting: bool) -> list[UnitRun]:
    runs: list[UnitRun] = []
    sizes = config.world.finetuned
    for model in models:
        if model.trained.diverged:
            runs.append(UnitRun(unit, model.seed, {}, {}, f"pre-training diverged: {model.trained.diverged}"))
        else:
            shared = measure_pretrained(config, model.world, model.trained.weights, model.curves)
            runs.append(UnitRun(unit, model.seed, {_cell(unit, n): shared for n in sizes}, model.curves))
    alive = [i for i, run in enumerate(runs) if run.failure is None]
    for n in sizes if alive else ():
        for i, after in zip(alive, finetune(config, [models[i] for i in alive], n), strict=True):
            if runs[i].failure is None:
                runs[i] = _with_finetuned(config, runs[i], models[i], after, n, predicting)
    return runs


def _with_finetuned(
    config: Config, run: UnitRun, model: Pretrained, after: Trained, finetuned: int, predicting: bool
) -> UnitRun:
    """The run with what fine-tuning on ``finetuned`` facts gave; without any result if that diverged."""
    if after.diverged:
        why = f"fine-tuning on {counted(finetuned, 'fact')} diverged: {after.diverged}"
        return replace(run, observables={}, curves={}, details={}, failure=why)
    cell, at = _cell(run.unit, finetuned), (config, model.world, model.trained.weights, after.weights, finetuned)
    found, details = measure_finetuned(*at), run.details
    if predicting:
        errors, of_facts = measured_and_predicted(*at)
        found, details = found | errors, {**details, cell: of_facts}
    return replace(run, observables={**run.observables, cell: {**run.observables[cell], **found}}, details=details)


def _cell(unit: Point, finetuned: int) -> Point:
    return Point((*unit.values, ("N_f", finetuned)))


def pretrain(
    config: Config, at: Point, seeds: Sequence[int], device: str, *, features: bool = False
) -> list[Pretrained]:
    """A pre-trained model for each seed, at the values of R and K of ``at``; ``features`` as for :func:`watched`."""
    dtype = {"float32": torch.float32, "float64": torch.float64}[config.compute.dtype]
    worlds = [draw_world(config.world, at["R"], at["K"], seed) for seed in seeds]
    weights = [
        initial_parameters(config.model, world.vocabulary, seed, dtype).to(dtype, torch.device(device))
        for world, seed in zip(worlds, seeds, strict=True)
    ]
    corpora, floor = [pretraining_corpus(world) for world in worlds], math.log(at["K"])
    watch, stage = watched(config, worlds, features=features), config.pretraining
    found = train(weights, corpora, config.model, stage, seeds=seeds, floor=floor, watch=watch)
    models = []
    for world, seed, trained in zip(worlds, seeds, found, strict=True):
        gap = Curve(trained.loss.steps, tuple(value - floor for value in trained.loss.values))
        models.append(Pretrained(world, seed, trained, {"pretraining_gap": gap, **trained.watched}))
    return models


def finetune(config: Config, models: Sequence[Pretrained], finetuned: int) -> list[Trained]:
    """Each model fine-tuned, from a copy, on the first ``finetuned`` facts of its world's order."""
    weights, corpora = [m.trained.weights for m in models], [finetuning_corpus(m.world, finetuned) for m in models]
    return train(weights, corpora, config.model, config.finetuning, seeds=[m.seed for m in models])
