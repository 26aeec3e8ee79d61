"""map.json: what ``factbound map`` found, validated when written.

The JSON Schema beside this file (``map.schema.json``) is generated from these
models by ``python -m empirics.regimes.document``; a test keeps the two equal.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from empirics.files import write_atomically
from empirics.verification.results import Environment

__all__ = [
    "MAP_SCHEMA_FILE",
    "AccuracyRow",
    "BinRow",
    "ContourRow",
    "ExponentRow",
    "HeldOutRow",
    "LawPart",
    "MapCell",
    "RegimeMap",
    "VariationRow",
    "read_map",
    "schema_text",
    "write_map",
]


MAP_SCHEMA_FILE = Path(__file__).with_name("map.schema.json")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class VariationRow(_Part):
    """One key that was varied, and its values beside the main configuration's."""

    key: str
    values: list[Any]


class MapCell(_Part):
    """One cell: what was measured, what laws and predictors say, and the verdicts.

    ``facts_per_template`` is S K / R. ``error``, ``lower`` and ``upper`` are the mean OOD error with its
    time-uniform interval for the cell by itself, over all seeds that did not fail; ``gap`` is the mean
    pre-training gap in nats. ``laws`` holds the two bounds and the exact covering laws by claim id,
    ``verdicts`` the verdict on each reading of the bound, ``predicted`` the error that each predictor foretells.
    """

    variant: str
    subjects: int
    templates: int
    multiplicity: int
    finetuned: int
    facts_per_template: float
    seeds: list[int]
    failed: list[int]
    in_scope_seeds: list[int]
    gap: float | None
    error: float | None
    lower: float | None
    upper: float | None
    regime: str
    laws: dict[str, float]
    verdicts: dict[str, str]
    predicted: dict[str, float | None]


class ContourRow(_Part):
    """Where the error of one pre-trained setting falls to a level, over N_f.

    ``measured`` is None and ``beyond`` says why if that is not between the least and the largest N_f run;
    the limits (95 %, seeds resampled) are cut off at these ends. ``predicted`` holds by claim id the least N_f
    at which the bound or the exact law is at most the level, None if it never is.
    """

    variant: str
    subjects: int
    templates: int
    multiplicity: int
    level: float
    measured: float | None
    beyond: Literal["below", "above"] | None
    lower: float
    upper: float
    predicted: dict[str, int | None]


class ExponentRow(_Part):
    """A coefficient of a fitted law; fields as in :class:`empirics.regimes.comparison.Exponent`."""

    law: str
    name: str
    estimate: float
    lower: float | None
    upper: float | None
    source: float | None
    some_unseen: float | None
    none_seen: float | None


class HeldOutRow(_Part):
    """A law's score on held-out cells; fields as in :class:`empirics.regimes.comparison.HeldOut`."""

    law: str
    split: str
    cells: int
    deviation: float
    lower: float | None
    upper: float | None
    worst: float
    divergence: float


class LawPart(_Part):
    """The law of the error: over which cells, exponents, and scores on held-out cells."""

    cells: int
    collinearity: float | None
    exponents: list[ExponentRow]
    held_out: list[HeldOutRow]


class BinRow(_Part):
    """One bin of a reliability diagram."""

    facts: int
    predicted: float
    observed: float


class AccuracyRow(_Part):
    """How well a predictor does; fields as in :class:`empirics.regimes.accuracy.Accuracy`."""

    predictor: str
    part: str
    facts: int
    cells: int
    auc: float | None
    auc_lower: float | None
    auc_upper: float | None
    auc_within: float | None
    agreement: float
    deviation: float
    bias: float
    worst: float
    deviation_probability: float | None
    brier: float | None
    brier_share: float
    bins: list[BinRow]


class RegimeMap(_Part):
    """The whole document."""

    schema_version: Literal[1]
    wall_seconds: float
    complete: bool
    config: dict[str, Any]
    variations: list[VariationRow]
    success: float
    failure: float
    resamples: int
    environment: Environment
    cells: list[MapCell]
    contours: list[ContourRow]
    law: LawPart
    prediction: list[AccuracyRow]

    def of(self, variant: str) -> list[MapCell]:
        """The cells of one arm."""
        return [c for c in self.cells if c.variant == variant]


def write_map(found: RegimeMap, path: Path) -> None:
    """Validate once more, as a reader would, and write atomically; strict JSON without NaN."""
    text = found.model_dump_json(indent=1) + "\n"
    RegimeMap.model_validate_json(text)
    json.loads(text)
    write_atomically(path, text)


def read_map(path: Path) -> RegimeMap:
    """Read a map.

    Raises:
        OSError: the file cannot be read.
        pydantic.ValidationError: it is no map.
    """
    return RegimeMap.model_validate_json(path.read_text(encoding="utf-8"))


def schema_text() -> str:
    """The JSON Schema as text."""
    return json.dumps(RegimeMap.model_json_schema(), indent=1) + "\n"


if __name__ == "__main__":
    MAP_SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
