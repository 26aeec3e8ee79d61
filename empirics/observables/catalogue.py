"""Observables by name: shared ones, those that registered experiments own, and third parties'.

Experiments and third parties are found by entry points (``factbound.experiments``,
``factbound.observables``); nothing is imported from above by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from empirics.observables import covering, extraction
from empirics.observables.definition import Observable
from theory.registry import BrokenPluginError

SHARED: Final[tuple[Observable, ...]] = (*extraction.OBSERVABLES, *covering.OBSERVABLES)
"""Those that experiments share: what fine-tuning leaves, and exact probabilities of coverage."""

ENTRY_POINT_GROUP = "factbound.observables"
_EXPERIMENTS = "factbound.experiments"


@lru_cache(maxsize=1)
def observables() -> Mapping[str, Observable]:
    """All known observables; an entry point that is broken, or gives a name that is taken, is left out with a note."""
    known = {item.name: item for item in SHARED}
    experiments = sorted(entry_points(group=_EXPERIMENTS), key=lambda p: p.dist is None or p.dist.name != "factbound")
    for point in experiments:
        try:
            found = point.load().observables
        except Exception:  # a broken experiment is told of where it is asked for
            continue
        _register(point, found, known)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            found = point.load()
        except Exception as error:  # a third party's defect must not end what does not need it
            BrokenPluginError(point, error).tell()
            continue
        _register(point, found if isinstance(found, tuple | list) else (found,), known)
    return MappingProxyType(known)


def _register(point: EntryPoint, items: object, known: dict[str, Observable]) -> None:
    """Add what an entry point gives: all of it, or nothing."""
    with_these = dict(known)
    try:
        for item in items:  # type: ignore[attr-defined] # TypeError is told of
            if not isinstance(item, Observable):
                raise TypeError(f"it gives {type(item).__name__}, not an Observable")
            if with_these.setdefault(item.name, item) is not item:
                raise ValueError(f"observable {item.name} is registered twice, the second time by {point.value}")
    except (TypeError, ValueError) as error:
        BrokenPluginError(point, error).tell()
        return
    known |= with_these
