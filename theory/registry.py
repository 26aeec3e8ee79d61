"""The registry of claims: each paper's, one theorem a file, and third parties' by entry point."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from theory.claim import Claim
from theory.notation import Paper
from theory.spelling import meant

ENTRY_POINT_GROUP = "factbound.claims"


class UnknownClaimError(KeyError):
    """No claim of that id is registered."""

    def __str__(self) -> str:
        return str(self.args[0])


class BrokenPluginError(Exception):
    """A third party's entry point gives nothing usable; one line names it and says why."""

    def __init__(self, point: EntryPoint, reason: Exception) -> None:
        super().__init__(f"entry point {point.name} ({point.value}) is broken: {type(reason).__name__}: {reason}")
        self.__cause__ = reason

    def tell(self) -> None:
        """One note on standard error, unless the user's program has other handlers for it."""
        logging.getLogger("factbound").warning("factbound: %s; it is left out", " ".join(str(self).split()))


@lru_cache(maxsize=1)
def _registry() -> tuple[tuple[Paper, ...], MappingProxyType[str, Claim], MappingProxyType[str, BrokenPluginError]]:
    """Papers, claims by id, and what is broken, by the entry point's name and the ids that it would have given."""
    sources: dict[str, Paper] = {}
    found: dict[str, Claim] = {}
    broken: dict[str, BrokenPluginError] = {}
    for item, origin in _of_papers():
        _register((item,), origin, sources, found)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        items: tuple[Claim, ...] = ()
        try:
            loaded = point.load()
            items = tuple(loaded) if isinstance(loaded, tuple | list) else (loaded,)
            _register(items, point.value, sources, found)
        except Exception as error:  # a third party's defect must not end what does not need it
            defect = BrokenPluginError(point, error)
            defect.tell()
            broken |= dict.fromkeys((point.name, *(item.id for item in items if isinstance(item, Claim))), defect)
    place = {name: position for position, name in enumerate(sources)}
    order = sorted(found.values(), key=lambda c: (place[c.paper.name], _number(c), c.id))
    return tuple(sources.values()), MappingProxyType({c.id: c for c in order}), MappingProxyType(broken)


def _register(items: tuple[Claim, ...], origin: str, sources: dict[str, Paper], found: dict[str, Claim]) -> None:
    """Add the claims of one origin: all of them, or none."""
    papers_too, claims_too = dict(sources), dict(found)
    for item in items:
        if not isinstance(item, Claim):
            raise TypeError(f"it gives {type(item).__name__}, not a Claim")
        if item.id in claims_too:
            raise ValueError(f"claim id {item.id} is registered twice, the second time by {origin}")
        if papers_too.setdefault(item.paper.name, item.paper) != item.paper:
            raise ValueError(f"two papers are named {item.paper.name}, the second one by {origin}")
        claims_too[item.id] = item
    sources |= papers_too
    found |= claims_too


def _of_papers() -> Iterator[tuple[Claim, str]]:
    """Claims of the subpackages of ``theory.claims``: each has ``paper.PAPER``, and modules with ``CLAIMS``."""
    package = importlib.import_module("theory.claims")
    for folder in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        paper = importlib.import_module(f"{folder.name}.paper").PAPER
        for file in pkgutil.iter_modules(importlib.import_module(folder.name).__path__, f"{folder.name}."):
            for item in getattr(importlib.import_module(file.name), "CLAIMS", ()):
                if item.paper != paper:
                    raise ValueError(f"{item.id} in {file.name} is a claim of {item.paper.name}, not of {paper.name}")
                yield item, file.name


def _number(item: Claim) -> int:
    """The number by which a claim is sorted among those of its paper; last if it has none."""
    digits = re.findall(r"\d+", item.number)
    return int(digits[0]) if digits else 10**9


def papers() -> tuple[Paper, ...]:
    """The papers of all registered claims."""
    return _registry()[0]


def all_claims() -> tuple[Claim, ...]:
    """All registered claims: by paper, in the order of their numbers."""
    return tuple(_registry()[1].values())


def claim(identifier: str) -> Claim:
    """The claim of that id.

    Raises:
        UnknownClaimError: there is none; the message lists the ids there are.
        BrokenPluginError: it belongs to an entry point that is broken.
    """
    _, known, broken = _registry()
    if identifier in known:
        return known[identifier]
    if identifier in broken:
        raise broken[identifier]
    raise UnknownClaimError(f"unknown claim {identifier!r}; {meant(identifier, known)}")
