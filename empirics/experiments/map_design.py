"""What an experiment supplies for a map of its regimes."""

from __future__ import annotations

__all__ = ["MapDesign"]


class MapDesign:
    """To be filled by the owner of empirics/regimes."""
