"""The registry of claims: each paper's, one theorem a file, and third parties' by entry point."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import entry_points
from types import MappingProxyType

from theory.claim import Claim
from theory.notation import Paper

__all__ = ["ENTRY_POINT_GROUP", "UnknownClaimError", "all_claims", "claim", "papers"]

ENTRY_POINT_GROUP = "factbound.claims"


class UnknownClaimError(KeyError):
    """No claim of that id is registered."""

    def __str__(self) -> str:
        return str(self.args[0])


@lru_cache(maxsize=1)
def _registry() -> tuple[tuple[Paper, ...], MappingProxyType[str, Claim]]:
    sources: dict[str, Paper] = {}
    found: dict[str, Claim] = {}
    for item, origin in (*_of_papers(), *_of_third_parties()):
        if item.id in found:
            raise ValueError(f"claim id {item.id} is registered twice, the second time by {origin}")
        if sources.setdefault(item.paper.name, item.paper) != item.paper:
            raise ValueError(f"two papers are named {item.paper.name}, the second one by {origin}")
        found[item.id] = item
    place = {name: position for position, name in enumerate(sources)}
    order = sorted(found.values(), key=lambda c: (place[c.paper.name], _number(c), c.id))
    return tuple(sources.values()), MappingProxyType({c.id: c for c in order})


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


def _of_third_parties() -> Iterator[tuple[Claim, str]]:
    for point in entry_points(group=ENTRY_POINT_GROUP):
        loaded = point.load()
        for item in loaded if isinstance(loaded, tuple | list) else (loaded,):
            if not isinstance(item, Claim):
                raise TypeError(f"entry point {point.name} ({point.value}) gives {type(item).__name__}, not a Claim")
            yield item, point.value


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
    """
    known = _registry()[1]
    try:
        return known[identifier]
    except KeyError:
        raise UnknownClaimError(f"unknown claim {identifier}; known are {', '.join(known)}") from None
