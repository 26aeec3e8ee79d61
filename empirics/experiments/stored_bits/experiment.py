"""Memories and a small transformer that learn random facts by heart, as an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from empirics.experiments import world
from empirics.experiments.document import Measured
from empirics.experiments.presentation import Shown
from empirics.experiments.protocol import Experiment, Point, UnitRun
from empirics.experiments.stored_bits.config import Settings
from empirics.experiments.stored_bits.observables import OBSERVABLES
from theory.claims.allen_zhu_li.paper import NOTATION


class StoredBits(Experiment):
    """Trains on facts with random answers, writes the weights in few bits, and counts the bits of the facts in them."""

    name = "stored-bits"
    title = "memories of random facts"
    notation = NOTATION
    axes = {  # noqa: RUF012 - read only
        "c": "world.load",
        "h": "model.hidden",
        "t": "training.exposures",
        "b": "storage.bits",
    }
    settings = Settings
    observables = OBSERVABLES
    overlays = {  # noqa: RUF012 - read only
        "transformer": {"model.kind": "transformer", "model.hidden": (64,)},
        "long": {
            "world.load": (2.5,),
            "model.hidden": (32,),
            "training.exposures": (5000,),
            "storage.bits": (32,),
        },
        "binary": {
            "world.answers": 2,
            "world.load": (0.8, 1.25),
            "model.hidden": (0,),
            "model.inputs": 256,
            "model.outputs": 1,
            "training.binary": True,
            "training.exposures": (1000,),
            "training.learning_rate": 0.03,
            "storage.bits": (1,),
        },
    }
    aside = ("presets", "report.py")
    sources = (Path(world.__file__),)
    libraries = ("torch", "numpy")

    def run(self, settings: Settings, unit: Point, seeds: Sequence[int], device: str) -> list[UnitRun]:
        """One model a seed; its weights are written in every precision."""
        from empirics.experiments.stored_bits.run import run_one

        cells = self.cells_of(settings, unit)
        return [run_one(settings, unit, seed, cells) for seed in seeds]

    def symbols(self, settings: Settings, cell: Point) -> Mapping[str, float]:
        """The cell's own, and the numbers of facts, answers, parameters and written bits."""
        from empirics.experiments.stored_bits.models import facts
        from empirics.experiments.stored_bits.run import size

        number = facts(settings, cell["c"], cell["h"])
        return {**dict(cell.values), "S": number, "A": settings.world.answers, **size(settings, cell)}

    def show(self, subject: Measured) -> Shown:
        """Bits per parameter of every cell, and the most that was stored."""
        from empirics.experiments.stored_bits.report import show

        return show(subject)

    def cost(self, settings: Settings, unit: Point) -> float:
        """Products of training."""
        from empirics.experiments.stored_bits.models import facts, parameters

        number = parameters(settings.model, unit["h"], settings.world.answers)
        return float(unit["t"] * facts(settings, unit["c"], unit["h"]) * number)


EXPERIMENT = StoredBits()
