"""The measured part of a results document: what an experiment's report is made from, and every reader reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, GetCoreSchemaHandler, model_validator
from pydantic_core import core_schema

from empirics.experiments.presentation import Brief, Part
from empirics.judging.columns import places_of

__all__ = ["Measured"]

INTERNAL_ERROR = "internal error"
"""How the failure of a run begins that a defect ended; then come, after colons, where it lies, its kind, a text."""


Numbers = NDArray[np.float64]


class ExperimentResult(Part):
    """What was run: its name, and the axes of its grid, symbol to column, in order; ``run_axes`` decide a run."""

    name: str
    title: str
    leading: str
    axes: dict[str, str]
    run_axes: list[str]


class SymbolResult(Part):
    """A symbol of the notation."""

    name: str
    label: str
    latex: str
    meaning: str
    unit: str
    integer: bool


class ObservableResult(Part):
    """A measured quantity; a limit of its range that is infinite is null."""

    definition: str
    unit: str
    lower: float | None
    upper: float | None
    trivial: float | None
    better: Literal["lower", "higher", "neither"]
    sampling: Literal["seed", "exact"]


class Summary(Part):
    """An observable of a cell: mean over the seeds that have it, limits, and one value per seed."""

    mean: float | None
    lower: float | None
    upper: float | None
    interval: Literal["betting", "student-t", "exact"]
    values: list[float | None]


class Summaries(Mapping[str, Summary]):
    """The summaries of a cell by observable; their numbers are kept as arrays, NaN for null, a tenth of the memory."""

    __slots__ = ("_intervals", "_limits", "_numbers", "_places")

    def __init__(self, intervals: Mapping[str, Any], limits: Numbers, numbers: Numbers) -> None:
        """By name what the limits are; mean and limits, shape [names, 3]; and the values, shape [names, seeds]."""
        self._places, self._intervals = places_of(tuple(intervals)), intervals
        self._limits, self._numbers = limits, numbers

    @classmethod
    def of(cls, summaries: Mapping[str, Summary]) -> Summaries:
        """The same summaries (ValueError: some have more values than others)."""
        if isinstance(summaries, cls):
            return summaries
        found = summaries.values()
        if len(lengths := {len(summary.values) for summary in found}) > 1:
            raise ValueError(
                f"observables have {' and '.join(map(str, sorted(lengths)))} values, allowed is one for each seed"
            )
        return cls(
            {name: summary.interval for name, summary in summaries.items()},
            np.array([(summary.mean, summary.lower, summary.upper) for summary in found], dtype=np.float64),
            np.array([summary.values for summary in found], dtype=np.float64),
        )

    def __getitem__(self, name: str) -> Summary:
        mean, lower, upper = self.limits(name)
        values = _with_nulls(self._numbers[self._places[name]])
        return Summary(mean=mean, lower=lower, upper=upper, interval=self._intervals[name], values=values)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def limits(self, name: str) -> tuple[float | None, float | None, float | None]:
        """Mean, lower and upper limit of an observable."""
        mean, lower, upper = _with_nulls(self._limits[self._places[name]])
        return mean, lower, upper

    def plain(self) -> dict[str, dict[str, Any]]:
        """The summaries as they stand in results.json."""
        rows = zip(self._intervals.items(), _with_nulls(self._limits), _with_nulls(self._numbers), strict=True)
        return {
            name: {"mean": mean, "lower": lower, "upper": upper, "interval": interval, "values": values}
            for (name, interval), (mean, lower, upper), values in rows
        }

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            lambda value, inner: value if isinstance(value, cls) else cls.of(inner(value)),
            handler(dict[str, Summary]),
            serialization=core_schema.plain_serializer_function_ser_schema(cls.plain),
        )


def _with_nulls(numbers: Numbers) -> list[Any]:
    """The same as lists, None in place of NaN."""
    undefined = np.isnan(numbers)
    plain: NDArray[Any] = numbers
    if undefined.any():
        plain = numbers.astype(object)
        plain[undefined] = None
    return list(plain.tolist())


class BoundResult(Part):
    """A claim's bound, evaluated; ``log_bound`` is null where the bound is exactly 0."""

    bound: float
    log_bound: float | None


class Placed(Brief):
    """A part that belongs to a point of an arm's grid: the column of each symbol is a key of its own."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, int | float]

    variant: str

    def at(self, column: str) -> int | float:
        """The value in a column."""
        return self.__pydantic_extra__[column]


class OnGrid(Placed):
    """A part that tells its point by symbol too."""

    symbols: dict[str, int | float]


class CellResult(OnGrid):
    """One cell of one arm; ``failures`` says for each failed seed why, ``bounds`` holds each claim's number here."""

    overlay: dict[str, Any]
    seeds: list[int]
    failed: list[int]
    failures: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    in_scope_seeds: list[int]
    observables: Summaries
    bounds: dict[str, BoundResult]


class PremiseResult(Part):
    """A premise with its measured value (median over seeds), limit and truth."""

    name: str
    relation: str
    value: float | None
    limit: float | None
    holds: bool


class Exceedance(Part):
    """Share of runs on the wrong side of the bound, with its two-sided interval."""

    share: float
    lower: float
    upper: float


class CountsResult(Part):
    """Worlds of a cell: the property holds, ties, does not hold, is in scope and not defined; and all that ran."""

    yes: int
    tie: int
    no: int
    undefined: int
    ran: int


class EffectResult(Part):
    """Mean size of an effect with Student's t limits; it stands beside the share and does not decide."""

    mean: float
    lower: float
    upper: float


class StepResult(Part):
    """How an observable moves between neighbours of an axis: worlds in which it falls, stays, rises."""

    between: str
    falls: int
    ties: int
    rises: int


class VerdictResult(Part):
    """One verdict.

    ``estimate``, ``lower``, ``upper`` and ``bound`` are of the share of worlds for a property, of the mean for a bound.
    The limit that confirms has error probability ``alpha``, the one that refutes ``refuting``. ``by_sampling`` tells
    whether confidence limits decided it, ``limits`` which: exact over the declared looks, or time-uniform by betting.
    """

    claim: str
    scope: Literal["cell", "series", "run"]
    cells: list[int]
    verdict: str
    reason: str
    estimate: float | None
    lower: float | None
    upper: float | None
    bound: float | None
    log_bound: float | None
    tightness: float | None
    alpha: float | None
    refuting: float | None
    family_size: int
    by_sampling: bool
    limits: Literal["exact", "betting"] | None
    premises: list[PremiseResult]
    counts: CountsResult | None
    effect: EffectResult | None
    steps: list[StepResult]
    flat: bool
    exceedance: Exceedance | None
    sharpness: float | None
    observations_needed: int | None
    decidable_at: int | None


class CurveResult(OnGrid):
    """An observable along training: mean over seeds with limits."""

    observable: str
    steps: list[int]
    mean: list[float | None]
    lower: list[float | None]
    upper: list[float | None]


class Described(Part):
    """What was run, in which symbols, with which settings."""

    experiment: ExperimentResult
    notation: list[SymbolResult]
    config: dict[str, Any]


_ByClaim = tuple[list[VerdictResult], dict[tuple[str, int], VerdictResult], dict[str, list[VerdictResult]]]


class Measured(Described):
    """What was run, and what it gave: the part of the document that an experiment is asked to show."""

    observables: dict[str, ObservableResult]
    cells: list[CellResult]
    verdicts: list[VerdictResult]
    curves: list[CurveResult]

    @model_validator(mode="after")
    def _agrees(self) -> Measured:
        """Everything named elsewhere in the document is there."""
        axes = self.experiment.axes
        if missing := set(axes) - {s.name for s in self.notation}:
            raise ValueError(f"notation has no axis {min(missing)}")
        if self.cells and self.experiment.leading not in {c.variant for c in self.cells}:
            raise ValueError(f"experiment.leading={self.experiment.leading!r} is not the arm of any cell")
        for index, cell in enumerate(self.cells):
            for symbol, column in axes.items():
                if symbol not in cell.symbols or column not in cell.__pydantic_extra__:
                    raise ValueError(f"cells.{index} has no value of the axis {symbol}, column {column}")
        last = len(self.cells) - 1
        for index, verdict in enumerate(self.verdicts):
            some = verdict.cells or verdict.verdict in ("NOT TESTED", "BROKEN")  # as of an arm that was not run
            if not some or not all(0 <= place <= last for place in verdict.cells):
                allowed = f"positions from 0 to {len(self.cells) - 1}, at least one if tested"
                raise ValueError(f"verdicts.{index}.cells={verdict.cells} is refused: allowed are {allowed}")
        return self

    def verdict_of(self, claim: str, cell: int) -> VerdictResult | None:
        """The verdict of a claim that speaks of a cell alone, if there is one; the first of several."""
        return self._verdicts_by_claim[1].get((claim, cell))

    def verdicts_on(self, claim: str) -> Sequence[VerdictResult]:
        """All verdicts on a claim, in order."""
        return self._verdicts_by_claim[2].get(claim, ())

    @property
    def _verdicts_by_claim(self) -> _ByClaim:
        known: _ByClaim = self._indexed
        if known[0] is not self.verdicts:  # of the document that this is a copy of
            del self.__dict__["_indexed"]
            known = self._indexed
        return known

    @cached_property
    def _indexed(self) -> _ByClaim:
        """The verdicts; those on one cell each by claim and cell; all by claim."""
        single: dict[tuple[str, int], VerdictResult] = {}
        of_claim: dict[str, list[VerdictResult]] = {}
        for verdict in self.verdicts:
            of_claim.setdefault(verdict.claim, []).append(verdict)
            if len(verdict.cells) == 1:
                single.setdefault((verdict.claim, verdict.cells[0]), verdict)
        return self.verdicts, single, of_claim

    def label(self, symbol: str) -> str:
        """How plain text writes a symbol."""
        return next((s.label for s in self.notation if s.name == symbol), symbol)

    def place(self, cells: Sequence[OnGrid]) -> str:
        """Cells or curves in words: arms other than the leading one, then the values of each axis."""
        parts = [v for v in dict.fromkeys(c.variant for c in cells) if v != self.experiment.leading]
        for symbol in self.experiment.axes:
            values = list(dict.fromkeys(c.symbols[symbol] for c in cells if symbol in c.symbols))
            if values:
                parts.append(f"{self.label(symbol)}={','.join(f'{v:g}' for v in values)}")
        return ", ".join(parts) or "all"

    def where(self, verdict: VerdictResult) -> str:
        """The cell or series of a verdict in words, the same in every run."""
        return self.place([self.cells[i] for i in verdict.cells])
