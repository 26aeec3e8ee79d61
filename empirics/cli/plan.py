"""``factbound plan``: the inverse question, by a claim, by the other forms, and by the exact law."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from empirics.cli import options
from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.errors import UsageError
from empirics.observables.catalogue import observables
from theory import DomainError, Kind, claim
from theory.numbers.evaluate import parse_assignments
from theory.planning.plan import Plan, ask


@app.command("plan")
def plan_command(
    identifier: options.ClaimId,
    values: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE ...", help="K=4 R=40")] = None,
    target: Annotated[str, typer.Option(metavar="EPS", help="The bound is to be at most this.")] = "",
    unknown: Annotated[str | None, typer.Option(metavar="N_f|K|t", help="Solve for this; the one not given.")] = None,
    as_json: options.Json = False,
) -> None:
    """The least N_f (or K) at which a bound reaches a target, beside what the other forms and the exact law ask for.

    Example: factbound plan ood-error-literal --target 0.05 K=4 R=40
    """
    item = claim(identifier)
    if not target:
        raise DomainError("--target is missing: the value that the bound is to be at most, as in --target 0.05")
    given = parse_assignments(item.notation, values or [])
    main, *beside = ask(item, target, given, unknown)
    known = observables().get(item.observable)
    if known is not None and known.trivial is not None and item.kind is Kind.UPPER and main.target >= known.trivial:
        allowed = f"a number below {known.trivial:g}, which {item.observable} never exceeds"
        raise UsageError(f"--target={target} is refused: allowed is {allowed}")
    if as_json:
        print_json(main.document() | {"values": given, "beside": [found.document() for found in beside]})
        return
    out = console()
    given_text = " at " + ", ".join(f"{name}={value}" for name, value in given.items()) if given else ""
    out.print(f"least {main.unknown} for a bound of at most {target}{given_text}", markup=False)
    _print(out, [main, *beside])
    if main.symbolic is not None:
        out.print(f"\n{main.unknown} >= {main.symbolic}   (delta: the target)", markup=False)
    out.print(f"{identifier}: {main.reason}", markup=False)


def _print(out: Any, plans: list[Plan]) -> None:
    from empirics.report.terminal import plain_table

    table = plain_table()
    for heading in ("claim", plans[0].unknown, "bound there", "one less"):
        table.add_column(heading, justify="left" if heading == "claim" else "right")
    for found in plans:
        table.add_row(
            found.claim,
            "unreachable" if found.value is None else str(found.value),
            "-" if found.bound_at is None else f"{found.bound_at:.6g}",
            "-" if found.bound_before is None else f"{found.bound_before:.6g}",
        )
    out.print(table, markup=False)
    for found in plans[1:]:
        if found.value is None:
            out.print(f"{found.claim}: {found.reason}", style="dim", markup=False)
