"""``--dry-run`` of ``verify``, the plan, its cost, and what its seeds could decide at best, and of ``map``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from empirics.experiments.document import INTERNAL_ERROR
from empirics.experiments.wording import duration
from empirics.report.plain import plain_table
from empirics.verification.cost import Cost
from empirics.verification.forecast import AtBest, Count, Forecast
from theory.plural import counted

if TYPE_CHECKING:
    from empirics.regimes.forecast import MapForecast


def print_forecast(found: Forecast, out: Console) -> None:
    """The forecast in words."""
    plan, cost = found.plan, found.cost
    looks, base = plan["seeds"]["looks"], plan["seeds"]["base"]
    out.print(f"Plan {plan['hash']}", style="bold", markup=False)
    seeds = f"seeds {base} to {base + looks[-1] - 1}" if looks[-1] > 1 else f"seed {base}"
    out.print(f"{plan['experiment']}: {counted(len(plan['claims']), 'claim')}; {seeds}", markup=False)
    out.print("looks at " + ", ".join(counted(n, "seed") for n in looks))
    out.print("; ".join(f"{key} {value:g}" for key, value in plan["verdict"].items()), markup=False)
    _print_arms(plan["arms"], out)
    word = "declared before the data" if found.standing.declared else "exploratory"
    out.print(f"Results would be {word}: {found.standing.reason}.", markup=False)
    print_cost(cost, looks, out)
    _print_at_best(found, out)


def print_map_forecast(found: MapForecast, out: Console) -> None:
    """What a map would run, and its cost, in words."""
    seeds = f"seeds {found.base} to {found.base + found.seeds - 1}"
    out.print(f"Map of {found.experiment}; {seeds}", style="bold", markup=False)
    out.print(f"a cell succeeds at a mean error of at most {found.success:g}, and fails from {found.failure:g} on")
    _print_arms([arm.model_dump(mode="json") for arm in found.arms], out)
    print_cost(found.cost, [found.seeds], out)


def _print_arms(arms: Sequence[Mapping[str, Any]], out: Console) -> None:
    for arm in arms:
        grid = ", ".join(f"{symbol} in {values}" for symbol, values in arm["grid"].items())
        differing = "".join(f"; {key}={value}" for key, value in arm["overlay"].items())
        out.print(f"  {arm['name']}: {grid}{differing}", markup=False, soft_wrap=True)


def print_cost(cost: Cost, looks: Sequence[int], out: Console) -> None:
    """What the runs cost up to each look."""
    out.print("\nCost", style="bold")
    missing = f" ({counted(cost.found, 'of them is', 'of them are')} stored)" if cost.found else ""
    counts = zip(cost.runs, looks, strict=True)
    out.print(", ".join(f"{counted(runs, 'run')} at {counted(n, 'seed')}" for runs, n in counts) + missing)
    out.print("what is missing, in cheapest runs: " + ", ".join(f"{value:.4g}" for value in cost.relative))
    if cost.seconds is not None and cost.seconds_per_run is not None:
        times = ", ".join(f"{duration(s)} for {counted(n, 'seed')}" for s, n in zip(cost.seconds, looks, strict=True))
        each = f"{cost.seconds_per_run:.2g} s a run, the mean of {cost.timed}"
        processes = counted(cost.workers, "process", "processes")
        more = "start-up, verdicts and figures come on top"
        out.print(f"time: about {times} in {processes} ({each}); {more}", soft_wrap=True)
    for reason, run in cost.failed.items():
        why = "" if reason.startswith(INTERNAL_ERROR) else f": {reason}"  # a defect is told elsewhere
        out.print(f"time: unknown, a run that was to be timed failed ({run}){why}", markup=False, soft_wrap=True)
    if cost.megabytes_per_process is not None:
        out.print(f"memory: about {cost.megabytes_per_process:.0f} MB a process, more for larger units")
    if cost.disk_megabytes is not None:
        out.print(f"disk: about {cost.disk_megabytes:.2g} MB in runs.sqlite")
    if cost.size is not None:
        out.print(f"by arithmetic: {cost.size.text}", markup=False, soft_wrap=True)


def _print_at_best(found: Forecast, out: Console) -> None:
    out.print("\nWhat these seeds could decide at best", style="bold")
    share, enough = f"{found.property_share:.0%}", found.supported_from
    together = f"these seeds are too few for SUPPORTED: none could confirm {share} over all cells together"
    if enough:
        seeds = counted(enough, "seed")
        together = f"a property that holds everywhere is SUPPORTED from {seeds} ({share}, all cells together)"
    out.print(together)
    table = plain_table("claim", "kind", "cells", "a cell is confirmed", "a cell is refuted")
    for claim in found.claims:
        scope = str(claim.cells) if claim.testable == claim.cells else f"{claim.testable} of {claim.cells}"
        table.add_row(claim.claim, claim.kind, scope, *_deciding(claim))
    out.print(table, markup=False)
    for claim in found.claims:
        if claim.beyond:
            line = f"{claim.claim}: too strict for these seeds at {'; '.join(claim.beyond)}"
            out.print(line, style="dim", markup=False, soft_wrap=True)


def _deciding(claim: AtBest) -> tuple[str, str]:
    """When a cell is confirmed and when refuted, in words."""
    if not claim.testable:
        return "not tested", ""
    if claim.exact:
        return "by computation", "by computation"
    if claim.confirmable is None:
        return _counts("at", claim.confirmed), _counts("at most", claim.refuted)
    limit = "" if claim.limit is None else f" (limit {claim.limit:.3g})"
    vacuous = f"; vacuous in {claim.vacuous}" if claim.vacuous else ""
    of = f"of {claim.testable} can be"
    return f"{claim.confirmable} {of}{limit}{vacuous}", f"{claim.refutable} {of}"


def _counts(word: str, counts: Sequence[Count]) -> str:
    return f"{word} {', '.join(f'{c.worlds} of {c.of}' for c in counts)}" if counts else "never"
