"""map.json: what ``factbound map`` found, validated when written, and read without the code that made it.

The JSON Schema beside this file (``map.schema.json``) is generated from these
models by ``python -m empirics.regimes.document``; a test keeps the two equal.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from empirics.errors import UsageError
from empirics.experiments.document import ExperimentResult, SymbolResult
from empirics.experiments.presentation import Part
from empirics.files import write_atomically
from empirics.runs.environment import Environment

__all__ = [
    "MAP_SCHEMA_FILE",
    "MAP_SCHEMA_VERSION",
    "AccuracyRow",
    "ArmRow",
    "BinRow",
    "ClaimRow",
    "CollapseRow",
    "ContourRow",
    "DesignPart",
    "ExponentRow",
    "HeldOutRow",
    "ItemsRow",
    "LawPart",
    "LawRow",
    "MapCell",
    "OnMap",
    "PremiseRow",
    "QuantityRow",
    "RegimeMap",
    "VariationRow",
    "read_map",
    "schema_text",
    "write_map",
]

MAP_SCHEMA_VERSION = 2
MAP_SCHEMA_FILE = Path(__file__).with_name("map.schema.json")


class VariationRow(Part):
    """One key that was varied, its values beside the main settings', and the main settings' if that is a number."""

    key: str
    values: list[Any]
    main: float | None


class ArmRow(Part):
    """One arm: the key that it varies and the value; null for the main grid. ``size``: a world of another size."""

    name: str
    key: str | None
    value: Any
    size: bool


class PremiseRow(Part):
    """When a run is in scope: the observable is at most the limit."""

    observable: str
    unit: str
    limit: float


class ClaimRow(Part):
    """A claim whose number is shown: its name in tables and in legends."""

    id: str
    short: str
    legend: str


class QuantityRow(Part):
    """A number that follows from the symbols; a column of cells and contours."""

    column: str
    label: str
    title: str


class LawRow(Part):
    """A law that was compared, and how many free coefficients it has."""

    name: str
    title: str
    coefficients: int


class ItemsRow(Part):
    """Single items that are predicted: what one is, from what, by which predictors; those of one fold share draws."""

    item: str
    basis: str
    predictors: list[str]
    folds: list[str]


class DesignPart(Part):
    """What the map shows.

    ``columns`` names each symbol's column, sizes before axes; errors fall along ``axis``; ``others`` are the other
    axes, the first along the x-axis of figures. ``levels`` are those of the contours, in ``transition`` lie the mean
    errors of a transition cell. ``most`` is the greatest possible value of the axis in the main grid. ``readings``
    are the claims whose verdicts are shown, ``rivals`` names the columns of exponents fitted to exact
    laws, ``collinear`` two quantities that are nearly one.
    """

    observable: str
    subject: str
    axis: str
    others: list[str]
    columns: dict[str, str]
    levels: list[float]
    transition: tuple[float, float]
    most: float | None
    premise: PremiseRow | None
    quantity: QuantityRow | None
    readings: list[str]
    claims: list[ClaimRow]
    laws: list[LawRow]
    rivals: dict[str, str]
    collinear: tuple[str, str] | None
    items: ItemsRow | None


class OnMap(BaseModel):
    """A part that belongs to a point: the column of each symbol, and of the quantity, is a key of its own."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, int | float]

    variant: str

    def at(self, column: str) -> int | float:
        """The value in a column."""
        return self.__pydantic_extra__[column]


class MapCell(OnMap):
    """One cell: what was measured, what laws and predictors say, and the verdicts.

    ``error``, ``lower`` and ``upper`` are the mean error with its time-uniform interval for the cell by itself, over
    all seeds that did not fail; ``gap`` is the mean of the premise's observable. ``laws`` holds the bounds and exact
    laws by claim id, ``verdicts`` the verdict on each reading, ``predicted`` the error that each predictor expects.
    ``in_law``: whether the laws of the error speak of the cell.
    """

    symbols: dict[str, float]
    seeds: list[int]
    failed: list[int]
    in_scope_seeds: list[int]
    gap: float | None
    error: float | None
    lower: float | None
    upper: float | None
    regime: str
    in_law: bool
    laws: dict[str, float]
    verdicts: dict[str, str]
    predicted: dict[str, float | None]


class ContourRow(OnMap):
    """Where the error falls to a level along the axis, the other symbols fixed.

    ``measured`` is None and ``beyond`` says why if that is not between the least and the largest value run;
    the limits (95 %, seeds resampled) are cut off at these ends. ``predicted`` holds by claim id the least value
    at which the bound or the exact law is at most the level, None if it never is.
    """

    symbols: dict[str, float]
    level: float
    measured: float | None
    beyond: Literal["below", "above"] | None
    lower: float
    upper: float
    in_law: bool
    predicted: dict[str, int | None]


class ExponentRow(BaseModel):
    """A coefficient of a fitted law; fields as in :class:`empirics.regimes.comparison.Exponent`, a key per rival."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, float | None]

    law: str
    name: str
    estimate: float
    lower: float | None
    upper: float | None
    source: float | None

    def rival(self, column: str) -> float | None:
        """What the fit gives on an exact law."""
        return self.__pydantic_extra__[column]


class HeldOutRow(Part):
    """A law's score on held-out cells; fields as in :class:`empirics.regimes.comparison.HeldOut`."""

    law: str
    split: str
    cells: int
    deviation: float
    lower: float | None
    upper: float | None
    worst: float
    divergence: float


class CollapseRow(OnMap):
    """A transition cell against a law: -log of the error that it predicts and of the observed one, with limits."""

    law: str
    predicted_rate: float
    observed_rate: float
    lower: float | None
    upper: float | None


class LawPart(Part):
    """The law of the error: over which cells, exponents, scores on held-out cells, cells against laws."""

    cells: int
    collinearity: float | None
    exponents: list[ExponentRow]
    held_out: list[HeldOutRow]
    collapse: list[CollapseRow]


class BinRow(Part):
    """One bin of a reliability diagram."""

    facts: int
    predicted: float
    observed: float


class AccuracyRow(Part):
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


class RegimeMap(Part):
    """The whole document."""

    schema_version: Literal[2]
    wall_seconds: float
    complete: bool
    experiment: ExperimentResult
    notation: list[SymbolResult]
    design: DesignPart
    config: dict[str, Any]
    variations: list[VariationRow]
    arms: list[ArmRow]
    success: float
    failure: float
    resamples: int
    environment: Environment
    cells: list[MapCell]
    contours: list[ContourRow]
    law: LawPart
    prediction: list[AccuracyRow]

    @property
    def leading(self) -> str:
        """The arm of the main grid."""
        return self.experiment.leading

    @property
    def size_arms(self) -> list[str]:
        """The main grid's arm, and those of other sizes."""
        return [arm.name for arm in self.arms if arm.key is None or arm.size]

    def of(self, variant: str) -> list[MapCell]:
        """The cells of one arm."""
        return [c for c in self.cells if c.variant == variant]

    def column(self, symbol: str) -> str:
        """A symbol's column."""
        return self.design.columns[symbol]

    def place(self, row: OnMap) -> dict[str, int | float]:
        """The columns of a row's symbols, sizes before axes."""
        return {c: row.at(c) for c in self.design.columns.values() if c in row.__pydantic_extra__}

    def others(self, row: OnMap) -> tuple[int | float, ...]:
        """The values of the other axes."""
        return tuple(row.at(self.column(symbol)) for symbol in self.design.others)


def write_map(found: RegimeMap, path: Path) -> None:
    """Validate once more, as a reader would, and write atomically; strict JSON without NaN."""
    text = found.model_dump_json(indent=1) + "\n"
    RegimeMap.model_validate_json(text)
    json.loads(text)
    write_atomically(path, text)


def read_map(path: Path) -> RegimeMap:
    """Read a map.

    Raises:
        UsageError: it is of another schema version; the line says what to do.
        OSError: the file cannot be read.
        pydantic.ValidationError: it is no map.
    """
    text = path.read_text(encoding="utf-8")
    try:
        version = json.loads(text).get("schema_version")
    except (ValueError, AttributeError, RecursionError):
        version = None
    if isinstance(version, int) and version != MAP_SCHEMA_VERSION:
        raise UsageError(
            f"{path} has schema_version {version}, this version of factbound reads {MAP_SCHEMA_VERSION}; "
            f"run 'factbound map --output {path.parent}' again: finished runs of the same code are found there"
        )
    return RegimeMap.model_validate_json(text)


def schema_text() -> str:
    """The JSON Schema as text."""
    return json.dumps(RegimeMap.model_json_schema(), indent=1) + "\n"


if __name__ == "__main__":
    MAP_SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
