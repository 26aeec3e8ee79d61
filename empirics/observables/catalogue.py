"""Observables by name: shared ones, those that registered experiments own, and third parties'.

Experiments and third parties are found as plug-ins (``factbound.experiments``, ``factbound.observables``, files of the
user's); nothing is imported from above by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from empirics.observables import covering, extraction
from empirics.observables.definition import Observable
from theory.plugins import BrokenPluginError, Plugin, UserFile, files, plugins

SHARED: Final[tuple[Observable, ...]] = (*extraction.OBSERVABLES, *covering.OBSERVABLES)
"""Those that experiments share: what fine-tuning leaves, and exact probabilities of coverage."""

ENTRY_POINT_GROUP = "factbound.observables"
_KIND = "empirics.observables.definition.Observable"
_EXPERIMENTS = ("factbound.experiments", "empirics.experiments.protocol.Experiment")


def observables() -> Mapping[str, Observable]:
    """All known observables; a plug-in that is broken, or gives a name that is taken, is left out with a note.

    Example:
        >>> observables()["ood_error"].unit
        'fraction'
    """
    return _known(files())[0]


def observable(name: str) -> Observable | None:
    """The observable of that name, if there is one; those that experiments share are found without loading any."""
    return next((item for item in SHARED if item.name == name), None) or observables().get(name)


def broken_observables() -> tuple[BrokenPluginError, ...]:
    """The plug-ins of observables that are broken."""
    return _known(files())[1]


@lru_cache(maxsize=4)
def _known(given: tuple[UserFile, ...]) -> tuple[Mapping[str, Observable], tuple[BrokenPluginError, ...]]:
    known = {item.name: item for item in SHARED}
    broken: list[BrokenPluginError] = []
    for point in plugins(*_EXPERIMENTS, given):
        try:
            found = [observable for item in point.items() for observable in item.observables]
        except (Exception, SystemExit):  # a broken experiment is told of where it is asked for
            continue
        _register(point, found, known, broken)
    for plugin in plugins(ENTRY_POINT_GROUP, _KIND, given):
        try:
            items: Any = plugin.items()
        except (Exception, SystemExit) as error:  # a third party's defect must not end what does not need it
            broken.append(BrokenPluginError(plugin, error))
            continue
        _register(plugin, items, known, broken)
    for defect in broken:
        defect.tell()
    return MappingProxyType(known), tuple(broken)


def _register(plugin: Plugin, items: Any, known: dict[str, Observable], broken: list[BrokenPluginError]) -> None:
    """Add what a plug-in gives: all of it, or nothing."""
    with_these = dict(known)
    try:
        for item in items:
            if not isinstance(item, Observable):
                raise TypeError(f"it gives {type(item).__name__}, not an Observable")
            if with_these.setdefault(item.name, item) is not item:
                raise ValueError(f"observable {item.name} is registered twice, the second time by {plugin}")
    except (TypeError, ValueError) as error:
        broken.append(BrokenPluginError(plugin, error))
        return
    known |= with_these
