"""The observables that experiments share: what fine-tuning leaves, and exact probabilities of coverage."""

from __future__ import annotations

from typing import Final

from empirics.observables import covering, extraction
from empirics.observables.definition import Observable

__all__ = ["SHARED"]

SHARED: Final[tuple[Observable, ...]] = (*extraction.OBSERVABLES, *covering.OBSERVABLES)
