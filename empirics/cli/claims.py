"""``factbound claims`` and ``factbound bound``: the theory, without running anything."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
import typer

from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.observables.catalogue import observables
from theory import Claim, DomainError, Kind, Provenance, all_claims, claim
from theory.claims.xu_chen.paper import NOTATION
from theory.numbers.evaluate import parse_value

__all__ = ["bound_command", "claims_command"]


@app.command("claims")
def claims_command(
    identifier: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show one claim in full.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Formulas as LaTeX.")] = False,
) -> None:
    """List the claims, or show one in full: formula, assumptions, provenance, proof.

    Example: factbound claims ood-error-literal
    """
    chosen = all_claims() if identifier is None else (claim(identifier),)
    if as_json:
        documents = [describe(item) for item in chosen]
        print_json(documents if identifier is None else documents[0])
    elif latex:
        for item in chosen:
            print(describe(item)["latex"] if identifier else f"{item.id}: {describe(item)['latex']}")
    elif identifier is None:
        _list(chosen)
    else:
        _show(chosen[0])


@app.command("bound")
def bound_command(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A claim, as listed by 'factbound claims'.")],
    values: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE ...", help="N_f=40 K=3 R=60")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Evaluate the bound of a claim: value, log-value, whether it is vacuous, proof status.

    Example: factbound bound ood-error-literal N_f=40 K=3 R=60
    """
    item = claim(identifier)
    document = evaluate(item, parse_assignments(values or []))
    if as_json:
        print_json(document)
        return
    out = console()
    out.print(f"[bold]{item.id}[/bold]  {item.title}", markup=True)
    out.print(f"  {item.formula}", markup=False)
    log_bound = document["log_bound"]
    out.print(f"  bound      {document['bound']:.6g}", markup=False)
    out.print(f"  log bound  {'-inf' if log_bound is None else format(log_bound, '.12g')}", markup=False)
    out.print(f"  vacuous    {'yes' if document['vacuous'] else 'no'}", markup=False)
    out.print(f"  status     {document['status']}", markup=False)
    for premise in document["premises"]:
        state = {True: "holds", False: "FAILS", None: "to be measured"}[premise["holds"]]
        out.print(f"  premise    {premise['relation']}: {state}", markup=False)


def parse_assignments(texts: list[str]) -> dict[str, int | float]:
    """``NAME=VALUE`` words as values of symbols.

    Raises:
        DomainError: not of that form, unknown, given twice, or outside the domain.
    """
    values: dict[str, int | float] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise DomainError(f"{text!r} is not of the form NAME=VALUE; symbols are {', '.join(NOTATION)}")
        if name in values:
            raise DomainError(f"{name} is given twice, {values[name]} and {value}")
        values[name] = parse_value(name, value)
    return values


def evaluate(item: Claim, values: dict[str, int | float]) -> dict[str, Any]:
    """The document of ``factbound bound``."""
    if item.log_expression is None:
        raise DomainError(
            f"{item.id} is a {item.kind.value} claim and states no number; see: factbound claims {item.id}"
        )
    log_bound = float(item.log_bound(**values))
    observable = observables().get(item.observable)
    trivial = None if observable is None else observable.trivial
    if item.kind is Kind.LOWER and observable is not None:
        vacuous = math.exp(log_bound) <= observable.lower
    else:
        vacuous = item.kind is Kind.UPPER and trivial is not None and trivial > 0 and log_bound >= math.log(trivial)
    return {
        "id": item.id,
        "kind": item.kind.value,
        "observable": item.observable,
        "values": values,
        "bound": float(np.exp(log_bound)),
        "log_bound": log_bound if math.isfinite(log_bound) else None,
        "vacuous": vacuous,
        "provenance": item.provenance.value,
        "status": status_of(item),
        "premises": [_premise(assumption, values) for assumption in item.assumptions],
    }


def status_of(item: Claim) -> str:
    """Proof status in one phrase."""
    if item.provenance is Provenance.DERIVED:
        return f"DERIVED: proved in docs/{item.proof}" if item.proof else "DERIVED"
    return {
        Provenance.STATED: "STATED: the source's formula, not proved here",
        Provenance.RECONSTRUCTED: "RECONSTRUCTED: our precise version of a sentence of the source, not proved here",
    }[item.provenance]


def describe(item: Claim) -> dict[str, Any]:
    """The document of one claim."""
    import sympy as sp

    relation = item.relation
    return {
        "id": item.id,
        "number": item.claim_number,
        "title": item.title,
        "kind": item.kind.value,
        "provenance": item.provenance.value,
        "status": status_of(item),
        "source": item.source,
        "statement": item.statement,
        "observable": item.observable,
        "required": item.required,
        "formula": item.formula,
        "latex": sp.latex(relation) if relation is not None else "",
        "symbols": list(item.symbols),
        "domain": [sp.sstr(r) for r in item.domain],
        "assumptions": [{"name": a.name, "relation": sp.sstr(a.relation), "text": a.text} for a in item.assumptions],
        "mutants": [{"name": m.name, "text": m.text, "refuted_by": m.refuted_by} for m in item.mutants],
        "proof": item.proof,
    }


def _premise(assumption: Any, values: dict[str, int | float]) -> dict[str, Any]:
    import sympy as sp

    known = all(s.name in values for s in assumption.relation.free_symbols)
    return {
        "name": assumption.name,
        "relation": sp.sstr(assumption.relation),
        "holds": assumption.evaluate(values).holds if known else None,
    }


def _list(chosen: tuple[Claim, ...]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("claim", "", "kind", "provenance", "required", "formula"):
        table.add_column(heading, overflow="fold")
    for item in chosen:
        formula = item.formula if item.log_expression is not None else item.title
        table.add_row(
            item.id,
            item.claim_number,
            item.kind.value,
            item.provenance.value,
            "yes" if item.required else "no",
            formula,
        )
    console().print(table, markup=False)


def _show(item: Claim) -> None:
    out = console()
    document = describe(item)
    out.print(f"[bold]{item.id}[/bold]  ({item.claim_number}) {item.title}")
    rows = [
        ("statement", item.statement),
        ("formula", item.formula),
        ("kind", item.kind.value),
        ("provenance", document["status"]),
        ("source", item.source),
        ("observable", f"{item.observable}: {observables()[item.observable].definition}")
        if item.observable in observables()
        else ("observable", item.observable),
        ("required", "yes: a violation fails a verification" if item.required else "no"),
        *(("domain", text) for text in document["domain"]),
        *(("assumes", f"{a['relation']}  ({a['text']})") for a in document["assumptions"]),
        *(("mutant", f"{m['name']}: {m['text']} (to be refuted by {m['refuted_by']})") for m in document["mutants"]),
    ]
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(name, text)
    out.print(table, markup=False)
