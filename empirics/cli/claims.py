"""``factbound claims`` and ``factbound bound``: the theory, without running anything."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape

from empirics.cli import options
from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.errors import UsageError
from empirics.observables.catalogue import observable
from theory import Claim, DomainError, all_claims, claim
from theory.certify.evidence import Evidence
from theory.describe import described, evaluated, state_of, status_of
from theory.registry import claims_of


@app.command("claims")
def claims_command(
    identifier: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show one claim in full.")] = None,
    as_json: options.Json = False,
    latex: Annotated[bool, typer.Option("--latex", help="Formulas as LaTeX.")] = False,
    paper: Annotated[str | None, typer.Option(metavar="NAME", help="The claims of this paper only.")] = None,
) -> None:
    """List the claims by paper, or show one in full: formula, assumptions, provenance, proof.

    Example: factbound claims ood-error-literal
    """
    if paper is not None and identifier is not None:
        raise UsageError(f"--paper={paper} goes with the list of claims, not with {identifier}")
    known = all_claims() if paper is None else claims_of(paper)
    chosen = known if identifier is None else (claim(identifier),)
    if as_json:
        from empirics.verification.evidence import evidence

        documents = [described(item) | {"evidence": [asdict(row) for row in evidence(item)]} for item in chosen]
        print_json(documents if identifier is None else documents[0])
    elif latex:
        stated = [item for item in chosen if item.latex is not None]
        if identifier is not None and not stated:
            raise DomainError(f"{identifier} is a {chosen[0].kind.value} claim and states no formula")
        for item in stated:
            print(item.latex if identifier else f"{item.id}: {item.latex}")
    elif identifier is None:
        _list(chosen)
    else:
        _show(chosen[0])


@app.command("bound")
def bound_command(
    identifier: options.ClaimId,
    values: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE ...", help="Values of symbols, as in N_f=40 K=3 R=60.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Evaluate the bound of a claim: value, log-value, whether it is vacuous, proof status.

    Example: factbound bound ood-error-literal N_f=40 K=3 R=60
    """
    from theory.numbers.evaluate import parse_assignments

    item = claim(identifier)
    given = parse_assignments(item.notation, values or [])
    known = observable(item.observable)
    document = evaluated(
        item, given, trivial=None if known is None else known.trivial, least=None if known is None else known.lower
    )
    if as_json:
        print_json(document)
    else:
        _print_bound(item, document)


def _print_bound(item: Claim, document: dict[str, Any]) -> None:
    out = console()
    out.print(f"[bold]{item.id}[/bold]  {escape(item.title)}")
    log_bound = document["log_bound"]
    for line in (
        item.formula,
        f"bound      {document['bound']:.6g}",
        f"log bound  {'-inf' if log_bound is None else format(log_bound, '.12g')}",
        f"vacuous    {'yes' if document['vacuous'] else 'no'}",
        f"status     {document['status']}",
        *(f"premise    {premise['relation']}: {state_of(premise)}" for premise in document["premises"]),
    ):
        out.print(f"  {line}", markup=False)


def _list(chosen: tuple[Claim, ...]) -> None:
    """A table for each paper."""
    from empirics.report.plain import plain_table

    by_paper: dict[str, list[tuple[str, ...]]] = {}
    for item in chosen:
        told = item.formula if item.log_expression is not None else item.title
        required = "yes" if item.required else "no"
        row = (item.id, item.number, item.kind.value, item.provenance.value, required, told)
        by_paper.setdefault(item.paper.cited, []).append(row)
    for cited, rows in by_paper.items():
        console().print(
            plain_table("claim", "", "kind", "provenance", "required", "formula", rows=rows, title=cited), markup=False
        )


def _show(item: Claim) -> None:
    from rich.table import Table

    from empirics.verification.evidence import evidence

    out = console()
    document = described(item)
    known = observable(item.observable)
    rows = [
        ("statement", item.statement),
        *([("formula", item.formula)] if item.formula != item.statement else []),
        ("kind", item.kind.value),
        ("provenance", status_of(item)),
        ("source", item.source_text),
        ("observable", item.observable if known is None else f"{item.observable}: {known.definition}"),
        *([("judged on", f"{item.judged_on} at most 0, run by run")] if item.judged_on != item.observable else []),
        ("required", "yes: a violation fails a verification" if item.required else "no"),
        *(("domain", text) for text in document["domain"]),
        *(("assumes", f"{a['relation']}  ({a['text']})") for a in document["assumptions"]),
        *(("mutant", f"{m['name']}: {m['text']} (to be refuted by {m['refuted_by']})") for m in document["mutants"]),
    ]
    beside = [(row.kind, line) for row in evidence(item) for line in _told(row)]
    out.print(f"[bold]{item.id}[/bold]  {escape(f'({item.number}) ' if item.number else '')}{escape(item.title)}")
    for heading, part in (("", rows), ("Evidence (docs/trust.md says what it rests on)", beside)):
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim")
        table.add_column(overflow="fold")
        before = ""
        for name, text in part:
            table.add_row("" if heading and name == before else name, text)
            before = name
        if heading:
            out.print(heading, markup=False)
        out.print(table, markup=False)


def _told(row: Evidence) -> list[str]:
    """Lines on one kind of evidence."""
    parts = (("yes" if row.present else "no", row.state), ("where", "; ".join(row.where)), ("shows", row.shows))
    return [f"{name}: {text}" for name, text in (*parts, ("does not show", row.limits)) if text]
