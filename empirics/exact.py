"""Observables that are probabilities of a cell, computed exactly; routes independent of the claims' formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from theory import covering

__all__ = ["covering_observables"]


@lru_cache(maxsize=4096)
def covering_observables(finetuned: int, multiplicity: int, templates: int) -> Mapping[str, float | None]:
    """The exact observables at N_f, K and the number of templates."""
    avoided = math.prod((templates - multiplicity - i) / (templates - i) for i in range(multiplicity))
    found: dict[str, float | None] = {
        "covering_some_unseen": covering.some_unseen_by_chain(finetuned, multiplicity, templates),
        "covering_none_seen": max(avoided, 0.0) ** finetuned,
        "coverage_union": covering.some_below_half_by_chain(finetuned, multiplicity, templates),
        "coverage_half_mean_tail": float(covering.below_half_mean(finetuned, multiplicity, templates)),
    }
    return MappingProxyType(found)
