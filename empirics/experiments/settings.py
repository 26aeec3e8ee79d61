"""The sections that the settings of every experiment share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from empirics.judging.settings import Settings as Judging
from empirics.settings import Count, Section, Seed, listed, refuse
from theory.html import brief, html_table

__all__ = ["Arms", "Compute", "ExperimentSettings", "GridArms", "Limit", "Seeds", "check_grid"]


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
            refuse("seeds.looks", list(self.looks), "increasing numbers of seeds, as in [16,32]")
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


@dataclass(frozen=True)
class Limit:
    """Every value of the axis ``key`` is at most (``below``: less than) every value of ``by``; 0 there is no limit.

    ``text`` says it in symbols, as in "N_f < S". An axis that the user did not set is clipped, one that he set refused.
    """

    key: str
    by: str
    text: str
    below: bool = False

    def most(self, by: Any) -> int | None:
        """The greatest value that a value, or a list of them, of ``by`` allows; None if there is no limit."""
        least = min(by) if isinstance(by, list | tuple) else by
        if least and least - self.below < 1:
            refuse(self.by, least, f"at least 2, since {self.text}")
        return least - self.below if least else None

    def check(self, settings: Section) -> None:
        """Refuse values beyond the limit."""
        axis, by = (_value(settings, key) for key in (self.key, self.by))
        most = self.most(by)
        if most is not None and max(axis) > most:
            rest = [n for n in axis if n <= most] or [most]
            here = f"here at most {most} ({self.by}={listed(by)})"
            refuse(self.key, max(axis), f"{self.text}, {here}; try {self.key}={listed(rest)}")


def _value(settings: Section, key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(getattr(settings, section), name)


class ExperimentSettings(Section):
    """What the settings of every experiment hold; an experiment adds sections of its own.

    Attributes:
        follows: keys that take the value of another key where the user set that one alone.
        limits: axes that another key limits.
    """

    follows: ClassVar[Mapping[str, str]] = {}
    limits: ClassVar[tuple[Limit, ...]] = ()

    arms: Arms = Arms()
    seeds: Seeds = Seeds()
    verdict: Judging = Judging()
    compute: Compute = Compute()

    def __repr__(self) -> str:
        """In a line: what is not the default of its kind; the whole is ``model_dump()``."""
        differing = [f"{key}={brief(value)}" for key, value, default in self._values() if value != default]
        return f"{type(self).__name__}({', '.join(differing) or 'all defaults'})"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        """In a notebook: a row for each key, with the default where the value is another one."""
        rows = ((key, brief(value), "" if value == usual else brief(usual)) for key, value, usual in self._values())
        return html_table(type(self).__name__, [("key", "value", "default"), *rows])

    def _values(self) -> Iterator[tuple[str, Any, Any]]:
        """Each key with its value and its default."""
        for name, field in type(self).model_fields.items():
            usual = field.get_default(call_default_factory=True)
            for key, value in getattr(self, name):
                yield f"{name}.{key}", value, getattr(usual, key, None)

    @model_validator(mode="after")
    def _shared(self) -> Self:
        if len(set(self.arms.run)) != len(self.arms.run):
            refuse("arms.run", list(self.arms.run), "distinct names")
        for limit in self.limits:
            limit.check(self)
        return self


MULTIPLICITY = Limit("world.multiplicity", "world.templates", "K <= |R|")
"""The limit of every grid of facts."""


def check_grid(templates: tuple[int, ...], multiplicity: tuple[int, ...], finetuned: tuple[int, ...]) -> None:
    """Refuse axes of a grid of facts with a duplicate value."""
    for name, axis in (("templates", templates), ("multiplicity", multiplicity), ("finetuned", finetuned)):
        if len(set(axis)) != len(axis):
            refuse(f"world.{name}", list(axis), "distinct values")
