"""Observables that are probabilities of a cell, computed exactly; routes independent of the claims' formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Final

from empirics.observables.definition import Observable
from theory.coverage import laws


@cache
def covering_observables(finetuned: int, multiplicity: int, templates: int) -> Mapping[str, float | None]:
    """The exact observables at N_f, K and the number of templates."""
    avoided = math.prod((templates - multiplicity - i) / (templates - i) for i in range(multiplicity))
    found: dict[str, float | None] = {
        "covering_some_unseen": laws.some_unseen_by_chain(finetuned, multiplicity, templates),
        "covering_none_seen": avoided**finetuned,
        "coverage_union": laws.some_below_half_by_chain(finetuned, multiplicity, templates),
        "coverage_half_mean_tail": float(laws.below_half_mean(finetuned, multiplicity, templates)),
    }
    return MappingProxyType(found)


def _exact(name: str, symbols: Mapping[str, float]) -> float | None:
    return covering_observables(int(symbols["N_f"]), int(symbols["K"]), int(symbols["R"]))[name]


_SMALL: Final[tuple[Mapping[str, float], ...]] = tuple(
    {"R": templates, "K": multiplicity, "N_f": finetuned}
    for templates in (2, 3, 4, 6, 8, 12, 20)
    for multiplicity in range(1, templates + 1)
    for finetuned in (1, 2, 3, 5, 10, 20, 40, 80)
)

_DEFINITIONS: Final = {
    "covering_some_unseen": (
        "P(at least one of the fact's K templates unseen), averaged over worlds, computed by the covering Markov chain "
        "in float64."
    ),
    "covering_none_seen": (
        "P(none of the fact's K templates seen), averaged over worlds, computed as a product of hypergeometric factors "
        "in float64."
    ),
    "coverage_union": (
        "P(at least one of the fact's K templates has C_r <= N_f K / (2|R|)), averaged over worlds, computed by the "
        "Markov chain on counts in float64 (theory.coverage.laws.some_below_half_by_chain). Undefined where the chain "
        "is too large."
    ),
    "coverage_half_mean_tail": "P(C_r <= N_f K / (2|R|)) for C_r ~ Binomial(N_f, K/|R|), summed in exact integers.",
}

OBSERVABLES = tuple(
    Observable(
        name, definition, "probability", 0, 1, trivial=1.0, sampling="exact", exact=partial(_exact, name), small=_SMALL
    )
    for name, definition in _DEFINITIONS.items()
)
