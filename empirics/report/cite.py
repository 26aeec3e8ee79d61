"""What was tested and what came out, for the text of a paper: one sentence, and a table in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from empirics.report import tables
from empirics.report.citation import NAME, bibtex, key_of, latex, software
from empirics.verification.results import ClaimResult, Results
from theory.notation import Paper
from theory.plural import counted
from theory.registry import papers

_NAMED: Final = ("VIOLATED", "UNDECIDED", "BROKEN")
"""Verdicts whose claims are named in the sentence."""

_MEANT: Final = {"HOLDS": "every cell in scope", "SUPPORTED": "all cells together"}


@dataclass(frozen=True)
class Citation:
    """BibTeX of the software and of papers; names of papers that are not known here; of results a sentence and a table.

    ``sentence`` is plain, ``sentence_latex`` the same with its citations; empty without results, as ``table``.
    """

    bibtex: str
    keys: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    sentence: str = ""
    sentence_latex: str = ""
    table: str = ""

    def document(self) -> dict[str, Any]:
        """As strict JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


def cite(results: Results | None = None) -> Citation:
    """How to cite this installation and all papers; of results what ran, and the papers whose claims were tested."""
    known = {paper.name: paper for paper in papers()}
    if results is None:
        of = list(known.values())
        return Citation(bibtex(software(), of), _keys(of))
    names = list(dict.fromkeys(claim.paper for claim in results.claims if claim.verdict != "NOT TESTED"))
    of = [known[name] for name in names if name in known]
    cited = replace(software(), version=results.environment.factbound)
    return Citation(
        bibtex=bibtex(cited, of, results.environment.git_commit),
        keys=_keys(of),
        unknown=tuple(name for name in names if name not in known),
        sentence=sentence(results),
        sentence_latex=f"{_set(results, sentence(results)[:-1])}~\\cite{{{','.join(_keys(of))}}}.",
        table=latex_table(results),
    )


def _keys(of: Sequence[Paper]) -> tuple[str, ...]:
    return (NAME, *(key_of(paper.name) for paper in of))


def sentence(results: Results) -> str:
    """What ran and what came out, in one sentence: version, grid, seeds, alpha, plan, verdicts."""
    interrupted = "" if results.complete else ", interrupted before all runs were finished"
    plan = "declared before the data" if results.plan.declared else "exploratory, not declared before the data"
    groups = [
        (kind, [claim for claim in results.claims if claim.required is required and claim.verdict != "NOT TESTED"])
        for kind, required in (("required claim", True), ("other claim", False))
    ]
    told = "; ".join(f"of the {counted(len(mine), kind)}, {_verdicts(mine)}" for kind, mine in groups if mine)
    untested = sum(claim.verdict == "NOT TESTED" for claim in results.claims)
    more = f" ({untested} more were not tested)" if untested else ""
    judged = f"{counted(len(results.claims) - untested, 'claim')} on {results.experiment.title}{more}"
    return (
        f"With {tables.program(results)}, {judged} were judged in "
        f"{counted(len(results.cells), 'cell')} ({_grid(results)}) with {_seeds(results)} a cell{interrupted}, at "
        f"alpha = {results.config['verdict']['alpha']:g} for each claim and with a plan that was {plan}: {told}."
    )


def _grid(results: Results) -> str:
    leading = [cell for cell in results.cells if cell.variant == results.experiment.leading]
    parts = []
    for symbol in results.experiment.axes:
        values = sorted({cell.symbols[symbol] for cell in leading})
        shown = ", ".join(f"{value:g}" for value in values)
        parts.append(
            f"{results.label(symbol)} = {shown}" if len(values) == 1 else f"{results.label(symbol)} in {{{shown}}}"
        )
    others = len({cell.variant for cell in results.cells}) - 1
    return ", ".join([*parts, *([f"{counted(others, 'further arm')}"] if others else [])])


def _seeds(results: Results) -> str:
    sizes = [len(cell.seeds) for cell in results.cells]
    least, most = min(sizes, default=0), max(sizes, default=0)
    return counted(most, "seed") if least == most else f"{least} to {most} seeds"


def _verdicts(claims: Sequence[ClaimResult]) -> str:
    """How many came out how; violated, undecided and broken ones by name, and that none is violated where none is."""
    parts = [] if any(c.verdict == "VIOLATED" for c in claims) else ["none VIOLATED"]
    for verdict in tables.ORDER:
        mine = [claim.id for claim in claims if claim.verdict == verdict]
        about = f" ({', '.join(mine)})" if verdict in _NAMED else f" ({_MEANT[verdict]})" if verdict in _MEANT else ""
        if mine:
            parts.append(f"{len(mine)} {verdict}{about}")
    return ", ".join(parts)


def _set(results: Results, text: str) -> str:
    """Text as LaTeX takes it, with symbols that are no plain letters as mathematics."""
    labels = {latex(s.label): s.latex for s in results.notation if not s.label.isalpha()} | {"alpha": r"\alpha"}
    words = (rf"(?<![A-Za-z]){re.escape(x)}(?![A-Za-z])" if x[0].isalpha() else re.escape(x) for x in labels)
    return re.sub("|".join(words), lambda found: f"${labels[found[0]]}$", latex(text))


_HEADINGS: Final = ("Claim", "Verdict", "All cells together", "Cells")
_RAGGED: Final = r">{\raggedright\arraybackslash}"
_COLUMNS: Final = rf"@{{}}{_RAGGED}p{{0.4\linewidth}}l{_RAGGED}p{{0.16\linewidth}}{_RAGGED}p{{0.18\linewidth}}@{{}}"


def latex_table(results: Results) -> str:
    """A table of all verdicts with the rules of booktabs, as wide as the text, that goes on over pages."""
    rows = [
        (
            f"{_set(results, claim.title)} ({_id(claim)}, {latex(claim.kind)}, {latex(claim.provenance)})",
            latex(claim.verdict),
            latex(tables.pooled_share(claim)),
            latex(tables.verdict_counts(results, claim.id)),
        )
        for claim in results.claims
        if claim.verdict != "NOT TESTED"
    ]
    untested = len(results.claims) - len(rows)
    caption = (
        f"Verdicts of factbound {results.environment.factbound} at alpha = {results.config['verdict']['alpha']:g} for "
        f"each claim, {_seeds(results)} a cell." + (f" {counted(untested, 'claim')} not tested." if untested else "")
    )
    head = [r"\toprule", " & ".join(_HEADINGS) + r" \\", r"\midrule"]
    lines = [
        r"% needs: \usepackage{array,booktabs,longtable}, and one column of text",
        r"{\footnotesize",
        rf"\begin{{longtable}}{{{_COLUMNS}}}",
        rf"\caption{{{_set(results, caption)} Claims with * are not required to hold.}}\label{{tab:factbound}}\\",
        *head,
        r"\endfirsthead",
        *head,
        r"\endhead",
        r"\bottomrule",
        r"\endlastfoot",
        *(" & ".join(row) + r" \\[2pt]" for row in rows),
        r"\end{longtable}}",
    ]
    return "\n".join(lines) + "\n"


def _id(claim: ClaimResult) -> str:
    """A claim's id, which may break at its hyphens; with * if it is not required."""
    breaking = latex(claim.id).replace("-", r"-\allowbreak ")
    return rf"\texttt{{{breaking}}}{'' if claim.required else '*'}"
