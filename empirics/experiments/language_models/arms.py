"""Arms of the language-model experiment: overlays of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

__all__ = ["LEADING", "OVERLAYS"]

LEADING: Final = "language-model"
"""The arm of the settings themselves."""

OVERLAYS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "lm-low-rank": {"finetuning.method": "lora"},
        "lm-llama": {"model.architecture": "llama"},
    }
)
"""Overlays by name; only ``lm-low-rank`` is spoken of by a claim."""
