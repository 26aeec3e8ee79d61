"""What a judge is told: error probability, margins, limits of premises."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from empirics.settings import NonNegative, Positive, Section

__all__ = ["Settings"]


class Settings(Section):
    """Confidence and margins."""

    alpha: Annotated[float, Field(ge=1e-12, lt=1)] = 0.05
    premise_gap: Positive = 0.1
    trend_margin: NonNegative = 0.02
    equivalence_margin: Positive = 0.05
    scope_share: Annotated[float, Field(gt=0, le=1)] = 0.8
