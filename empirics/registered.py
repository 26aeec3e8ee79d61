"""Observables by name: factbound's own, and third parties' by the entry-point group ``factbound.observables``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from types import MappingProxyType

from empirics.observable import OBSERVABLES, Observable

__all__ = ["ENTRY_POINT_GROUP", "observables"]

ENTRY_POINT_GROUP = "factbound.observables"


@lru_cache(maxsize=1)
def observables() -> Mapping[str, Observable]:
    """All known observables.

    Raises:
        TypeError: an entry point gives something else.
        ValueError: a name is taken.
    """
    known = dict(OBSERVABLES)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        loaded = point.load()
        for item in loaded if isinstance(loaded, tuple | list) else (loaded,):
            if not isinstance(item, Observable):
                kind = type(item).__name__
                raise TypeError(f"entry point {point.name} ({point.value}) gives {kind}, not an Observable")
            if item.name in known:
                raise ValueError(f"observable {item.name} is registered twice, the second time by {point.value}")
            known[item.name] = item
    return MappingProxyType(known)
