"""``factbound plan``: the inverse question; the tightest guarantee first, then other bounds and the exact laws."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from empirics.cli import options
from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.errors import UsageError
from empirics.experiments.expectation import Expected
from empirics.experiments.predict import least
from empirics.observables.catalogue import observables
from theory import DomainError, Kind, claim
from theory.numbers.evaluate import parse_assignments
from theory.planning.plan import Plan, ask, in_order, tightest


@app.command("plan")
def plan_command(
    identifier: options.ClaimId,
    values: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE ...", help="Values of the other symbols, as in K=4 R=40.")
    ] = None,
    target: Annotated[str, typer.Option(metavar="EPS", help="The value that the bound is to reach.")] = "",
    unknown: Annotated[
        str | None, typer.Option(metavar="N_f|K|t", help="Symbol to solve for (default: the one not given).")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """The least N_f (or K) that guarantees a target, by which bound and premises; then what other bounds ask for.

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
    first, likely = tightest([main, *beside]), least(item, main.unknown, float(main.target), given)
    if as_json:
        more = {"values": given, "beside": [p.document() for p in beside], "tightest": first.claim if first else None}
        more["expected"] = None if likely is None else asdict(likely) | {"cell": dict(likely.cell.values)}
        print_json(main.document() | more)
        return
    at = " at " + ", ".join(f"{name}={value}" for name, value in given.items()) if given else ""
    wanted = f"{item.observable} <= {target}{at}"
    if likely is not None:
        _print_likely(likely, main.unknown, first)
    _print_first(main if first is None else first, wanted, guaranteed=first is not None)
    others = [p for p in in_order([main, *beside]) if p is not (first or main)]
    if others:
        _print_others(others)


def _print_likely(found: Expected, unknown: str, first: Plan | None) -> None:
    """What an experiment's law expects, before what bounds guarantee."""
    guaranteed = f"by the tightest bound from {first.value} on" if first else "no bound here says so"
    error = f"predicted {found.observable} {found.text}"
    out = console()
    out.print(f"about {unknown} = {found.cell[unknown]}: {error}; {guaranteed}", style="bold", markup=False)
    where = f"; outside its data: {', '.join(found.outside)}" if found.outside else ""
    out.print(f"  law      {found.basis}, default settings{where}", markup=False, soft_wrap=True)
    out.print()


def _print_first(found: Plan, wanted: str, *, guaranteed: bool) -> None:
    unknown, out = found.unknown, console()
    if guaranteed:
        beyond = f"; {_beyond(found)}" if found.rises else ""
        out.print(f"{unknown} = {found.value} is enough for {wanted}{beyond}", style="bold", markup=False)
    elif found.value is not None:
        out.print(
            f"{unknown} >= {found.value} is necessary for {wanted}; no bound here says that it is enough", markup=False
        )
    else:
        out.print(f"unreachable: no bound here guarantees {wanted}", style="bold", markup=False)
    here, less = _apart(found.bound_at, found.bound_before)
    before = "" if found.bound_before is None else f", {less} at {unknown} = {(found.value or 0) - 1}"
    for name, text in (
        ("bound", f"{found.claim}: {claim(found.claim).formula}"),
        ("status", found.status),
        *(("premise", f"{relation}: {state}") for relation, state in found.premises),
        *([("value", f"{here}{before}")] if found.bound_at is not None else []),
        *([("inverse", f"{unknown} >= {found.symbolic}, delta the target")] if found.symbolic is not None else []),
        ("why" if found.value is None else "method", found.reason),
    ):
        out.print(f"  {name:<7}  {text}", markup=False, soft_wrap=True)


def _apart(first: float | None, second: float | None) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart, at least six."""
    for digits in range(6, 18):
        texts = f"{first or 0.0:.{digits}g}", f"{second or 0.0:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def _beyond(found: Plan) -> str:
    """What is said of a target that is not met at every larger value."""
    if found.holds_from is None:
        return f"a larger {found.unknown} may not be"
    return f"so is every {found.unknown} from {found.holds_from} on, but not each between"


def _print_others(plans: list[Plan]) -> None:
    from empirics.report.plain import plain_table

    unknown, out = plans[0].unknown, console()
    table = plain_table()
    for heading in ("other bounds", "on", unknown, "bound there", f"bound at {unknown} − 1"):
        table.add_column(heading, justify="left" if heading in ("other bounds", "on") else "right")
    for found in plans:
        table.add_row(
            found.claim,
            found.observable,
            "unreachable" if found.value is None else f"{found.value}{'*' if found.rises else ''}",
            "-" if found.bound_at is None else f"{found.bound_at:.6g}",
            "-" if found.bound_before is None else f"{found.bound_before:.6g}",
        )
    out.print()
    out.print(table, markup=False)
    for found in plans:
        if found.value is None:
            out.print(f"{found.claim}: {found.reason}", style="dim", markup=False, soft_wrap=True)
        elif found.rises:
            out.print(
                f"* {found.claim}: {found.value} is enough; {_beyond(found)}", style="dim", markup=False, soft_wrap=True
            )
