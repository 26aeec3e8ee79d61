"""Arms of the language-model experiment: overlays of its configuration, as for the one-layer model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from empirics.experiments.arms import Arm, overlaid
from empirics.experiments.language_models.config import LMConfig, validate_lm_config

__all__ = ["LEADING", "LM_ARMS", "lm_arms"]

LEADING: Final = "language-model"
"""The arm of the configuration itself."""

LM_ARMS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "lm-low-rank": {"finetuning.method": "lora"},
        "lm-llama": {"model.architecture": "llama"},
    }
)
"""Overlays by name; only ``lm-low-rank`` is spoken of by a claim."""


def lm_arms(config: LMConfig) -> tuple[Arm, ...]:
    """The leading arm, then those that ``arms.run`` names.

    Raises:
        UsageError: an unknown arm, or one that the configuration makes impossible.
    """
    return overlaid(config, LM_ARMS, LEADING, validate_lm_config)
