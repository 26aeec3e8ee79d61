"""The sections that the settings of every experiment share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from empirics.judging.settings import Settings as Judging
from empirics.settings import Count, Section, Seed, refuse

__all__ = ["Arms", "Compute", "ExperimentSettings", "GridArms", "Seeds", "check_grid"]


class Arms(Section):
    """Variants of the main configuration that run beside it (:mod:`empirics.experiments.arms`).

    An experiment adds a key for each axis of its grid, named as in its world: the
    cells of the main grid at which arms run (empty: all).
    """

    run: tuple[str, ...] = ()


class GridArms(Arms):
    """The same on a grid of facts."""

    templates: tuple[Count, ...] = ()
    multiplicity: tuple[Count, ...] = ()
    finetuned: tuple[Count, ...] = ()


class Seeds(Section):
    """At how many seeds (independent worlds and initialisations) the data are looked at; every unit takes the same.

    ``minimum`` and ``maximum`` of earlier versions are read as the first and the last look.
    """

    looks: Annotated[tuple[Count, ...], Field(min_length=1)] = (16, 32)
    base: Seed = 0

    @model_validator(mode="before")
    @classmethod
    def _migrated(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not {"minimum", "maximum"} & set(data):
            return data
        kept = {key: value for key, value in data.items() if key not in ("minimum", "maximum")}
        known = kept.get("looks", cls.model_fields["looks"].default)
        first, last = data.get("minimum", known[0]), data.get("maximum", known[-1])
        if isinstance(first, int) and isinstance(last, int) and last < first:
            if "maximum" in data:
                refuse("seeds.maximum", last, f"at least seeds.minimum, here {first}")
            last = first
        return kept | {"looks": (first,) if first == last else (first, last)}

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if list(self.looks) != sorted(set(self.looks)):
            refuse("seeds.looks", list(self.looks), "numbers of seeds that rise, as in [16,32]")
        return self

    @property
    def minimum(self) -> int:
        """Seeds at the first look."""
        return self.looks[0]

    @property
    def maximum(self) -> int:
        """Seeds at the last look."""
        return self.looks[-1]


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
