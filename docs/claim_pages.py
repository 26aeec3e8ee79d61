"""Writes the generated part of each claim's page from the registry.

Called by ``conf.py`` before Sphinx reads its sources:

    claim_pages.generate(Path(__file__).parent / "claims" / "generated")

For each claim it writes ``<id>.md`` (MyST: heading, statement, formula, premises,
provenance, observable, mutants) and, where the claim has a number, ``<id>.svg``
and the numbers of the picture in ``<id>.csv``; and ``table.md``, the table of all
claims. The hand-written pages ``claims/<id>.md`` include these files, so that
the registry stays the only place where a claim is stated.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

import theory
from theory import Claim
from theory.inverse import symbolic_inverse
from theory.notation import LATEX_NAMES

__all__ = ["generate", "page", "table"]

HAND_WRITTEN = Path(__file__).parent / "claims"

MEANING = {
    "upper": "The observable is at most the bound.",
    "lower": "The observable is at least the bound.",
    "identity": "The observable equals the value, up to a numerical tolerance.",
    "comparison": "One arm exceeds the other, or the observable exceeds 0.",
    "trend": "The observable moves in one direction only.",
    "equivalence": "Two arms agree within a margin.",
    "rate": "The observable falls at least at a rate.",
}
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
        picture = _plot(claim, destination) if plots and claim.log_expression is not None else []
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
            f"| {claim.claim_number} | {linked} | {claim.kind} | {claim.provenance} "
            f"| {required} | `{claim.observable}` |"
        )
    return "\n".join(rows) + "\n"


def page(claim: Claim, with_plot: bool = False, folder: str = "generated") -> str:
    """The generated part of a claim's page, in MyST Markdown.

    Args:
        claim: the claim.
        with_plot: refer to the picture and its numbers.
        folder: where these lie, seen from the page that includes this part.
    """
    parts = [f"# {claim.title}", f"`{claim.id}` ({claim.claim_number})" if claim.claim_number else f"`{claim.id}`"]
    parts += ["## Statement", claim.statement]
    if claim.latex is not None:
        parts.append(f"```{{math}}\n{claim.latex}\n```")
        parts += _symbols(claim)
    parts += ["## Status", _status(claim)]
    parts += ["## Premises", _premises(claim)]
    parts += ["## What is measured", _observable(claim)]
    inverse = _inverse(claim)
    if inverse:
        parts += ["## How many facts it asks for", inverse]
    if claim.mutants:
        parts += ["## Near misses that must be refuted", _mutants(claim)]
    if with_plot:
        parts += [
            "## The bound",
            f"```{{image}} {folder}/{claim.id}.svg\n:alt: {claim.title}\n```",
            f"Numbers of the picture: {{download}}`{folder}/{claim.id}.csv`.",
        ]
    return "\n\n".join(parts) + "\n"


def _symbols(claim: Claim) -> list[str]:
    from theory.notation import NOTATION

    names = {s.name: latex for s, latex in LATEX_NAMES.items()}
    lines = [f"- ${names.get(name, name)}$ (`{name}`): {NOTATION[name].meaning}" for name in claim.symbols]
    return ["where", "\n".join(lines)] if lines else []


def _status(claim: Claim) -> str:
    required = (
        "A violation fails a verification." if claim.required else "Reported; a violation does not fail a verification."
    )
    return "\n".join(
        (
            f"- Kind: {claim.kind}. {MEANING[claim.kind]}",
            f"- Provenance: {PROVENANCE[claim.provenance]}",
            f"- In the source (our words): {claim.source}",
            f"- {required}",
        )
    )


def _premises(claim: Claim) -> str:
    lines = [f"- Domain: ${_latex(relation)}$" for relation in claim.domain]
    for assumption in claim.assumptions:
        how = "measured, per seed" if assumption.observables else "on the symbols"
        lines.append(f"- ${_latex(assumption.relation)}$ ({how}): {assumption.text}.")
    return "\n".join(lines) or "None beyond the definitions."


def _observable(claim: Claim) -> str:
    from empirics.observable import OBSERVABLES

    found = OBSERVABLES.get(claim.observable)
    definition = f": {found.definition} Unit: {found.unit}." if found else "."
    lines = [f"`{claim.observable}`{definition}"]
    if claim.variant != "main" or claim.reference:
        against = f", compared seed by seed with the arm `{claim.reference}`" if claim.reference else ""
        lines.append(f"Measured in the arm `{claim.variant}`{against}.")
    if claim.axis:
        direction = "does not increase" if claim.direction < 0 else "does not decrease"
        lines.append(f"It {direction} along `{claim.axis}`.")
    if claim.supporting:
        lines.append("Reported beside it: " + ", ".join(f"`{name}`" for name in claim.supporting) + ".")
    return "\n\n".join(lines)


def _inverse(claim: Claim) -> str:
    if claim.minimised_over or claim.log_expression is None or "N_f" not in claim.symbols:
        return ""
    inverse = symbolic_inverse(claim.log_expression, "N_f")
    if inverse is None:
        return ""
    return (
        "The bound is at most $\\delta$ from the least integer on that is at least\n\n"
        f"```{{math}}\nN_f = {_latex(inverse)}\n```"
    )


def _mutants(claim: Claim) -> str:
    return "\n".join(f"- `{m.name}`: {m.text} (refuted by {m.refuted_by})." for m in claim.mutants)


def _latex(expression: sp.Basic) -> str:
    names: dict[Any, str] = {s: n for s, n in LATEX_NAMES.items() if s in expression.free_symbols}
    for symbol in expression.free_symbols:
        if symbol not in LATEX_NAMES and "_" in symbol.name:
            names[symbol] = r"\mathrm{" + symbol.name.replace("_", r"\_") + "}"
    return str(sp.latex(expression, symbol_names=names))


# What the pictures vary, and the curves they show; every claim with a number has one.
_FACTS = np.unique(np.round(np.geomspace(1, 3000, 900)).astype(int))
_UNIVERSE = 40
_CURVES: dict[tuple[str, ...], tuple[str, Any, str, list[dict[str, Any]]]] = {
    ("K",): ("K", np.arange(1, 41), "multiplicity K", [{}]),
    ("N_f",): ("N_f", _FACTS, "fine-tuned facts N_f", [{}]),
    ("R", "K", "N_f"): ("N_f", _FACTS, "fine-tuned facts N_f", [{"K": k, "R": _UNIVERSE} for k in (1, 2, 4, 8)]),
    ("A", "R", "K", "N_f"): (
        "N_f",
        np.arange(1, 200),
        "fine-tuned facts N_f",
        [{"K": 1, "R": r, "A": 100} for r in (10, 20, 40)],
    ),
    ("S", "A", "R", "K", "eta", "t"): (
        "t",
        10 ** np.arange(0, 9),
        "gradient steps t",
        [{"S": 30, "A": 30, "R": 8, "K": k, "eta": 20} for k in (1, 3, 8)],
    ),
}


def _plot(claim: Claim, destination: Path) -> list[Path]:
    """Draw the bound; the numbers drawn go into a CSV beside the picture."""
    curves = _CURVES.get(claim.symbols)
    if curves is None:
        return []
    import matplotlib as mpl
    from matplotlib.figure import Figure

    axis, points, label, family = curves
    with mpl.rc_context({"svg.hashsalt": claim.id, "font.size": 9}):
        figure = Figure(figsize=(6, 3.6), layout="constrained")
        axes = figure.add_subplot()
        rows: list[list[Any]] = [[axis, *sorted(family[0]), "bound", "log_bound"]]
        lowest = 1.0
        for fixed in family:
            logs = np.asarray(claim.log_bound(**fixed, **{axis: points}))
            values = np.exp(logs)
            name = ", ".join(f"{'|R|' if k == 'R' else k} = {v}" for k, v in fixed.items() if k in ("K", "R"))
            axes.plot(points, values, label=name or None, linewidth=1.4)
            rows += [
                [int(p), *(fixed[k] for k in sorted(fixed)), repr(float(v)), repr(float(x))]
                for p, v, x in zip(points, values, logs, strict=True)
            ]
            positive = values[values > 0]
            lowest = min(lowest, float(positive.min())) if positive.size else lowest
        axes.set(xscale="log", yscale="log", xlabel=label, ylabel=claim.observable.replace("_", " "))
        axes.set_ylim(bottom=max(lowest, 1e-6) / 2)
        axes.grid(alpha=0.3)
        if family[0]:
            axes.legend(frameon=False)
        picture, numbers = destination / f"{claim.id}.svg", destination / f"{claim.id}.csv"
        figure.savefig(picture, metadata={"Date": None})
    with numbers.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)
    return [picture, numbers]
