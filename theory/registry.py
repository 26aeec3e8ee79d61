"""The registry of claims: ours, one file each, and third parties' by entry point."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from importlib.metadata import entry_points
from types import MappingProxyType

from theory.claim import Claim

__all__ = ["ENTRY_POINT_GROUP", "UnknownClaimError", "all_claims", "claim"]

ENTRY_POINT_GROUP = "factbound.claims"


class UnknownClaimError(KeyError):
    """No claim of that id is registered."""

    def __str__(self) -> str:
        return str(self.args[0])


@lru_cache(maxsize=1)
def _registry() -> MappingProxyType[str, Claim]:
    found: dict[str, Claim] = {}
    package = importlib.import_module("theory.claims")
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"theory.claims.{module_info.name}")
        for item in module.CLAIMS:
            _add(found, item, module.__name__)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        loaded = point.load()
        for item in loaded if isinstance(loaded, tuple | list) else (loaded,):
            if not isinstance(item, Claim):
                raise TypeError(f"entry point {point.name} ({point.value}) gives {type(item).__name__}, not a Claim")
            _add(found, item, point.value)
    order = sorted(found.values(), key=lambda c: (int(c.claim_number[1:] or 999) if c.claim_number else 999, c.id))
    return MappingProxyType({c.id: c for c in order})


def _add(found: dict[str, Claim], item: Claim, origin: str) -> None:
    if item.id in found:
        raise ValueError(f"claim id {item.id} is registered twice, the second time by {origin}")
    found[item.id] = item


def all_claims() -> tuple[Claim, ...]:
    """All registered claims, in the order of their numbers."""
    return tuple(_registry().values())


def claim(identifier: str) -> Claim:
    """The claim of that id.

    Raises:
        UnknownClaimError: there is none; the message lists the ids there are.
    """
    try:
        return _registry()[identifier]
    except KeyError:
        raise UnknownClaimError(f"unknown claim {identifier}; known are {', '.join(_registry())}") from None
