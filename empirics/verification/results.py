"""The results document: what ``results.json`` holds, validated when written.

The JSON Schema beside this file (``results.schema.json``) is generated from
these models by ``python -m empirics.verification.results``; a test keeps the two equal.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

from pydantic import ConfigDict, Field, model_validator

from empirics.experiments.document import Measured
from empirics.experiments.presentation import FigureData, Part, Shown, repeated
from empirics.experiments.wording import defects_in
from empirics.verification.document import Document, read_document, schema_of
from theory.html import html_table
from theory.plural import counted
from theory.registry import UnknownClaimError
from theory.spelling import meant

RESULTS: Final = "results.json"
SCHEMA_FILE = Path(__file__).with_name("results.schema.json")


class PlanResult(Part):
    """The plan: the hash in plan.json, and whether it was declared before the data; if not, it is exploratory."""

    hash: str
    declared: bool
    reason: str


class MutantResult(Part):
    """A near miss of a claim: refuted, not refuted, or (None) not tested."""

    name: str
    refuted: bool | None
    evidence: str


class EvidenceResult(Part):
    """One kind of evidence for a claim, as in :class:`theory.certify.evidence.Evidence`."""

    kind: str
    present: bool
    state: str
    where: list[str]
    shows: str
    limits: str


class PooledResult(Part):
    """All cells of a claim together: the mean over worlds of the fraction of cells in which it holds.

    ``p_value`` is sequential, of "at most what is asked"; ``holm`` and ``benjamini_yekutieli`` are its adjusted
    values over all claims that have one.
    """

    statement: str
    estimate: float
    lower: float
    upper: float
    asked: float
    alpha: float
    refuting: float
    worlds: int
    without: int
    confirmed: bool
    refuted: bool
    p_value: float
    holm: float
    benjamini_yekutieli: float
    direction: str = ""  # of a refutation; results of before do not say it


class BrokenResult(Part):
    """A part of the program that has a defect, as a user's file: what it is, and what went wrong; it was left out."""

    what: str
    reason: str


class StatedPremise(Part):
    """A premise as the claim states it."""

    name: str
    latex: str
    text: str


class ClaimResult(Part):
    """A claim as it is stated, and its verdict over all cells.

    ``judged_on`` is the observable that verdicts rest on; ``by_share`` tells whether they are about the share of
    worlds in which the claim holds, and not about a mean. ``evidence`` is empty in results of earlier versions.
    """

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
    judged_on: str
    by_share: bool
    variant: str
    reference: str | None
    axis: str | None
    domain: list[str]
    premises: list[StatedPremise]
    falsifier: str
    required: bool
    verdict: str
    pooled: PooledResult | None
    certificate: dict[str, Any] | None
    mutants: list[MutantResult]
    evidence: list[EvidenceResult] = Field(default_factory=list)

    def __repr__(self) -> str:
        """In a line."""
        return f"ClaimResult({self.id}: {self.verdict}; {self.formula})"

    def _repr_html_(self) -> str:
        """In a notebook: the verdict, and what it is about."""
        rows = [
            ("verdict", self.verdict),
            ("statement", self.statement),
            ("formula", self.formula),
            ("kind", self.kind),
        ]
        if (found := self.pooled) is not None:
            limits = f"{found.estimate:.3g} [{found.lower:.3g}, {found.upper:.3g}], threshold {found.asked:g}"
            rows.append(("all cells together", f"{found.statement}: {limits}"))
        rows += [("premise", premise.text) for premise in self.premises]
        rows += [("falsified by", self.falsifier), ("provenance", self.provenance), ("source", self.source)]
        return html_table(f"{self.id}: {self.title}", rows)


class Results(Measured, Document):
    """The whole document; it is read without the code that made it."""

    plan: PlanResult
    claims: list[ClaimResult]
    shown: Shown
    figures: list[FigureData]
    broken: list[BrokenResult] = Field(default_factory=list)
    papers: dict[str, str] = Field(default_factory=dict)  # how each is cited in a line; empty in earlier results

    @model_validator(mode="after")
    def _shown_fits(self) -> Results:
        """What is shown stands beside what is common, and neither covers the other."""
        for name in repeated([f.name for f in (*self.shown.figures, *self.figures)]):
            raise ValueError(f"two figures are named {name}")
        common = {"variant", *self.experiment.axes.values(), "seeds", "failed", "in_scope_seeds"}
        measured = {name for c in self.cells for name in c.observables}
        common |= {f"{name}_{part}" for name in measured for part in ("mean", "lower", "upper")}
        for name, values in self.shown.columns.items():
            if name in common:
                raise ValueError(f"shown.columns.{name}: cells.csv has a common column of that name")
            if len(values) != len(self.cells):
                has = f"shown.columns.{name} has {counted(len(values), 'value')}"
                raise ValueError(f"{has}, allowed are {len(self.cells)}, one for each cell")
        return self

    def __repr__(self) -> str:
        """In a line; the document itself is ``model_dump()``."""
        counts = ", ".join(f"{n} {v}" for v, n in Counter(c.verdict for c in self.claims).most_common())
        cells = counted(len(self.cells), "cell")
        return f"Results({self.experiment.name}: {cells}; {counted(len(self.claims), 'claim')}: {counts})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """In a notebook: a row for each claim."""
        return html_table(repr(self), ((c.id, c.title, c.verdict) for c in self.claims))

    def frame(self, part: str = "cells", library: str | None = None) -> Any:
        """A part as a data frame of pandas, polars or pyarrow, the first that is installed if no library is named.

        ``cells``: a row for each cell; ``runs``: for each cell and seed; ``verdicts``; ``claims``; ``curves``: for each
        step. Raises UsageError: there is no such part, or the library is not installed.
        """
        from empirics.verification.frames import frame

        return frame(self, part, library)

    def plot(self, name: str | None = None, *, y: str | None = None, **chosen: Any) -> Any:
        """A matplotlib Figure: of the report by name (the main one if none is given), or of an observable ``y``.

        ``results.plot(y="ood_error", x="N_f", by="K", panel="R", claims=["ood-error-literal"], log="y")``; see
        :func:`empirics.plot`. Raises UsageError: a name, axis or value that is not there.
        """
        import empirics

        return empirics.plot(self, name, y=y, **chosen)

    @property
    def untested(self) -> str:
        """Why no claim was tested; empty if one was."""
        if any(c.seeds for c in self.cells) and all(len(c.failed) == len(c.seeds) for c in self.cells):
            return "every run failed"
        verdicts = {c.verdict for c in self.claims}
        if verdicts == {"NOT TESTED"}:
            return "no run measured what the claims speak of"
        outside = "OUT OF SCOPE" in verdicts and verdicts <= {"OUT OF SCOPE", "NOT TESTED"}
        return "no measured cell is in scope" if outside else ""

    @property
    def defects(self) -> list[str]:
        """What is broken, a line each: plug-ins, claims, mutants, and runs that a defect ended."""
        lines = [f"{part.what}: {part.reason}" for part in self.broken]
        lines += [f"claim {v.claim}: {v.reason}" for v in self.verdicts if v.verdict == "BROKEN"]
        lines += [
            f"mutant {m.name} of {c.id}: {m.evidence.removeprefix('broken: ')}"
            for c in self.claims
            for m in c.mutants
            if m.evidence.startswith("broken: ")
        ]
        return lines + defects_in(self.failures)

    @property
    def failures(self) -> dict[str, list[str]]:
        """Each reason for which runs failed, with those runs: unit and seed in words, each once."""
        met: dict[str, dict[str, None]] = {}
        for cell in (cell for cell in self.cells if cell.failures):
            symbols = {symbol: cell.symbols[symbol] for symbol in self.experiment.run_axes}
            place = self.place([cell.model_copy(update={"symbols": symbols})])
            for seed, reason in cell.failures.items():
                met.setdefault(reason, {})[f"{place}, seed {seed}"] = None
        return {reason: list(runs) for reason, runs in met.items()}

    def claim(self, identifier: str) -> ClaimResult:
        """The claim of that id (UnknownClaimError: there is none)."""
        known = {c.id: c for c in self.claims}
        if identifier not in known:
            raise UnknownClaimError(f"unknown claim {identifier!r}; {meant(identifier, known)}")
        return known[identifier]


class Earlier(Part):
    """Of earlier results, what tells how much of them new ones replace."""

    model_config = ConfigDict(extra="ignore")

    claims: list[ClaimResult]
    shown: Shown
    figures: list[FigureData]


def read_earlier(path: Path) -> Earlier:
    """That part of a results document; raises what :func:`read_results` does."""
    return read_document(Earlier, path, "")


def read_results(path: str | Path) -> Results:
    """Read a results document, or that of a directory.

    Raises:
        UsageError: it is of another schema version; the line says what to do.
        OSError: the file cannot be read.
        pydantic.ValidationError: it is not a results document.

    Example:
        >>> results = read_results("results/results.json")
        >>> results.claim("low-rank").verdict
        'VIOLATED'
    """
    place = Path(path)
    if place.is_dir():
        place /= RESULTS
    return read_document(Results, place, "run 'factbound verify' again with another --output")


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_of(Results), encoding="utf-8")
