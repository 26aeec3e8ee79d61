"""What a judge is told: error probability, margins, limits of premises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field

from empirics.settings import Positive, Section, gathered, validated
from theory import Claim


class Settings(Section):
    """Confidence and margins."""

    alpha: Annotated[float, Field(ge=1e-12, lt=1)] = 0.05
    premise_gap: Positive = 0.1
    property_share: Annotated[float, Field(gt=0, lt=1)] = 0.8
    equivalence_margin: Positive = 0.05
    scope_share: Annotated[float, Field(gt=0, le=1)] = 0.8

    def asked_by(self, claim: Claim) -> Self:
        """The same with the share of worlds that the claim itself states, if it does."""
        share = claim.measured.share
        return self if share is None else self.model_copy(update={"property_share": share})


class _Document(Section):
    verdict: Settings = Settings()


def load_settings(settings: Iterable[str]) -> Settings:
    """The defaults with ``verdict.KEY=VALUE`` over them.

    Raises:
        UsageError: anything wrong, in one line.
    """
    return validated(_Document, gathered(_Document, {}, None, settings)).verdict
