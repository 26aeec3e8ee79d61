"""Results of a verification, asked in the words of docs/findings.md."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from empirics.experiments.document import CellResult, VerdictResult
from empirics.judging.confidence import upper_limit
from empirics.verification.results import Results
from theory.plural import counted

__all__ = ["Evidence", "number", "percent", "table"]


def number(value: float | None, digits: int = 2) -> str:
    """A fixed number of digits, a power of ten for tiny ones, a dash for none."""
    if value is None:
        return "–"
    if value != 0 and abs(value) < 10**-digits / 2:
        return f"{value:.0e}"
    return f"{value:.{digits}f}"


def percent(share: float, *, up: bool = False) -> str:
    """Whole percent: a lower limit is rounded down, an upper one up."""
    return f"{math.ceil(100 * share - 1e-9) if up else math.floor(100 * share + 1e-9)} %"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(text.replace("|", r"\|") for text in line) + " |" for line in lines)


@dataclass(frozen=True)
class Evidence:
    """A results document with short ways to its numbers."""

    results: Results

    def cells(self, variant: str = "main", **where: int) -> list[CellResult]:
        """The cells of an arm with seeds, at the given templates, multiplicity, finetuned."""
        return [
            c
            for c in self.results.cells
            if c.variant == variant and c.seeds and all(getattr(c, k) == v for k, v in where.items())
        ]

    def units(self, variant: str = "main") -> list[CellResult]:
        """One cell for each pre-trained model of an arm."""
        return list({(c.templates, c.multiplicity): c for c in self.cells(variant)}.values())

    def values(self, cells: Iterable[CellResult], name: str) -> list[float]:
        """All defined values of an observable, over cells and seeds."""
        found = [c.observables[name].values for c in cells if name in c.observables]
        return [v for values in found for v in values if v is not None]

    def mean(self, cells: Iterable[CellResult], name: str) -> float | None:
        """Their mean."""
        values = self.values(cells, name)
        return fmean(values) if values else None

    def paired(self, variant: str, name: str, **where: int) -> float | None:
        """Mean difference of an arm from the main arm over common seeds and cells."""
        differences = []
        for cell in self.cells(variant, **where):
            here = {"templates": cell.templates, "multiplicity": cell.multiplicity, "finetuned": cell.finetuned}
            for partner in self.cells("main", **here):
                before = dict(zip(partner.seeds, partner.observables[name].values, strict=True))
                after = dict(zip(cell.seeds, cell.observables[name].values, strict=True))
                pairs = [(after[s], before[s]) for s in after if s in before]
                differences += [a - b for a, b in pairs if a is not None and b is not None]
        return fmean(differences) if differences else None

    def verdict(self, claim: str) -> str:
        """The claim's verdict, and how its cells came out."""
        counts = Counter(v.verdict for v in self.of(claim))
        shown = ", ".join(f"{n} {v}" for v, n in counts.most_common())
        return f"`{claim}`: {self.results.claim(claim).verdict} ({shown})"

    def of(self, claim: str, *verdicts: str) -> list[VerdictResult]:
        """The verdicts of a claim, all or those named."""
        return [v for v in self.results.verdicts if v.claim == claim and (not verdicts or v.verdict in verdicts)]

    def counterexamples(self, claim: str) -> list[str]:
        """The confirmed cells in which the claim does not hold in some worlds, those with most of them first.

        In a cell that is not confirmed the reason of the verdict gives the number. A bound on a mean may be confirmed
        although some runs are beyond it.
        """
        found = [(v.counts, v) for v in self.of(claim, "HOLDS") if v.counts is not None]
        found = [(n, v) for n, v in found if n.no + n.tie]
        found.sort(key=lambda item: (-item[0].no, -item[0].tie))
        return [
            f"{self.results.where(v)}: {n.no} of {counted(n.yes + n.tie + n.no, 'world')}"
            + (f", {counted(n.tie, 'tie')}" if n.tie else "")
            for n, v in found
        ] + [
            f"{self.results.where(v)}: {number(100 * v.exceedance.share, 0)} % of runs are beyond the bound"
            for v in self.of(claim, "HOLDS")
            if v.exceedance is not None and v.exceedance.share > 0
        ]

    def extracted(self) -> list[CellResult]:
        """Cells with K >= 2 in which most facts that fine-tuning never showed are answered right.

        The upper limit of the mean OOD error is at most 1/2, alpha divided over these cells.
        """
        asked = [c for c in self.cells() if c.multiplicity >= 2]
        alpha = self.results.config["verdict"]["alpha"] / max(1, len(asked))
        values = {id(c): self.values([c], "ood_error") for c in asked}
        return [c for c in asked if values[id(c)] and upper_limit(values[id(c)], alpha, 0.0, 1.0) <= 0.5]
