"""The one-layer transformer on synthetic worlds, as an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from empirics.experiments.defaults import adapted
from empirics.experiments.document import Measured
from empirics.experiments.facts import FactExperiment
from empirics.experiments.one_layer.arms import OVERLAYS
from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.observables import OBSERVABLES
from empirics.experiments.presentation import FigureData, Shown
from empirics.experiments.protocol import FactReader, Point, UnitRun
from empirics.observables.catalogue import SHARED
from theory.claims.xu_chen.paper import NOTATION

if TYPE_CHECKING:
    from empirics.experiments.expectation import Expected
    from empirics.experiments.map_design import MapDesign
    from empirics.experiments.one_layer.run import Finished


class OneLayer(FactExperiment):
    """Pre-trains on synthetic facts, fine-tunes on questions about some, asks about the others."""

    name = "one-layer"
    title = "one-layer transformers"
    notation = NOTATION
    settings = Config
    observables = (*SHARED, *OBSERVABLES)
    premises = {"pretraining_gap": "premise_gap"}  # noqa: RUF012 - read only
    overlays = OVERLAYS
    stacks = 1024
    aside = (
        "presets",
        "report.py",
        "pictures.py",
        "map.py",
        "engine/cache.py",
        "expect.py",
        *(f"predict/{name}" for name in ("features.py", "law.py", "law.json", "stored.py")),
    )
    libraries = ("torch", "numpy", "numba", "llvmlite", "scipy")
    default = True

    def __init__(self, *, predicting: bool = False) -> None:
        """With ``predicting`` each run also holds what was predicted of every held-out fact before fine-tuning."""
        self.predicting = predicting
        if predicting:
            self.name, self.default = "one-layer-predicted", False

    def run_arms(
        self, settings: Sequence[Config], unit: Point, seeds: Sequence[int], device: str
    ) -> Iterator[list[UnitRun]]:
        """Observables of all N_f for each seed, for arms that share their pre-trained models."""
        from empirics.experiments.one_layer.run import run_arms

        return run_arms(settings, unit, seeds, device, predicting=self.predicting)

    def deciding(self, settings: Config) -> dict[str, Any]:
        """Everything that decides a run; the name of a facts file does not."""
        found = super().deciding(settings)
        found["world"].pop("facts")
        return found

    def cost(self, settings: Config, unit: Point) -> float:
        """Products of pre-training."""
        vocabulary = 2 * settings.world.subjects + unit["R"]
        return float((1 + unit["K"]) * vocabulary * settings.pretraining.steps)

    def memory(self, settings: Config, unit: Point) -> tuple[int, str]:
        """Attention scores of every pair of tokens, before and after training, and both other matrices."""
        world = settings.world
        vocabulary = world.subjects + world.answers + unit["R"] + 1 + world.distractor_vocabulary
        itemsize = 8 if settings.compute.dtype == "float64" else 4
        scores, others = 4 * itemsize * vocabulary**2, 8 * itemsize * vocabulary * settings.model.width
        return scores + others, "world.subjects" if scores > others else "model.width"

    def claims(self, arms: Sequence[str]) -> tuple[str, ...]:
        """Every claim on what it measures; those on arms that do not run are told as not tested."""
        from theory import all_claims

        mine = {o.name for o in self.observables}
        return tuple(c.id for c in all_claims() if c.observable in mine)

    def show(self, subject: Measured) -> Shown:
        """Predicted against observed error, the pre-training gap, the headline's answer."""
        from empirics.experiments.one_layer.report import show

        return show(subject)

    def inspect(self, settings: Config, cell: Point, seed: int) -> Finished:
        """One run of one cell, in full."""
        import torch

        from empirics.experiments.one_layer.run import run_one

        torch.set_num_threads(1)
        finished = run_one(settings, cell, seed, "cpu")
        finished.observables.update(self.exact(settings, cell))
        return finished

    def pictures(self, settings: Config, cell: Point, run: Any) -> tuple[FigureData, ...]:
        """Training, attention, features and singular values of a run."""
        from empirics.experiments.one_layer.pictures import pictures

        return pictures(settings, run, cell["N_f"])

    def expect(self, settings: Config, cells: Sequence[Point], worlds: int) -> list[Expected]:
        """The mean OOD error by the law of extraction."""
        from empirics.experiments.one_layer.expect import expect

        return expect(settings, cells, worlds)

    def expect_least(
        self, observable: str, unknown: str, target: float, given: Mapping[str, int | float]
    ) -> Expected | None:
        """The least N_f or K at which the law of extraction expects the OOD error to be at most a target."""
        from empirics.experiments.one_layer.expect import expect_least

        return expect_least(observable, unknown, target, given)

    def map_design(self) -> MapDesign:
        """The map of regimes: where extraction succeeds and fails."""
        from empirics.experiments.one_layer.map import design

        return design(OneLayer(predicting=True))

    def on_facts(self, settings: Config, read: FactReader, relations: Sequence[str]) -> tuple[Config, tuple[str, ...]]:
        """The settings on the first ``world.subjects`` facts of a table.

        The theory's model knows of a fact only its subject's and its answer's number. So with distinct answers real
        facts give the synthetic world of as many subjects; with shared answers they fix which subjects have the same
        one. T(s) and the fine-tuning order of a seed are those of any experiment on the same facts.
        """
        shared = settings.world.answers_shared
        found = read(relations=relations, number=settings.world.subjects, answers_shared=shared)
        world = {
            "facts": found.source,
            "subjects": len(found.answer_of),
            "answers": found.answers,
            "answer_of": found.answer_of if shared else (),
        }
        return adapted(self, settings, {"world": world}), found.lines


EXPERIMENT = OneLayer()
