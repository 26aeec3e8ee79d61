"""``factbound plan``: the inverse question, by a claim, by the other forms, and by the exact law."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from empirics.cli.claims import parse_assignments
from empirics.cli.output import console, print_json
from empirics.cli.root import app
from theory import Claim, DomainError, claim
from theory.planning.plan import Plan, plan

__all__ = ["plan_command"]

_BESIDE = (
    "ood-error-literal",
    "ood-error-normalised",
    "coverage-union",
    "coverage-union-sharp",
    "covering-some-unseen-sharp",
    "covering-some-unseen",
    "covering-none-seen",
)


@app.command("plan")
def plan_command(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A claim, as listed by 'factbound claims'.")],
    values: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE ...", help="K=4 R=40")] = None,
    target: Annotated[str, typer.Option(metavar="EPS", help="The bound is to be at most this.")] = "",
    unknown: Annotated[str | None, typer.Option(metavar="N_f|K|t", help="Solve for this; the one not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """The least N_f (or K) at which a bound reaches a target, beside what the other forms and the exact law ask for.

    Example: factbound plan ood-error-literal --target 0.05 K=4 R=40
    """
    item = claim(identifier)
    if not target:
        raise DomainError("--target is missing: the value that the bound is to be at most, as in --target 0.05")
    given = parse_assignments(values or [])
    _check_domain(item, given)
    wanted = unknown or next((name for name in ("N_f", "K", "t") if name in item.symbols and name not in given), "N_f")
    main = plan(item, target, wanted, **given)
    beside = _beside(identifier, target, wanted, given)
    if as_json:
        print_json(_document(main) | {"values": given, "beside": [_document(p) for p in beside]})
        return
    out = console()
    given_text = " at " + ", ".join(f"{name}={value}" for name, value in given.items()) if given else ""
    out.print(f"least {wanted} for a bound of at most {float(main.target):g}{given_text}", markup=False)
    _print(out, [main, *beside])
    if main.symbolic is not None:
        out.print(f"\n{wanted} >= {main.symbolic}   (delta: the target)", markup=False)
    out.print(f"{identifier}: {main.reason}", markup=False)


def _check_domain(item: Claim, given: dict[str, int | float]) -> None:
    for relation in item.domain:
        names = sorted(s.name for s in relation.free_symbols)
        at = {s: given[s.name] for s in relation.free_symbols if s.name in given}
        if len(at) == len(names) and not bool(relation.subs(at)):
            where = ", ".join(f"{name}={given[name]}" for name in names)
            raise DomainError(f"{item.id} at {where}: needs {relation}")


def _beside(identifier: str, target: str, unknown: str, given: dict[str, int | float]) -> list[Plan]:
    plans = []
    for other in _BESIDE:
        item = claim(other)
        needed = set(item.symbols) - {unknown}
        if other == identifier or unknown not in item.symbols or not needed <= set(given):
            continue
        used = {name: value for name, value in given.items() if name in needed or name == "S"}
        plans.append(plan(item, target, unknown, **used))
    return plans


def _document(found: Plan) -> dict[str, Any]:
    return {
        "id": found.claim,
        "unknown": found.unknown,
        "target": float(found.target),
        "reachable": found.reachable,
        "value": found.value,
        "bound_at": found.bound_at,
        "bound_before": found.bound_before,
        "holds_from": found.holds_from,
        "symbolic": None if found.symbolic is None else str(found.symbolic),
        "reason": found.reason,
    }


def _print(out: Any, plans: list[Plan]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("claim")
    table.add_column(plans[0].unknown, justify="right")
    table.add_column("bound there", justify="right")
    table.add_column("one less", justify="right")
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
