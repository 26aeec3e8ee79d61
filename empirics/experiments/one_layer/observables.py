"""The observables of the one-layer transformer that no other experiment measures."""

from __future__ import annotations

from typing import Final

from empirics.experiments.one_layer.measure import mechanism_observables, pretrained_observables
from empirics.experiments.one_layer.predict import observables as predicted
from empirics.observables.definition import Observable

__all__ = ["OBSERVABLES"]

OBSERVABLES: Final[tuple[Observable, ...]] = (
    *pretrained_observables.OBSERVABLES,
    *mechanism_observables.OBSERVABLES,
    *predicted.OBSERVABLES,
)
