"""The findings there are, and how verdicts on claims give them."""

from __future__ import annotations

from evidence import Evidence

__all__ = ["NOT", "OPEN", "PARTLY", "PREMISE", "SUPPORTED", "UNTESTED", "judged"]

SUPPORTED, PARTLY, PREMISE, OPEN, NOT, UNTESTED = (
    "supported",
    "supported in every cell that the data decide",
    "supported under a further premise",
    "undecided",
    "not supported as stated",
    "not tested here",
)


def judged(e: Evidence, *claims: str) -> str:
    """What the verdicts of some claims together say."""
    if e.violated(*claims):
        return NOT
    if e.holds(*claims):
        return SUPPORTED
    return PARTLY if all(e.of(c, "HOLDS") for c in claims) else OPEN
