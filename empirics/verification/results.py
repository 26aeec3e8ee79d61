"""The results document: what ``results.json`` holds, validated when written.

The JSON Schema beside this file (``results.schema.json``) is generated from
these models by ``python -m empirics.verification.results``; a test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from empirics.experiments.presentation import FigureData, Part, Shown
from empirics.verification.document import Document, OnGrid, read_document, schema_of, write_document

__all__ = ["SCHEMA_FILE", "Results", "read_results", "write_results"]

SCHEMA_FILE = Path(__file__).with_name("results.schema.json")


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


class BoundResult(Part):
    """A claim's bound, evaluated; ``log_bound`` is null where the bound is exactly 0."""

    bound: float
    log_bound: float | None


class CellResult(OnGrid):
    """One cell of one arm; ``failures`` says for each failed seed why, ``bounds`` holds each claim's number here."""

    symbols: dict[str, int | float]
    overlay: dict[str, Any]
    seeds: list[int]
    failed: list[int]
    failures: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    in_scope_seeds: list[int]
    observables: dict[str, Summary]
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


class VerdictResult(Part):
    """One verdict; ``by_sampling`` tells whether confidence limits decided it."""

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
    family_size: int
    by_sampling: bool
    premises: list[PremiseResult]
    exceedance: Exceedance | None
    sharpness: float | None
    observations_needed: int | None
    decidable_at: int | None


class MutantResult(Part):
    """A near miss of a claim: refuted, not refuted, or (None) not tested."""

    name: str
    refuted: bool | None
    evidence: str


class StatedPremise(Part):
    """A premise as the claim states it."""

    name: str
    latex: str
    text: str


class ClaimResult(Part):
    """A claim as it is stated, and its verdict over all cells."""

    id: str
    title: str
    number: str
    paper: str
    fingerprint: str
    kind: str
    provenance: str
    source: str
    statement: str
    formula: str
    latex: str | None
    symbols: list[str]
    observable: str
    variant: str
    reference: str | None
    axis: str | None
    domain: list[str]
    premises: list[StatedPremise]
    falsifier: str
    required: bool
    verdict: str
    certificate: dict[str, Any] | None
    mutants: list[MutantResult]


class CurveResult(OnGrid):
    """An observable along training: mean over seeds with limits."""

    symbols: dict[str, int | float]
    observable: str
    steps: list[int]
    mean: list[float | None]
    lower: list[float | None]
    upper: list[float | None]


class Results(Document):
    """The whole document; it is read without the code that made it."""

    observables: dict[str, ObservableResult]
    cells: list[CellResult]
    verdicts: list[VerdictResult]
    claims: list[ClaimResult]
    curves: list[CurveResult]
    shown: Shown
    figures: list[FigureData]

    def claim(self, identifier: str) -> ClaimResult:
        """The claim of that id."""
        return next(c for c in self.claims if c.id == identifier)

    def verdict_of(self, claim: str, cell: int) -> VerdictResult | None:
        """The verdict of a claim that speaks of a cell alone, if there is one."""
        return next((v for v in self.verdicts if v.claim == claim and v.cells == [cell]), None)

    def label(self, symbol: str) -> str:
        """How plain text writes a symbol."""
        return next((s.label for s in self.notation if s.name == symbol), symbol)

    def place(self, cells: Sequence[CellResult | CurveResult]) -> str:
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


def write_results(results: Results, path: Path) -> None:
    """Validate once more, as a reader would, and write atomically; strict JSON without NaN."""
    write_document(results, path)


def read_results(path: Path) -> Results:
    """Read a results document.

    Raises:
        UsageError: it is of another schema version; the line says what to do.
        OSError: the file cannot be read.
        pydantic.ValidationError: it is not a results document.
    """
    return read_document(Results, path, "run 'factbound verify' again with another --output")


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_of(Results), encoding="utf-8")
