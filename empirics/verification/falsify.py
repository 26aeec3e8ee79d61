"""What would falsify a claim, given the settings of a verification."""

from __future__ import annotations

from empirics.judging.rules import RATE_SLOPE_LIMIT
from empirics.judging.settings import Settings
from theory.claim import Claim

__all__ = ["falsifier"]


def falsifier(claim: Claim, settings: Settings) -> str:
    """The outcome that would make a verdict on the claim VIOLATED, as part of a sentence."""
    return claim.meaning.falsifier.format(
        observable=claim.judged_on,
        property_share=settings.property_share,
        equivalence_margin=settings.equivalence_margin,
        slope_limit=RATE_SLOPE_LIMIT,
    )
