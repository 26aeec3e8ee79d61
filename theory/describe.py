"""Documents of one claim: what it says, and its bound at given symbols, as JSON holds them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from theory.claim import Claim
from theory.kinds import Kind
from theory.notation import BrokenClaimError, DomainError
from theory.parts import Provenance, relation_text

_NOT_PROVED = {
    Provenance.STATED: "STATED: the source's formula, not proved here",
    Provenance.RECONSTRUCTED: "RECONSTRUCTED: our precise version of a sentence of the source, not proved here",
}


def status_of(claim: Claim) -> str:
    """Proof status in one phrase."""
    if claim.provenance is Provenance.DERIVED:
        return f"DERIVED: proved in docs/{claim.proof}" if claim.proof else "DERIVED"
    if claim.provenance is Provenance.STATED and claim.log_expression is None:
        return "STATED: the source says it in words, the precise form is ours, not proved here"
    return _NOT_PROVED[claim.provenance]


def described(claim: Claim) -> dict[str, Any]:
    """The document of ``factbound claims ID``."""
    return {
        "id": claim.id,
        "number": claim.number,
        "paper": claim.paper.name,
        "title": claim.title,
        "kind": claim.kind.value,
        "provenance": claim.provenance.value,
        "status": status_of(claim),
        "source": claim.source_text,
        "statement": claim.statement,
        "observable": claim.observable,
        "required": claim.required,
        "formula": claim.formula,
        "latex": claim.latex or "",
        "symbols": list(claim.symbols),
        "domain": [relation_text(r) for r in claim.domain],
        "assumptions": [
            {"name": a.name, "relation": relation_text(a.relation), "text": a.text} for a in claim.assumptions
        ],
        "mutants": [{"name": m.name, "text": m.text, "refuted_by": m.refuted_by} for m in claim.mutants],
        "proof": claim.proof,
    }


def evaluated(
    claim: Claim, values: Mapping[str, int | float], *, trivial: float | None = None, least: float | None = None
) -> dict[str, Any]:
    """The document of ``factbound bound ID NAME=VALUE ...``.

    ``trivial`` is what the observable reaches without any theorem, which makes an upper bound vacuous, and ``least``
    its least value, which makes a lower bound vacuous; None if unknown.

    Raises DomainError: the claim states no number, or a symbol is missing or outside its domain.
    """
    if claim.log_expression is None:
        raise DomainError(
            f"{claim.id} is a {claim.kind.value} claim and states no number; see: factbound claims {claim.id}"
        )
    from theory.numbers.evaluate import from_log  # loads numpy, which a list of claims does without

    log_bound = float(claim.log_bound(**values))
    upper, lower = claim.kind is Kind.UPPER, claim.kind is Kind.LOWER
    return {
        "id": claim.id,
        "kind": claim.kind.value,
        "observable": claim.observable,
        "values": dict(values),
        "bound": from_log(log_bound),
        "log_bound": log_bound if math.isfinite(log_bound) else None,
        "vacuous": (lower and least is not None and from_log(log_bound) <= least)
        or (upper and trivial is not None and trivial > 0 and log_bound >= math.log(trivial)),
        "provenance": claim.provenance.value,
        "status": status_of(claim),
        "premises": premises_at(claim, values),
    }


def state_of(premise: Mapping[str, Any]) -> str:
    """Whether a premise of :func:`premises_at` holds, in words."""
    if premise["holds"] is None:
        return f"{', '.join(premise['missing'])} not given" if premise["missing"] else "to be measured"
    return "holds" if premise["holds"] else "FAILS"


def premises_at(claim: Claim, values: Mapping[str, int | float]) -> list[dict[str, Any]]:
    """The assumptions of a claim, each with whether it holds at some values; None where these do not tell.

    ``missing`` are the symbols that were not given.

    Raises BrokenClaimError: one has no finite number there.
    """
    try:
        return [
            {
                "name": assumption.name,
                "relation": relation_text(assumption.relation),
                "holds": assumption.evaluate(values).holds
                if {s.name for s in assumption.relation.free_symbols} <= set(values)
                else None,
                "missing": [
                    name
                    for name in claim.notation.names_in(assumption.relation)
                    if name not in values and not claim.notation[name].setting
                ],
            }
            for assumption in claim.assumptions
        ]
    except BrokenClaimError as error:
        raise BrokenClaimError(claim.id, error.reason) from error
