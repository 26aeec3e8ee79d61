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
def experiments() -> Mapping[str, Experiment]:
    """All registered experiments by name, the default one first.

    Raises:
        ValueError: a name is taken.
    """
    found: dict[str, Experiment] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        item: Experiment = point.load()
        if item.name in found and found[item.name] is not item:
            raise ValueError(f"experiment {item.name} is registered twice, the second time by {point.value}")
        found[item.name] = item
    return MappingProxyType(dict(sorted(found.items(), key=lambda pair: (not pair[1].default, pair[0]))))


def experiment(name: str | None = None) -> Experiment:
    """The experiment of that name; the default one if None.

    Raises:
        UsageError: there is none; the line lists those there are.
    """
    known = experiments()
    if name is None:
        return next(iter(known.values()))
    if name not in known:
        raise UsageError(f"experiment={name} is unknown: allowed is {', '.join(known)}")
    return known[name]


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
