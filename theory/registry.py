"""The registry of claims: each paper's, one theorem a file, and third parties' (:mod:`theory.plugins`)."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from theory.claim import Claim
from theory.notation import Paper
from theory.plugins import BrokenPluginError, Plugin, UserFile, files, plugins
from theory.spelling import meant

ENTRY_POINT_GROUP = "factbound.claims"
_KIND = "theory.claim.Claim"


class UnknownClaimError(KeyError):
    """No claim of that id is registered."""

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownPaperError(UnknownClaimError):
    """No paper of that name is registered."""


@dataclass(frozen=True)
class _Registry:
    """Papers; claims by id, with the plug-in that gave each of a third party's; and what is broken, by the plug-in's
    name and the ids that it would have given."""

    papers: tuple[Paper, ...]
    claims: Mapping[str, Claim]
    origins: Mapping[str, Plugin]
    broken: Mapping[str, BrokenPluginError]


@lru_cache(maxsize=4)
def _registered(given: tuple[UserFile, ...]) -> _Registry:
    sources: dict[str, Paper] = {}
    found: dict[str, Claim] = {}
    origins: dict[str, Plugin] = {}
    broken: dict[str, BrokenPluginError] = {}
    for item, origin in _of_papers():
        _register((item,), origin, sources, found)
    for plugin in plugins(ENTRY_POINT_GROUP, _KIND, given):
        items: tuple[Claim, ...] = ()
        try:
            items = plugin.items()
            if plugin.from_file:  # what it imports from elsewhere is not its own
                items = tuple(item for item in items if found.get(item.id) is not item)
            _register(items, str(plugin), sources, found)
        except (Exception, SystemExit) as error:  # a third party's defect must not end what does not need it
            defect = BrokenPluginError(plugin, error)
            defect.tell()
            broken |= dict.fromkeys((plugin.name, *(item.id for item in items if isinstance(item, Claim))), defect)
        else:
            origins |= dict.fromkeys((item.id for item in items), plugin)
    place = {name: position for position, name in enumerate(sources)}
    order = sorted(found.values(), key=lambda c: (place[c.paper.name], _number(c), c.id))
    by_id = MappingProxyType({c.id: c for c in order})
    return _Registry(tuple(sources.values()), by_id, MappingProxyType(origins), MappingProxyType(broken))


def _registry() -> _Registry:
    return _registered(files())


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
    folders = [folder.name for folder in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
    found = {folder: importlib.import_module(f"{folder}.paper").PAPER for folder in folders}
    for folder, paper in sorted(found.items(), key=lambda one: not one[1].default):
        for file in pkgutil.iter_modules(importlib.import_module(folder).__path__, f"{folder}."):
            for item in getattr(importlib.import_module(file.name), "CLAIMS", ()):
                if item.paper != paper:
                    raise ValueError(f"{item.id} in {file.name} is a claim of {item.paper.name}, not of {paper.name}")
                yield item, file.name


def _number(item: Claim) -> int:
    """The number by which a claim is sorted among those of its paper; last if it has none."""
    digits = re.findall(r"\d+", item.number)
    return int(digits[0]) if digits else 10**9


def papers() -> tuple[Paper, ...]:
    """The papers of all registered claims.

    Example:
        >>> [paper.name for paper in papers()][:2]
        ['xu-chen', 'allen-zhu-li']
    """
    return _registry().papers


def all_claims() -> tuple[Claim, ...]:
    """All registered claims: by paper, in the order of their numbers.

    Example:
        >>> "ood-error-literal" in {item.id for item in all_claims()}
        True
    """
    return tuple(_registry().claims.values())


def claims_of(paper: str) -> tuple[Claim, ...]:
    """The claims of the paper of that name (UnknownPaperError: there is none).

    Example:
        >>> [item.id for item in claims_of("kalai")][:2]
        ['singleton-floor', 'singleton-floor-abstaining']
    """
    known = [item.name for item in papers()]
    if paper not in known:
        raise UnknownPaperError(f"paper={paper} is unknown; {meant(paper, known)}")
    return tuple(item for item in all_claims() if item.paper.name == paper)


def claim(identifier: str) -> Claim:
    """The claim of that id.

    Raises:
        UnknownClaimError: there is none; the message lists the ids there are.
        BrokenPluginError: it belongs to a plug-in that is broken.

    Example:
        >>> claim("ood-error-literal").bound(N_f=40, K=3, R=60)
        0.81487...
    """
    known = _registry()
    if identifier in known.claims:
        return known.claims[identifier]
    if identifier in known.broken:
        raise known.broken[identifier]
    raise UnknownClaimError(f"unknown claim {identifier!r}; {meant(identifier, known.claims)}")


def origin(identifier: str) -> Plugin | None:
    """The plug-in that gave the claim of that id; None for one of factbound's own, or of none.

    Example:
        >>> origin("low-rank") is None  # a claim of factbound itself
        True
    """
    return _registry().origins.get(identifier)


def broken_claims() -> tuple[BrokenPluginError, ...]:
    """The plug-ins of claims that are broken, each once.

    Example:
        >>> broken_claims()
        ()
    """
    return tuple(dict.fromkeys(_registry().broken.values()))
