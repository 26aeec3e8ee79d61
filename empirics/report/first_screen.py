"""The report's first screen: what was tested, where it holds and where not, how sure, on which assumptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from empirics.report import tables
from empirics.report.claim_views import ClaimView
from empirics.report.figures.figure import Figure
from empirics.verification.results import ClaimResult, Results
from theory.plural import counted

_OWN: Final = "DERIVED"
_UNTESTED: Final = "NOT TESTED"
_FIXED: Final = "Widths, steps and sizes are fixed as told here; only the seed varies (world, initialisation, order)."
_ORIGIN: Final = {"STATED": "the source's words", "RECONSTRUCTED": "our version of them", "DERIVED": "proved here"}


@dataclass(frozen=True)
class Group:
    """Claims of one kind of origin, in the order of the results."""

    id: str
    title: str
    claims: Sequence[ClaimView]

    @property
    def pictured(self) -> Figure | None:
        """The first figure of its claims."""
        return next((view.figure for view in self.claims if view.figure is not None), None)

    @property
    def counts(self) -> str:
        """How many have which verdict, the worst first."""
        return _counts([view.stated for view in self.claims])


def groups(views: Sequence[ClaimView]) -> list[Group]:
    """The sentences of the source that were tested, the project's own theorems, what was not tested; none is empty."""
    untested = [view for view in views if view.stated.verdict == _UNTESTED]
    tested = [view for view in views if view not in untested]
    parts = (
        ("sentences", "What the source says", [v for v in tested if v.stated.provenance != _OWN]),
        ("theorems", "What this project proves beside it", [v for v in tested if v.stated.provenance == _OWN]),
        ("untested", "Not tested in this run", untested),
    )
    return [Group(*part) for part in parts if part[2]]


def cited(results: Results) -> list[str]:
    """The papers of the claims, each in a line."""
    return [results.papers.get(name, name) for name in dict.fromkeys(claim.paper for claim in results.claims)]


def tested(results: Results) -> list[tuple[str, str]]:
    """What was tested: papers, model, grid with seeds; a name and a line each."""
    model = _settings(results.config.get("model", {}))
    return [
        ("Paper" if len(cited(results)) == 1 else "Papers", "; ".join(cited(results))),
        ("Model", results.experiment.title + (f": {model}" if model else "")),
        ("Grid and seeds", f"{tables.summary(results)}; {results.environment.cpu}."),
    ]


def _settings(model: Mapping[str, Any]) -> str:
    """What is on, and numbers and names with their values; what is off or empty is left out."""
    named = ((name.replace("_", " "), value) for name, value in model.items() if value not in (False, "", [], None))
    return ", ".join(name if value is True else f"{name} {value}" for name, value in named)


def answers(results: Results, views: Sequence[ClaimView]) -> list[tuple[str, str]]:
    """Where the claims fail, how sure that is, how tight bounds are, on which assumptions: a few sentences each."""
    found = [
        ("Where it does not hold", _failing(results)),
        ("How sure", _sure(results)),
        ("How tight", _tight(views)),
        ("On which assumptions", _assumptions(results)),
    ]
    return [(name, text) for name, text in found if text]


def _failing(results: Results) -> str:
    failing = {verdict: [c for c in results.claims if c.verdict == verdict] for verdict in ("VIOLATED", "UNDECIDED")}
    lines = [f"{verdict}: {'; '.join(map(_named, claims))}." for verdict, claims in failing.items() if claims]
    asked = {c.pooled.asked for claims in failing.values() for c in claims if c.pooled is not None}
    if len(asked) == 1:
        lines.append(f"The threshold is {100 * asked.pop():g} %.")
    for verdict in ("VACUOUS", "OUT OF SCOPE"):
        if silent := [c.title for c in results.claims if c.verdict == verdict]:
            lines.append(f"{verdict}: {'; '.join(silent)}.")
    if some := sum(c.verdict == "SUPPORTED" for c in results.claims):
        lines.append(f"Undecided in some cells: {counted(some, 'SUPPORTED claim')}.")
    return " ".join([*(lines or ["No claim is violated or undecided."]), *results.shown.notes])


def _named(claim: ClaimResult) -> str:
    share = tables.pooled_share(claim)
    return claim.title + (f" ({share})" if share else "")


def _sure(results: Results) -> str:
    if not any(v.by_sampling for v in results.verdicts):
        return "No verdict rests on sampling."
    alpha = results.config["verdict"]["alpha"]
    sure = (
        f"HOLDS, SUPPORTED and VIOLATED are each wrong with probability at most {alpha:g} a claim, over all looks. "
        "A world is one seed: its data, initialisation and order."
    )
    pooled = [claim.pooled for claim in results.claims if claim.pooled is not None]
    if not pooled:
        return sure
    confirmed, adjusted = sum(p.confirmed for p in pooled), sum(p.confirmed and p.holm <= p.alpha for p in pooled)
    return (
        f"{sure} Claims that rest on samples of worlds: {len(pooled)}; confirmed over all cells together: {confirmed}; "
        f"also with one error rate over all claims (Holm): {adjusted}."
    )


def _tight(views: Sequence[ClaimView]) -> str:
    """Of the source's bounds: how far above what was measured, and how many runs of a cell lie beyond them."""
    lines = []
    for view in views:
        beyond = [v.exceedance.share for v, _, _ in view.verdicts if v.exceedance is not None]
        if view.tightness and view.stated.provenance != _OWN:
            most = f"; up to {max(beyond):.0%} of a cell's runs lie beyond it" if any(beyond) else ""
            none = sum(v.estimate == 0 and v.bound is not None for v, _, _ in view.verdicts)
            zero = f"; {counted(none, 'further cell has', 'further cells have')} mean 0" if none else ""
            lines.append(f"{view.stated.title}: {view.tightness}{most.replace('%', ' %')}{zero}.")
    return " ".join(lines)


def _assumptions(results: Results) -> str:
    tested = [claim for claim in results.claims if claim.verdict != _UNTESTED]
    origin = Counter(claim.provenance for claim in tested)
    told = ", ".join(f"{origin[name]} {name} ({words})" for name, words in _ORIGIN.items() if origin[name])
    outside = sum(v.verdict == "OUT OF SCOPE" for v in results.verdicts)
    scope = f"; where one fails, a cell is OUT OF SCOPE ({counted(outside, 'verdict')} here)" if outside else ""
    return f"Claims tested: {told}. Premises are measured in every run{scope}. {_FIXED}"


def _counts(claims: Sequence[ClaimResult]) -> str:
    found = Counter(claim.verdict for claim in claims)
    return ", ".join(f"{found[verdict]} {verdict}" for verdict in tables.ORDER if found[verdict])
