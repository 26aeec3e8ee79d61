"""Writes the generated part of each claim's page from the registry.

Called by ``conf.py`` before Sphinx reads its sources:

    claim_pages.generate(Path(__file__).parent / "claims" / "generated")

For each claim it writes ``<id>.md`` (MyST: heading, statement, formula, premises,
provenance, evidence, observable, mutants) and, where its number varies with a symbol, ``<id>.svg``
and the numbers of the picture in ``<id>.csv``; and ``table.md``, the table of all
claims. The hand-written pages ``claims/<id>.md`` include these files, so that
the registry stays the only place where a claim is stated.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import sympy as sp

import theory
from theory import Claim
from theory.planning.inverse import symbolic_inverse
from theory.planning.plan import unknowns

__all__ = ["generate", "page", "table"]

DOCS = Path(__file__).parent
HAND_WRITTEN = DOCS / "claims"
STORED = ("default.json", "smollm2.json")
"""Results that are kept in docs/stored, and from which the pages take verdicts."""

PROVENANCE = {
    "STATED": "STATED: the formula or sentence is in the source's abstract or summary.",
    "RECONSTRUCTED": "RECONSTRUCTED: this project's precise version of a sentence that the source states in words.",
    "DERIVED": "DERIVED: a theorem of this project, proved below; not a claim of the source.",
}


def generate(destination: Path, plots: bool = True) -> list[Path]:
    """Write the generated parts of all pages into ``destination``.

    Args:
        destination: created if missing; files in it are overwritten.
        plots: also draw the pictures.

    Returns:
        The files written.
    """
    destination.mkdir(parents=True, exist_ok=True)
    written = []
    for claim in theory.all_claims():
        picture = _plot(claim, destination) if plots and claim.symbols else []
        target = destination / f"{claim.id}.md"
        target.write_text(page(claim, with_plot=bool(picture), folder=destination.name), encoding="utf-8")
        written += [target, *picture]
    overview = destination / "table.md"
    overview.write_text(table(theory.all_claims()), encoding="utf-8")
    return [*written, overview]


def table(claims: Iterable[Claim]) -> str:
    """A Markdown table of claims."""
    rows = ["| | claim | kind | provenance | required | observable |", "|---|---|---|---|---|---|"]
    for claim in claims:
        required = "yes" if claim.required else "reported"
        title = claim.title.replace("|", r"\|")
        linked = f"[{title}]({claim.id}.md)" if (HAND_WRITTEN / f"{claim.id}.md").exists() else title
        rows.append(
            f"| {claim.number} | {linked} | {claim.kind} | {claim.provenance} | {required} | `{claim.observable}` |"
        )
    return "\n".join(rows) + "\n"


def page(claim: Claim, with_plot: bool = False, folder: str = "generated") -> str:
    """The generated part of a claim's page, in MyST Markdown.

    Args:
        claim: the claim.
        with_plot: refer to the picture and its numbers.
        folder: where these lie, seen from the page that includes this part.
    """
    parts = [f"# {claim.title}", f"`{claim.id}` ({claim.number})" if claim.number else f"`{claim.id}`"]
    parts += ["## Statement", claim.statement]
    if claim.latex is not None:
        parts.append(f"```{{math}}\n{claim.latex}\n```")
        parts += _symbols(claim)
    parts += ["## Status", _status(claim)]
    parts += ["## Premises", _premises(claim)]
    parts += ["## Evidence", _evidence(claim)]
    parts += ["## What is measured", _observable(claim)]
    inverse = _inverse(claim)
    if inverse:
        parts += ["## How many facts it asks for", inverse]
    if claim.mutants:
        parts += ["## Near misses that must be refuted", _mutants(claim)]
    if with_plot:
        parts += [
            "## The bound",
            f"```{{image}} {folder}/{claim.id}.svg\n:alt: {claim.title}\n:class: plot\n```",
            f"Numbers of the picture: {{download}}`{folder}/{claim.id}.csv`.",
        ]
    return "\n\n".join(parts) + "\n"


def _symbols(claim: Claim) -> list[str]:
    symbols = (claim.notation[name] for name in claim.symbols)
    lines = [f"- ${symbol.latex}$ (`{symbol.name}`): {symbol.meaning}" for symbol in symbols]
    return ["where", "\n".join(lines)] if lines else []


def _status(claim: Claim) -> str:
    words = claim.meaning.words
    required = (
        "A violation fails a verification." if claim.required else "Reported; a violation does not fail a verification."
    )
    return "\n".join(
        (
            f"- Kind: {claim.kind}. {words[0].upper()}{words[1:]}.",
            f"- Provenance: {PROVENANCE[claim.provenance]}",
            f"- In the source (our words): {claim.source_text}",
            f"- {required}",
        )
    )


def _premises(claim: Claim) -> str:
    lines = [f"- Domain: ${_latex(claim, relation)}$" for relation in claim.domain]
    for assumption in claim.assumptions:
        how = "measured, per seed" if assumption.observables else "on the symbols"
        lines.append(f"- ${_latex(claim, assumption.relation)}$ ({how}): {assumption.text}.")
    return "\n".join(lines) or "None beyond the definitions."


def _observable(claim: Claim) -> str:
    from empirics.observables.catalogue import observables

    found = observables().get(claim.observable)
    definition = f": {found.definition} Unit: {found.unit}." if found else "."
    lines = [f"`{claim.observable}`{definition}"]
    if claim.judged_on != claim.observable:
        lines.append(f"Judged on `{claim.judged_on}`, run by run: {observables()[claim.judged_on].definition}")
    if claim.arm != "main" or claim.reference:
        against = f", compared seed by seed with the arm `{claim.reference}`" if claim.reference else ""
        lines.append(f"Measured in the arm `{claim.arm}`{against}.")
    if claim.axis:
        direction = "does not increase" if claim.direction < 0 else "does not decrease"
        lines.append(f"It {direction} in `{claim.axis}`.")
    if claim.supporting:
        lines.append("Reported beside it: " + ", ".join(f"`{name}`" for name in claim.supporting) + ".")
    return "\n\n".join(lines)


@lru_cache(maxsize=1)
def _stored() -> dict[str, tuple[str, Any]]:
    """What the stored results say of claims: id to file and result; the first file that tested it."""
    from empirics.verification.results import read_results

    found: dict[str, tuple[str, Any]] = {}
    for name in STORED:
        for result in read_results(DOCS / "stored" / name).claims:
            if result.verdict != "NOT TESTED":
                found.setdefault(result.id, (f"docs/stored/{name}", result))
    return found


def _evidence(claim: Claim) -> str:
    """The five kinds of evidence as a table, pages of the documentation as links."""
    from empirics.verification.evidence import evidence

    source, result = _stored().get(claim.id, ("these results", None))
    rows = ["| kind | present | shows | does not show |", "|---|---|---|---|"]
    for row in evidence(claim, result, source):
        there = f"**{'yes' if row.present else 'no'}**: {row.state}"
        where = "; ".join(_place(claim, place) for place in row.where)
        cells = (row.kind, f"{there} ({where})" if where else there, row.shows, row.limits)
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    told = "What each kind rests on, and what nobody checks: [why you may trust this](../trust.md)."
    return "\n".join(rows) + f"\n\n{told}"


def _place(claim: Claim, place: str) -> str:
    """A page as a link, seen from the claim's page; a command or file as code."""
    if place == f"docs/claims/{claim.id}.md":
        return "[below](#proof)"
    if place.startswith("docs/") and place.endswith(".md"):
        return f"[{Path(place).stem}](../{place.removeprefix('docs/')})"
    return f"`{place}`" if place.startswith(("factbound ", "make ", "docs/")) else place


def _inverse(claim: Claim) -> str:
    first = claim.paper.unknowns[0]
    inverse = symbolic_inverse(claim, first) if first in unknowns(claim) else None
    if inverse is None:
        return ""
    return (
        "The bound is at most $\\delta$ from the least integer on that is at least\n\n"
        f"```{{math}}\n{claim.notation[first].latex} = {_latex(claim, inverse)}\n```"
    )


def _mutants(claim: Claim) -> str:
    return "\n".join(f"- `{m.name}`: {m.text} (refuted by {m.refuted_by})." for m in claim.mutants)


def _latex(claim: Claim, expression: sp.Basic) -> str:
    names: dict[Any, str] = dict(claim.notation.latex_names)
    for symbol in expression.free_symbols:
        if symbol not in names and "_" in symbol.name:
            names[symbol] = r"\mathrm{" + symbol.name.replace("_", r"\_") + "}"
    return str(sp.latex(expression, symbol_names=names))


def _plot(claim: Claim, destination: Path) -> list[Path]:
    """Draw the bound; the numbers drawn go into a CSV beside the picture."""
    from empirics.report.figures.bounds import bound_figure

    figure = bound_figure(claim)
    picture, numbers = destination / f"{claim.id}.svg", destination / f"{claim.id}.csv"
    picture.write_bytes(figure.render("svg"))
    numbers.write_text(figure.csv, encoding="utf-8")
    return [picture, numbers]
