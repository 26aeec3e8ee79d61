"""map.json: what ``factbound map`` found, validated when written, and read without the code that made it.

The JSON Schema beside this file (``map.schema.json``) is generated from these
models by ``python -m empirics.regimes.document``; a test keeps the two equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from empirics.experiments.document import Described, Placed
from empirics.experiments.map_design import Charted
from empirics.experiments.presentation import Brief, Part
from empirics.verification.document import Document, read_document, schema_of
from theory.html import html_table
from theory.plural import counted

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
    """What puts a run in scope: the observable is at most the limit."""

    observable: str
    unit: str
    limit: float


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
    claims: list[Charted]
    laws: list[LawRow]
    rivals: dict[str, str]
    collinear: tuple[str, str] | None
    items: ItemsRow | None


class MapCell(Placed):
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


class ContourRow(Placed):
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


class ExponentRow(Brief):
    """A coefficient of a fitted law.

    ``lower`` and ``upper`` are limits at 95 % from resampled seeds, None if too few resamples could be fitted;
    ``source`` is the exponent that the experiment's bound states. A key per rival holds what the same fit gives on
    that law's exact errors at the same cells.
    """

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
    """How well a law predicts cells held out together.

    ``deviation`` and ``worst`` are the mean and the largest absolute deviation of the predicted from the observed mean
    error; the limits are at 95 %, seeds resampled and the law refitted each time. ``divergence`` is the mean Bernoulli
    divergence of the observed from the predicted error, nats.
    """

    law: str
    split: str
    cells: int
    deviation: float
    lower: float | None
    upper: float | None
    worst: float
    divergence: float


class CollapseRow(Placed):
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


class FactorEnd(Placed):
    """One end of a bracket, with the cell that decides it: -log(limit of the mean error) / exponent = factor."""

    factor: float
    error: float
    limit: float
    exponent: float


class FactorRow(Part):
    """The bracket of the factor on a reading's exponent over the cells in scope from ``start`` on along the axis.

    Up to ``confirmed`` the bound is confirmed in every cell; beyond ``refuted`` it is refuted in some (None: no
    factor is). ``confirmable``: only of the cells that the declared seeds would confirm at factor 1 if none of
    them erred; left out where these are all. ``variant``: the one arm whose cells these are; None: all arms.
    """

    reading: str
    variant: str | None
    start: int | float
    confirmable: bool
    cells: int
    confirmed: FactorEnd
    refuted: FactorEnd | None


class HoldsFromRow(Placed):
    """From where along the axis a reading holds at a place of the main grid.

    ``every`` is the least value run from which each cell confirms it, ``confirmable`` the same of the cells that the
    declared seeds would confirm if none of them erred, ``last_confirmable`` the greatest value of these, ``proved``
    the value that the design proves; None where there is none.
    """

    reading: str
    every: int | float | None
    confirmable: int | float | None
    last_confirmable: int | float | None
    proved: int | None


class FactorPart(Part):
    """The factor on the exponent; in each bracket both ends of all readings hold together at level 1 - ``alpha``.

    In ``holds_from`` alpha is divided over places and readings: all rows hold together.
    """

    alpha: float
    brackets: list[FactorRow]
    holds_from: list[HoldsFromRow]


class BinRow(Part):
    """One bin of a reliability diagram: items, their mean predicted probability, and the share that succeeded."""

    facts: int
    predicted: float
    observed: float


class AccuracyRow(Part):
    """How well one predictor does on the items (``facts``) of some cells.

    ``auc`` is the area under the ROC curve over all items, None without items of both outcomes, with the 2.5th and
    97.5th percentile over resampled seeds; ``auc_within`` its mean over single runs in which both outcomes occur.
    ``agreement`` is the share of items that the rule (success if and only if the score is positive) gets right;
    ``deviation``, ``bias`` and ``worst`` are the mean absolute, mean and largest absolute difference of the rule's
    predicted from the observed error over cells; ``deviation_probability`` is the first for probabilities.
    ``brier`` is the mean squared difference of probability and outcome, ``brier_share`` that of the overall share as a
    constant probability: what to beat.
    """

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


class RegimeMap(Described, Document):
    """The whole document; ``broken`` are lines on the runs that a defect ended."""

    design: DesignPart
    variations: list[VariationRow]
    arms: list[ArmRow]
    success: float
    failure: float
    resamples: int
    cells: list[MapCell]
    contours: list[ContourRow]
    law: LawPart
    factor: FactorPart
    prediction: list[AccuracyRow]
    broken: list[str] = Field(default_factory=list)

    def __repr__(self) -> str:
        """In a line; the document itself is ``model_dump()``."""
        return f"RegimeMap({self.experiment.name}: {counted(len(self.cells), 'cell')}: {_regimes(self.cells)})"

    def _repr_html_(self) -> str:
        """In a notebook: a row for each arm."""
        return html_table(repr(self), ((arm.name, _regimes(self.of(arm.name))) for arm in self.arms))

    @property
    def leading(self) -> str:
        """The arm of the main grid."""
        return self.experiment.leading

    def of(self, variant: str) -> list[MapCell]:
        """The cells of one arm."""
        return [c for c in self.cells if c.variant == variant]

    @property
    def axis_column(self) -> str:
        """The column of the axis along which errors fall."""
        return self.design.columns[self.design.axis]

    @property
    def other_columns(self) -> list[str]:
        """The columns of the other axes."""
        return [self.design.columns[symbol] for symbol in self.design.others]

    def place(self, row: Placed) -> dict[str, int | float]:
        """The columns of a row's symbols, sizes before axes."""
        return {c: row.at(c) for c in self.design.columns.values() if c in row.__pydantic_extra__}

    def others(self, row: Placed) -> tuple[int | float, ...]:
        """The values of the other axes."""
        return tuple(map(row.at, self.other_columns))


def _regimes(cells: Iterable[MapCell]) -> str:
    """How many cells are in each regime, as in ``12 succeeds, 3 fails``."""
    return ", ".join(f"{number} {regime}" for regime, number in Counter(c.regime for c in cells).most_common())


def read_map(path: Path) -> RegimeMap:
    """Read a map; raises what :func:`empirics.verification.document.read_document` does."""
    again = f"run 'factbound map --output {path.parent}' again: finished runs of the same code are found there"
    return read_document(RegimeMap, path, again)


if __name__ == "__main__":
    MAP_SCHEMA_FILE.write_text(schema_of(RegimeMap), encoding="utf-8")
