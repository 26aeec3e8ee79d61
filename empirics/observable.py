"""Observables: the measured quantities that claims speak of, by name.

A claim and an experiment meet only here. The range decides which confidence
limits exist: means of bounded observables get distribution-free limits.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from empirics.observables import covering, extraction, language_models, mechanism, prediction, pretraining
from empirics.observables.definition import Observable

__all__ = ["OBSERVABLES", "Observable"]

OBSERVABLES: Final = MappingProxyType(
    {
        observable.name: observable
        for group in (extraction, pretraining, mechanism, covering, language_models, prediction)
        for observable in group.OBSERVABLES
    }
)
"""All observables by name."""
