"""Before the first run: what a plan costs, and what its seeds could decide at best."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from typing import Any

from pydantic import Field

from empirics.experiments.document import BoundResult
from empirics.experiments.presentation import Part
from empirics.experiments.protocol import Experiment
from empirics.experiments.wording import defects_in
from empirics.files import temporary_folder
from empirics.judging.confidence import bets_for, lower_limit
from empirics.judging.judge import fault
from empirics.judging.outcome import Verdict
from empirics.judging.rules import rule_of
from empirics.judging.settings import Settings
from empirics.judging.shares import lower_limit as lower_share
from empirics.judging.table import CellTable
from empirics.judging.worlds import groups_of, worlds_of
from empirics.observables.catalogue import observables
from empirics.observables.definition import Observable
from empirics.runs.source import keys_of, wanted
from empirics.runs.store import Store, StoreError
from empirics.verification.assembly import Runs, bounds_at, tables_of
from empirics.verification.cost import Cost, cost_of
from empirics.verification.plan import asked, plan_of, standing
from empirics.verification.results import PlanResult
from theory import Claim, Kind
from theory.registry import origin


class Count(Part):
    """A number of worlds out of those at a look."""

    worlds: int
    of: int


class AtBest(Part):
    """What a claim's seeds could decide at best, with every run in scope.

    ``cells`` counts the statements about one cell or series that it makes (alpha is divided over them for a
    refutation), ``testable`` those that have the runs they need and that no premise on the symbols alone excludes.
    For a property, ``confirmed`` and ``refuted`` are at each look the least number of worlds in which it holds that
    confirms a cell, and the greatest that refutes one. For a bound, ``limit`` is the confidence limit of the mean if
    every run had the best possible value, ``confirmable`` how many cells it would confirm, ``refutable`` how many the
    worst possible values would refute, ``beyond`` the cells that no measurement at these seeds could confirm, and
    ``vacuous`` counts those in which it is no stronger than the trivial value. ``exact``: it is decided by
    computation, or by one run.
    """

    claim: str
    kind: str
    cells: int
    testable: int
    confirmed: tuple[Count, ...] = ()
    refuted: tuple[Count, ...] = ()
    limit: float | None = None
    confirmable: int | None = None
    refutable: int | None = None
    beyond: tuple[str, ...] = ()
    vacuous: int | None = None
    exact: bool = False


class Forecast(Part):
    """A plan, where it stands, its cost, and what its seeds could decide at best.

    ``supported_from`` is the first look at which a property that holds everywhere is confirmed over all cells together.
    ``broken`` are lines on what has a defect; it is left out.
    """

    plan: dict[str, Any]
    standing: PlanResult
    cost: Cost
    property_share: float
    supported_from: int | None
    claims: list[AtBest]
    broken: list[str] = Field(default_factory=list)


def forecast(
    experiment: Experiment, settings: Any, *, claims: Sequence[str] | None, stored: Path, workers: int, timed: bool
) -> Forecast:
    """What ``verify`` would do with settled settings; nothing is written.

    Runs are looked up in the database ``stored``. If ``timed``, a few runs are made, at seeds beyond the plan's, to
    estimate time and size.
    """
    seeds, verdict = settings.seeds, settings.verdict
    arms, chosen, without = asked(experiment, settings, claims)
    plan = plan_of(experiment, settings, arms, chosen)
    tables = tables_of(experiment, arms, Runs())
    faults = {item.id: why for item in chosen if origin(item.id) and (why := fault(item, tables))}
    bets = bets_for(seeds.looks, verdict.alpha)
    with as_it_stands(stored) as store:
        keys = keys_of(experiment, arms, wanted(experiment, arms, seeds.base, seeds.base + seeds.maximum))
        stands = standing(plan, store, keys.values())
        found = {key for batch in (() if store is None else store.stream(keys.values())) for key in batch}
        missing = [place for place, key in keys.items() if key not in found]
    cost = cost_of(experiment, arms, missing, seeds.looks, workers, timed=timed)
    return Forecast(
        plan=plan.document(),
        standing=stands,
        cost=cost,
        property_share=verdict.property_share,
        supported_from=next(
            (n for n in seeds.looks if lower_limit([1.0] * n, verdict.alpha, bets=bets) >= verdict.property_share), None
        ),
        claims=[_at_best(item, tables, settings) for item in chosen if item.id not in faults],
        broken=[
            *map(str, without),
            *(f"claim {identifier}: {why}" for identifier, why in faults.items()),
            *defects_in({reason: [run] for reason, run in cost.failed.items()}),
        ],
    )


@contextmanager
def as_it_stands(path: Path) -> Iterator[Store | None]:
    """A copy of the store, so that looking into it leaves no trace; None if there is none."""
    if not os.path.exists(path):
        yield None
        return
    with temporary_folder() as folder:
        try:
            for suffix in ("", "-wal"):
                if (source := path.with_name(path.name + suffix)).exists():
                    copyfile(source, Path(folder) / source.name)
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror or error}; use another --output") from None
        with Store(Path(folder) / path.name) as store:
            yield store


def _at_best(claim: Claim, tables: Sequence[CellTable], settings: Any) -> AtBest:
    observable = observables().get(claim.judged_on)
    mine = [c for c in tables if c.variant == claim.arm]
    kind = str(claim.kind.value)
    if observable is None or not mine:
        return AtBest(claim=claim.id, kind=kind, cells=0, testable=0)
    if claim.by_share:
        places = [w.cells for w in worlds_of(claim, observable, mine, tables, settings.verdict)]
    else:
        places = [tuple(c.index for c in group) for group in groups_of(claim, observable, mine)]
    bounds = bounds_at(claim, tables)
    testable = [cells for cells in places if _testable(claim, [tables[i] for i in cells], tables, bounds)]
    refuting = settings.verdict.alpha / (len(places) + 1)
    found: dict[str, Any] = {"exact": True}
    if claim.by_share:
        found = _shares(settings.verdict.asked_by(claim), settings.seeds.looks, refuting)
    elif claim.kind is not Kind.IDENTITY and observable.sampling != "exact" and observable.bounded:
        found = _bounds(claim, observable, [tables[cells[0]] for cells in testable], bounds, settings, refuting)
    return AtBest(claim=claim.id, kind=kind, cells=len(places), testable=len(testable), **found)


def _testable(
    claim: Claim, cells: Sequence[CellTable], tables: Sequence[CellTable], bounds: Sequence[BoundResult | None]
) -> bool:
    """Whether there are the two ends of an axis, or the partners in the reference arm, and all are in scope."""
    if claim.axis is not None and len(cells) < 2:
        return False
    if claim.reference is not None:
        partners = {c.at(c.axes) for c in tables if c.variant == claim.reference}
        if any(c.at(c.axes) not in partners for c in cells):
            return False
    return all(
        all(premise.evaluate(cell.symbols).holds for premise in claim.premises_on_symbols)
        and (claim.log_expression is None or claim.by_share or bounds[cell.index] is not None)
        for cell in cells
    )


def _shares(verdict: Settings, looks: Sequence[int], refuting: float) -> dict[str, tuple[Count, ...]]:
    """Counts of worlds that decide a cell, at each look."""
    share = verdict.property_share

    def least(alpha: float, asked: float) -> list[int]:
        """At each look the least count whose limit reaches what is asked, if no earlier look did."""
        found = []
        for k, n in enumerate(looks):
            before = tuple((m, 0, m / looks[-1]) for m in looks[:k])
            reaching = (c for c in range(n + 1) if lower_share((*before, (n, c, n / looks[-1])), alpha, asked) >= asked)
            found.append(next(reaching, n + 1))
        return found

    yes, no = least(verdict.alpha, share), least(refuting, round(1.0 - share, 12))
    return {
        "confirmed": tuple(Count(worlds=count, of=n) for count, n in zip(yes, looks, strict=True) if count <= n),
        "refuted": tuple(Count(worlds=n - count, of=n) for count, n in zip(no, looks, strict=True) if count <= n),
    }


def _bounds(
    claim: Claim,
    observable: Observable,
    cells: Sequence[CellTable],
    bounds: Sequence[BoundResult | None],
    settings: Any,
    refuting: float,
) -> dict[str, Any]:
    """The limit if every run had the best value, and which cells it would confirm."""
    number, alpha = settings.seeds.looks[-1], settings.verdict.alpha
    at_most = rule_of(claim.kind, observable, alpha, refuting).at_most
    best, worst = (observable.lower, observable.upper) if at_most else (observable.upper, observable.lower)
    limit, confirmable, refutable, vacuous = None, 0, 0, 0
    beyond = []
    for cell in cells:
        found = bounds[cell.index]
        bound = 0.0 if found is None else found.bound
        if observable.trivial is not None and at_most and found is not None and bound >= observable.trivial:
            vacuous += 1
            continue
        rule = rule_of(claim.kind, observable, alpha, refuting, settings.seeds.looks, bound)
        lower, upper = rule.limits([best] * number)
        limit = upper if at_most else lower
        refutable += rule.decide(*rule.limits([worst] * number))[0] is Verdict.VIOLATED
        if rule.decide(lower, upper)[0] is Verdict.HOLDS:
            confirmable += 1
        else:
            beyond.append(cell.label)
    counts = {"confirmable": confirmable, "refutable": refutable, "vacuous": vacuous}
    return {"limit": limit, "beyond": tuple(beyond), **counts}
