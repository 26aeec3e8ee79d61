"""Observables by name: shared ones, those that registered experiments own, and third parties'.

Experiments and third parties are found by entry points (``factbound.experiments``,
``factbound.observables``); nothing is imported from above by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from empirics.observables.definition import Observable
from empirics.observables.shared import SHARED

__all__ = ["ENTRY_POINT_GROUP", "observables"]

ENTRY_POINT_GROUP = "factbound.observables"
_EXPERIMENTS = "factbound.experiments"


@lru_cache(maxsize=1)
def observables() -> Mapping[str, Observable]:
    """All known observables.

    Raises:
        TypeError: an entry point gives something else.
        ValueError: a name is taken.
    """
    known = {item.name: item for item in SHARED}
    for item, origin in _registered():
        if not isinstance(item, Observable):
            raise TypeError(f"{origin} gives {type(item).__name__}, not an Observable")
        if known.setdefault(item.name, item) is not item:
            raise ValueError(f"observable {item.name} is registered twice, the second time by {origin}")
    return MappingProxyType(known)


def _registered() -> Iterator[tuple[object, str]]:
    for point in entry_points(group=_EXPERIMENTS):
        try:
            found = point.load().observables
        except Exception:  # a broken experiment is told of where it is asked for
            continue
        for item in found:
            yield item, _origin(point)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        loaded = point.load()
        for item in loaded if isinstance(loaded, tuple | list) else (loaded,):
            yield item, _origin(point)


def _origin(point: EntryPoint) -> str:
    return f"entry point {point.name} ({point.value})"
