"""The results document: what ``results.json`` holds, validated when written.

The JSON Schema beside this file (``results.schema.json``) is generated from
these models by ``python -m empirics.verification.results``; a test keeps the two equal.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from empirics.files import write_atomically

__all__ = ["SCHEMA_FILE", "SCHEMA_VERSION", "Results", "read_results", "write_results"]

SCHEMA_VERSION = 1
SCHEMA_FILE = Path(__file__).with_name("results.schema.json")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Environment(_Part):
    """Where the numbers come from."""

    factbound: str
    git_commit: str | None
    git_dirty: bool | None
    code_hash: str
    python: str
    torch: str
    numpy: str
    blas: str
    cpu: str
    threads: int
    device: str
    dtype: str


class Summary(_Part):
    """An observable of a cell: mean over the seeds that have it, limits, and one value per seed."""

    mean: float | None
    lower: float | None
    upper: float | None
    interval: Literal["betting", "student-t", "exact"]
    values: list[float | None]


class CellResult(_Part):
    """One cell of one arm; ``failures`` says for each failed seed why."""

    variant: str
    overlay: dict[str, Any]
    templates: int
    multiplicity: int
    finetuned: int
    seeds: list[int]
    failed: list[int]
    failures: dict[str, str] = {}
    in_scope_seeds: list[int]
    observables: dict[str, Summary]


class PremiseResult(_Part):
    """A premise with its measured value (median over seeds), limit and truth."""

    name: str
    value: float | None
    limit: float | None
    holds: bool


class Exceedance(_Part):
    """Share of runs on the wrong side of the bound, with its two-sided interval."""

    share: float
    lower: float
    upper: float


class VerdictResult(_Part):
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


class MutantResult(_Part):
    """A near miss of a claim: refuted, not refuted, or (None) not tested."""

    name: str
    refuted: bool | None
    evidence: str


class ClaimResult(_Part):
    """A claim and its verdict over all cells."""

    id: str
    title: str
    kind: str
    provenance: str
    formula: str
    required: bool
    verdict: str
    certificate: dict[str, Any] | None
    mutants: list[MutantResult]


class CurveResult(_Part):
    """An observable along training: mean over seeds with limits."""

    variant: str
    observable: str
    templates: int
    multiplicity: int
    steps: list[int]
    mean: list[float | None]
    lower: list[float | None]
    upper: list[float | None]


class Results(_Part):
    """The whole document."""

    schema_version: Literal[1]
    wall_seconds: float
    complete: bool
    config: dict[str, Any]
    environment: Environment
    cells: list[CellResult]
    verdicts: list[VerdictResult]
    claims: list[ClaimResult]
    curves: list[CurveResult]

    def claim(self, identifier: str) -> ClaimResult:
        """The claim of that id."""
        return next(c for c in self.claims if c.id == identifier)

    def verdict_of(self, claim: str, cell: int) -> VerdictResult | None:
        """The verdict of a claim that speaks of a cell alone, if there is one."""
        return next((v for v in self.verdicts if v.claim == claim and v.cells == [cell]), None)

    def where(self, verdict: VerdictResult) -> str:
        """The cell or series of a verdict in words, the same in every run."""
        cells = [self.cells[i] for i in verdict.cells]
        if not cells:
            return "all"
        parts = []
        for name, label in (("templates", "|R|"), ("multiplicity", "K"), ("finetuned", "N_f")):
            values = list(dict.fromkeys(getattr(c, name) for c in cells))
            parts.append(f"{label}={','.join(map(str, values))}")
        variants = [v for v in dict.fromkeys(c.variant for c in cells) if v != "main"]
        return ", ".join([*variants, *parts])


def write_results(results: Results, path: Path) -> None:
    """Validate once more, as a reader would, and write atomically; strict JSON without NaN."""
    text = results.model_dump_json(indent=1) + "\n"
    Results.model_validate_json(text)
    json.loads(text, parse_constant=_no_constant)
    write_atomically(path, text)


def read_results(path: Path) -> Results:
    """Read a results document.

    Raises:
        OSError: the file cannot be read.
        pydantic.ValidationError: it is not a results document.
    """
    return Results.model_validate_json(path.read_text(encoding="utf-8"))


def schema_text() -> str:
    """The JSON Schema as text."""
    return json.dumps(Results.model_json_schema(), indent=1) + "\n"


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not strict JSON")


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
