"""Associative memories of random facts, as an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from empirics.experiments.associative_memory.config import Config, dimension, hidden_width
from empirics.experiments.associative_memory.observables import OBSERVABLES
from empirics.experiments.document import Measured
from empirics.experiments.presentation import Shown
from empirics.experiments.protocol import Experiment, Point, UnitRun
from theory.claims.nichani.paper import NOTATION

_HERE = Path(__file__).parent


class AssociativeMemory(Experiment):
    """Stores random one-to-one facts in a memory and counts which are recalled."""

    name = "associative-memory"
    title = "associative memories"
    notation = NOTATION
    axes = {"N": "world.facts", "c": "world.size"}  # noqa: RUF012 - as the protocol has it
    settings = Config
    observables = OBSERVABLES
    leading = "hebbian"
    overlays = {  # noqa: RUF012
        "trained": {"memory.rule": "trained"},
        "best": {"memory.rule": "best"},
        "decoupled": {"memory.rule": "best", "world.decoupled": True},
        "mlp": {"memory.rule": "best", "memory.width": 1.0},
    }
    aside = ("presets", "report.py", "law.py", "capacity.py")
    sources = (_HERE.parent / "world.py",)
    libraries = ("numpy", "scipy")

    def run(self, settings: Config, unit: Point, seeds: Sequence[int], device: str) -> list[UnitRun]:
        """One world, one memory a seed."""
        from empirics.experiments.associative_memory.run import measure

        return [UnitRun(unit, seed, {unit: measure(settings, unit, seed)}) for seed in seeds]

    def symbols(self, settings: Config, cell: Point) -> Mapping[str, float]:
        """N and c, and the dimension and width that they give."""
        d = dimension(cell["N"], cell["c"])
        width = hidden_width(settings, d)
        return {"N": cell["N"], "c": cell["c"], "d": d} | ({"m": width} if width else {})

    def show(self, subject: Measured) -> Shown:
        """All cells in one table, and both criteria against the size."""
        from empirics.experiments.associative_memory.report import shown

        return shown(subject)

    def cost(self, settings: Config, unit: Point) -> float:
        """Of the best memory: linear systems in the number of weights."""
        d = dimension(unit["N"], unit["c"])
        return float(unit["N"] ** 2 * d + (settings.memory.rule == "best") * d**6)

    def memory(self, settings: Config, unit: Point) -> tuple[int, str]:
        """Scores of all pairs; for the best memory also the coefficients of as many pairs as it has weights."""
        d = dimension(unit["N"], unit["c"])
        weights = d * (hidden_width(settings, d) or d)
        pairs = unit["N"] ** 2 * (d if settings.world.decoupled else 1)
        return 8 * (3 * pairs + (settings.memory.rule == "best") * weights**2), "world.facts"


EXPERIMENT = AssociativeMemory()
