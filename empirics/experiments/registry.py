"""The registry of experiments: ours and third parties', by the entry-point group ``factbound.experiments``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.facts import FactTable
from empirics.experiments.protocol import Experiment

__all__ = ["ENTRY_POINT_GROUP", "experiment", "experiments", "on_facts"]

ENTRY_POINT_GROUP = "factbound.experiments"


@lru_cache(maxsize=1)
def _loaded() -> tuple[Mapping[str, Experiment], Mapping[str, Exception]]:
    """Experiments by name, and what went wrong with the others; it is raised where one of them is asked for."""
    found: dict[str, Experiment] = {}
    broken: dict[str, Exception] = {}
    default = ""
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            item: Experiment = point.load()
            if item.default and point.dist is not None and point.dist.name == "factbound":
                default = item.name
            if found.setdefault(item.name, item) is not item:
                broken[item.name] = ValueError(
                    f"experiment {item.name} is registered twice, the second time by {point.value}"
                )
        except Exception as error:  # a third party's defect must not end the commands that do not need it
            broken[point.name] = error
    return MappingProxyType(dict(sorted(found.items(), key=lambda pair: (pair[0] != default, pair[0])))), broken


def experiments() -> Mapping[str, Experiment]:
    """All registered experiments by name, the default one first; broken ones are left out."""
    return _loaded()[0]


def experiment(name: str | None = None) -> Experiment:
    """The experiment of that name; the default one if None.

    Raises:
        UsageError: there is none; the line lists those there are.
        Exception: whatever was raised when its package was loaded; ValueError if two have this name.
    """
    known, broken = _loaded()
    chosen = next(iter(known)) if name is None else name
    if chosen in broken:
        raise broken[chosen]
    if chosen not in known:
        raise UsageError(f"experiment={chosen} is unknown: allowed is {', '.join(known)}")
    return known[chosen]


def on_facts(item: Experiment, settings: Any, source: str, relations: Sequence[str]) -> tuple[Any, tuple[str, ...]]:
    """The experiment's settings on a table of real facts, read by whichever experiment reads facts.

    Returns:
        The settings, and how the facts were chosen, in words.

    Raises:
        UsageError: nothing reads them, the experiment takes none, or too few are left.
    """

    def read(*, relations: Sequence[str], number: int, answers_shared: bool) -> FactTable:
        for other in experiments().values():
            found = other.read_facts(source, relations=relations, number=number, answers_shared=answers_shared)
            if found is not None:
                return found
        raise UsageError(f"--facts={source} is refused: no experiment here reads facts")

    return item.on_facts(settings, read, relations)
