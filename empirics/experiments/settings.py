"""The sections that the settings of every experiment share."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from empirics.judging.settings import Settings as Judging
from empirics.settings import Count, Section, Seed, refuse

__all__ = ["Arms", "Compute", "ExperimentSettings", "Seeds", "check_grid"]


class Arms(Section):
    """Variants of the main configuration that run beside it (:mod:`empirics.experiments.arms`).

    An experiment adds a key for each axis of its grid, named as in its world: the
    cells of the main grid at which arms run (empty: all).
    """

    run: tuple[str, ...] = ()


class Seeds(Section):
    """How many independent worlds and initialisations."""

    minimum: Count = 8
    maximum: Count = 32
    base: Seed = 0


class Compute(Section):
    """Arithmetic and device; the number of processes is a command line option."""

    dtype: str = "float64"
    device: Literal["cpu", "cuda", "auto"] = "cpu"


class ExperimentSettings(Section):
    """What the settings of every experiment hold; an experiment adds sections of its own."""

    arms: Arms = Arms()
    seeds: Seeds = Seeds()
    verdict: Judging = Judging()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _shared(self) -> Self:
        if self.seeds.maximum < self.seeds.minimum:
            refuse("seeds.maximum", self.seeds.maximum, f"at least seeds.minimum, here {self.seeds.minimum}")
        if len(set(self.arms.run)) != len(self.arms.run):
            refuse("arms.run", list(self.arms.run), "names that differ from each other")
        return self


def check_grid(templates: tuple[int, ...], multiplicity: tuple[int, ...], finetuned: tuple[int, ...]) -> None:
    """Refuse axes of a grid of facts that no world has: a value twice, or more templates of a fact than there are."""
    for name, axis in (("templates", templates), ("multiplicity", multiplicity), ("finetuned", finetuned)):
        if len(set(axis)) != len(axis):
            refuse(f"world.{name}", list(axis), "values that differ from each other")
    if max(multiplicity) > min(templates):
        least = f"K <= |R|, here at most {min(templates)} (the least of world.templates)"
        refuse("world.multiplicity", max(multiplicity), least)
