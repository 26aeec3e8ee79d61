"""Which facts take part, and the sentences that state them, as settings."""

from __future__ import annotations

from empirics.settings import Section, Whole

__all__ = ["EMBEDDED", "FactSource"]

EMBEDDED = "embedded"
"""The facts, or the templates, that ship with the package."""


class FactSource(Section):
    """Which facts, and the sentences that state them."""

    source: str = EMBEDDED
    templates: str = EMBEDDED
    relations: tuple[str, ...] = ()
    number: Whole = 160
    answers_shared: bool = False
