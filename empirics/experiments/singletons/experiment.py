"""Arbitrary facts and singletons, as an experiment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from empirics.experiments import world
from empirics.experiments.document import Measured
from empirics.experiments.presentation import Shown
from empirics.experiments.protocol import Experiment, Point, UnitRun
from empirics.experiments.singletons.config import Config
from empirics.experiments.singletons.observables import OBSERVABLES
from theory.claims import kalai
from theory.claims.kalai.paper import NOTATION

OVERLAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "abstaining": {"model.kind": "abstaining"},
    "guessing": {"model.kind": "guessing"},
    "transformer": {
        # A world of its own: it is asked every prompt, so there are few.
        "model.kind": "transformer",
        "world.prompts": 1000,
        "world.answers": 20,
        "world.examples": [300, 1000],
        "world.exponent": [0.5],
    },
}


class Singletons(Experiment):
    """Draws prompts from a heavy-tailed law, lets a model learn their answers, and asks it again."""

    name = "singletons"
    title = "models of arbitrary facts"
    notation = NOTATION
    axes = {"s": "world.exponent", "N": "world.examples"}  # noqa: RUF012 - read only
    settings = Config
    observables = OBSERVABLES
    overlays = OVERLAYS
    sources = (Path(world.__file__), Path(str(kalai.__file__)).parent)
    aside = ("presets", "report.py")
    libraries = ("torch", "numpy")

    def run(self, settings: Config, unit: Point, seeds: Sequence[int], device: str) -> list[UnitRun]:
        """One run a seed."""
        return next(self.run_arms([settings], unit, seeds, device))

    def run_arms(
        self, settings: Sequence[Config], unit: Point, seeds: Sequence[int], device: str
    ) -> Iterator[list[UnitRun]]:
        """Arms of one world: each seed's is drawn once."""
        from empirics.experiments.singletons.run import runs

        of_seeds = [runs(settings, unit, seed) for seed in seeds]
        return iter([list(of_arm) for of_arm in zip(*of_seeds, strict=True)])

    def start(self, settings: Config) -> str:
        """The world: all but the model."""
        found = self.deciding(settings)
        del found["model"]
        return json.dumps(found, sort_keys=True)

    def symbols(self, settings: Config, cell: Point) -> Mapping[str, float]:
        """The singleton rate and the calibration error are measured, and differ from run to run."""
        return {**dict(cell.values), "M": settings.world.prompts, "A": settings.world.answers}

    def show(self, subject: Measured) -> Shown:
        """Errors beside the floors, cell by cell."""
        from empirics.experiments.singletons.report import show

        return show(subject)

    def cost(self, settings: Config, unit: Point) -> float:
        """Prompts and examples; for the transformer, products of training."""
        world, model = settings.world, settings.model
        if model.kind == "transformer":
            return float(model.steps * world.prompts * model.width)
        return float(unit["N"] + world.prompts)

    def memory(self, settings: Config, unit: Point) -> tuple[int, str]:
        """Law, answers and counts; or the examples."""
        prompts, examples = 48 * settings.world.prompts, 32 * unit["N"]
        return prompts + examples, "world.prompts" if prompts > examples else "world.examples"


EXPERIMENT = Singletons()
