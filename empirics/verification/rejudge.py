"""Results checked against themselves and their store: what follows from the values of single runs is made again.

Nothing is trained. Numbers may differ by rounding on another machine; words are compared only where the sources are the
same. What somebody changed in every place at once, store included, only training again shows.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from empirics.experiments.document import CellResult, ExperimentResult, SymbolResult, VerdictResult
from empirics.experiments.presentation import Part, Shown
from empirics.experiments.protocol import Experiment, Point, UnitRun
from empirics.experiments.registry import experiments
from empirics.judging.columns import Columns
from empirics.judging.judge import judge_claim
from empirics.judging.levels import benjamini_yekutieli, holm
from empirics.judging.mutants import MutantOutcome
from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from empirics.observables.catalogue import observables
from empirics.runs.rows import decoded, digest
from empirics.verification.assembly import bounds_at, claim_result, in_scope, observable_result, verdict_result
from empirics.verification.document import copied
from empirics.verification.figures import claim_figures
from empirics.verification.plan import VerificationPlan
from empirics.verification.results import ClaimResult, PooledResult, Results
from empirics.verification.summaries import summaries_of
from theory import Claim, UnknownClaimError, claim
from theory.certify.record import certificate_of
from theory.fingerprint import fingerprint
from theory.plugins import BrokenPluginError
from theory.plural import counted

_CELLS: Final = "means, limits and bounds of cells follow from the single values"
_VERDICTS: Final = "verdicts follow from the single values"
_PROOFS: Final = "proofs are as on record here (nothing is proved again)"
_SHOWN: Final = "headline, tables and figures' data follow from cells and verdicts"
_PLAN: Final = "the plan is the one that the results name, with its claims and cells"
_STORED: Final = "values of cells are those of stored runs, bit for bit; curves are their means"
_ROUNDING: Final = 1e-9
_NUMBERS: Final = ("verdict", "cells", "estimate", "lower", "upper", "bound", "log_bound", "alpha", "refuting")


class Checked(Part):
    """One check: what it compared, each thing that differs, and what could not be checked, and why."""

    what: str
    differs: list[str]
    unchecked: list[str]


def checks(results: Results, *, words: bool) -> Iterator[Checked]:
    """Cells, verdicts, proofs; with ``words`` sentences are compared too: the sources are those of the results."""
    yield guarded(_CELLS, lambda: _cells(results, tables_of(results)))
    yield guarded(_VERDICTS, lambda: _verdicts(results, tables_of(results), words=words))
    yield guarded(_PROOFS, lambda: _proofs(results))
    yield guarded(_SHOWN, lambda: _shown(results, words=words))


def guarded(what: str, check: Callable[[], Checked]) -> Checked:
    """A check; what it cannot follow in a document that somebody made up differs from what is stated."""
    try:
        return check()
    except Exception as error:  # told, with the check that it ended; the others go on
        return Checked(what=what, differs=[f"it cannot be followed: {type(error).__name__}: {error}"], unchecked=[])


def tables_of(results: Results) -> list[CellTable]:
    """The tables that were judged, from the values at each seed."""
    axes = {symbol: results.label(symbol) for symbol in results.experiment.axes}
    return [
        CellTable(
            index=index,
            variant=cell.variant,
            symbols=dict(cell.symbols),
            seeds=tuple(cell.seeds),
            failed=frozenset(cell.failed),
            observables=Columns.of({name: tuple(found.values) for name, found in cell.observables.items()}),
            axes=axes,
            run_axes=tuple(results.experiment.run_axes),
        )
        for index, cell in enumerate(results.cells)
    ]


def _settings(results: Results) -> Settings:
    return Settings.model_validate_json(json.dumps(results.config["verdict"]))


def _cells(results: Results, tables: Sequence[CellTable]) -> Checked:
    """Means, limits, bounds and scopes of cells follow from the values at each seed."""
    known, trial = observables(), experiments().get(results.experiment.name)
    strange = sorted({name for table in tables for name in table.observables} - known.keys())
    unchecked = [f"observable {name} is unknown here" for name in strange]
    if trial is None:
        unchecked.append(f"experiment {results.experiment.name} is unknown here: seeds in scope")
    settings, differs = _settings(results), []
    alphas = {c.variant: float(c.overlay.get("verdict.alpha", settings.alpha)) for c in results.cells}
    kept = [_without(table, strange) for table in tables]
    for table, cell, summaries in zip(kept, results.cells, summaries_of(kept, alphas), strict=True):
        where = results.place([cell])
        for name in table.observables:
            stated, follows = cell.observables[name], summaries[name]
            if not _same(stated.model_dump(), follows.model_dump()):
                told = f"{_limits(stated)}, and its values give {_limits(follows)}"
                differs.append(f"{where}: {name} is stated as {told}")
            differs += _computed(where, known[name].exact, name, cell, table)
        if trial is not None and cell.in_scope_seeds != in_scope(trial, table, settings):
            differs.append(f"{where}: in_scope_seeds are not those whose values satisfy the premises")
    for item in _registered(results)[0]:
        for cell, bound in zip(results.cells, bounds_at(item, tables), strict=True):
            stated_bound = cell.bounds.get(item.id)
            if not _same(*(None if b is None else b.model_dump() for b in (stated_bound, bound))):
                differs.append(f"{results.place([cell])}: the bound of {item.id} does not follow from its formula")
    return Checked(what=_CELLS, differs=differs, unchecked=unchecked)


def _without(table: CellTable, strange: Sequence[str]) -> CellTable:
    if not strange:
        return table
    kept = {name: values for name, values in table.observables.items() if name not in strange}
    return CellTable(**{**_fields(table), "observables": Columns.of(kept)})


def _fields(table: CellTable) -> dict[str, Any]:
    return {name: getattr(table, name) for name in type(table).__dataclass_fields__}


def _computed(where: str, exact: Any, name: str, cell: CellResult, table: CellTable) -> Iterator[str]:
    """Where an observable that is computed is not what the symbols of the cell give."""
    if exact is None:
        return
    value = exact(cell.symbols)
    if any(not _same(found, value) for found in table.observables[name] if found is not None):
        yield f"{where}: {name} is not what the symbols of the cell give"


def _limits(summary: Any) -> str:
    return f"{summary.mean} [{summary.lower}, {summary.upper}]"


def _registered(results: Results) -> tuple[list[Claim], list[str]]:
    """The claims as they are registered here; and those that are not, or otherwise, in words."""
    found, missing = [], []
    for stated in results.claims:
        try:
            item = claim(stated.id)
        except (UnknownClaimError, BrokenPluginError):
            missing.append(f"claim {stated.id} is not registered here (a file of it may go with --with)")
            continue
        if fingerprint(item) != stated.fingerprint:
            missing.append(f"claim {stated.id} has another formula, premise or domain here")
        elif stated.verdict == "BROKEN":
            missing.append(f"claim {stated.id} was broken")
        else:
            found.append(item)
    return found, missing


def _verdicts(results: Results, tables: Sequence[CellTable], *, words: bool) -> Checked:
    """Every verdict, and every statement on all cells together, follows from the values by the product's own judge."""
    settings, looks = _settings(results), results.config.get("seeds", {}).get("looks", ())
    items, unchecked = _registered(results)
    differs = [f"claim {name}: verdicts, but no such claim" for name in _orphans(results)]
    adjusted = _adjusted(results.claims)
    for item in items:
        outcome = judge_claim(item, tables, settings, looks=looks)
        differs += _cell_verdicts(results, item.id, [verdict_result(one) for one in outcome.outcomes], words=words)
        pooled = None
        if outcome.pooled is not None:
            first, second = adjusted.get(item.id, (1.0, 1.0))
            pooled = PooledResult(**vars(outcome.pooled), holm=first, benjamini_yekutieli=second)
        mutants = [MutantOutcome(item.id, m.name, m.refuted, m.evidence) for m in results.claim(item.id).mutants]
        made = claim_result(item, outcome, pooled, mutants, SimpleNamespace(verdict=settings))
        differs += _whole_verdict(results.claim(item.id), made, words=words)
    if not words:
        unchecked.append("the words of verdicts and claims: other sources made the results than the installed ones")
    if any(c.mutants for c in results.claims):
        unchecked.append("mutants ('factbound verify --mutants' judges them again)")
    return Checked(what=_VERDICTS, differs=differs, unchecked=unchecked)


def _cell_verdicts(results: Results, name: str, follows: Sequence[VerdictResult], *, words: bool) -> Iterator[str]:
    given, keys = results.verdicts_on(name), None if words else set(_NUMBERS)
    if len(given) != len(follows):
        yield f"{name}: {counted(len(given), 'verdict')}, and the values give {len(follows)}"
    for stated, made in zip(given, follows, strict=False):
        old, new = (verdict.model_dump(mode="json", include=keys) for verdict in (stated, made))
        if stated.verdict != made.verdict:
            yield f"{name}, {results.where(stated)}: {stated.verdict}, and the values give {made.verdict}"
        elif other := [key for key in old if not _same(old[key], new[key])]:
            yield f"{name}, {results.where(stated)}: other {', '.join(other)} than the values give"


def _whole_verdict(stated: ClaimResult, made: ClaimResult, *, words: bool) -> Iterator[str]:
    old, new = (result.model_dump(mode="json") for result in (stated, made))
    if stated.verdict != made.verdict:
        yield f"{stated.id}: {stated.verdict}, and the values give {made.verdict}"
    elif not _same(_numbers(stated.pooled), _numbers(made.pooled)):
        yield f"{stated.id}: other limits of all cells together than the values give"
    elif words and (other := [key for key in old if not _same(old[key], new[key])]):
        yield f"{stated.id}: other {', '.join(other)} than the registered claim and its values give"


def _orphans(results: Results) -> list[str]:
    return sorted({v.claim for v in results.verdicts} - {c.id for c in results.claims})


def _adjusted(claims: Sequence[ClaimResult]) -> dict[str, tuple[float, float]]:
    """The p-values adjusted over all claims, of the p-values that are stated: each of them is checked by itself."""
    found = {item.id: item.pooled.p_value for item in claims if item.pooled is not None}
    return dict(
        zip(found, zip(holm([*found.values()]), benjamini_yekutieli([*found.values()]), strict=True), strict=True)
    )


def _numbers(pooled: PooledResult | None) -> dict[str, Any] | None:
    return None if pooled is None else pooled.model_dump(exclude={"statement", "direction"})


def _proofs(results: Results) -> Checked:
    """What is stated of proofs is what the record that ships with this version says."""
    items, unchecked = _registered(results)
    differs = [
        f"{item.id}: the certificate is stated as {_status(results.claim(item.id).certificate)}, "
        f"and the record has {_status(certificate_of(item))}"
        for item in items
        if results.claim(item.id).certificate != certificate_of(item)
    ]
    return Checked(what=_PROOFS, differs=differs, unchecked=unchecked)


def _shown(results: Results, *, words: bool) -> Checked:
    """What the experiment adds to the report, and the data of the claims' figures, are made again and compared."""
    trial, (items, unchecked) = experiments().get(results.experiment.name), _registered(results)
    if not words or trial is None:
        reason = "other sources made the results" if trial is not None else "the experiment is unknown here"
        return Checked(what=_SHOWN, differs=[], unchecked=[reason])
    differs = list(_described(results, trial))
    bare = results.model_copy(update={"shown": Shown()})
    if not _same(_plain(results.shown), _plain(trial.show(bare))):
        differs.append("the headline, a table, a figure or a column that the experiment shows is another")
    if not unchecked:
        made = {figure.name: _plain(figure) for figure in claim_figures(results, items)}
        stated = {figure.name: _plain(figure) for figure in results.figures}
        names = sorted(stated.keys() | made.keys())
        differs += [f"figure {name}: other data" for name in names if not _same(stated.get(name), made.get(name))]
    return Checked(what=_SHOWN, differs=differs, unchecked=unchecked)


def _described(results: Results, trial: Experiment) -> Iterator[str]:
    """Where observables, symbols or axes are described otherwise than they are defined."""
    axes = {symbol: trial.column(symbol) for symbol in trial.axes}
    if results.experiment != copied(ExperimentResult, trial, axes=axes):
        yield "the experiment is described otherwise"
    if results.notation != [copied(SymbolResult, symbol) for symbol in trial.notation.values()]:
        yield "the symbols are described otherwise"
    for name, stated in results.observables.items():
        item = observables().get(name)
        if item is not None and stated != observable_result(item):
            yield f"observable {name} is described otherwise"


def _plain(part: Part) -> Any:
    return json.loads(part.model_dump_json())


def _status(certificate: Mapping[str, Any] | None) -> str:
    if certificate is None:
        return "none"
    return f"{certificate.get('status')} ({certificate.get('proved', '?')} of {certificate.get('steps', '?')} steps)"


def _same(a: Any, b: Any) -> bool:
    """Whether two plain values are equal, numbers up to rounding."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, float | int) and isinstance(b, float | int) and not isinstance(a, bool):
        return math.isclose(a, b, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
    return bool(a == b)


def plan_check(results: Results, path: Path) -> Checked:
    """The plan's text gives its hash, and that hash is the one that the results name."""
    differs = []
    if not path.is_file():
        return Checked(what=_PLAN, differs=[], unchecked=[f"there is no {path.name}"])
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        stated = found.pop("hash")
        plan = VerificationPlan.model_validate(found)
        if plan.hash != stated:
            differs.append(f"{path.name} does not give the hash that it states")
    except (ValueError, KeyError, AttributeError, TypeError):
        return Checked(what=_PLAN, differs=[f"{path.name} is no plan"], unchecked=[])
    if stated != results.plan.hash:
        differs.append(f"{path.name} has hash {stated[:12]}, and results.json names {results.plan.hash[:12]}")
    return Checked(what=_PLAN, differs=[*differs, *_declared(results, plan)], unchecked=[])


def _declared(results: Results, plan: VerificationPlan) -> Iterator[str]:
    """Where claims or cells are not those that the plan declares: nothing may be left out once it was declared."""
    axes = results.experiment.axes
    cells = {" ".join(map(str, (arm.name, *at))) for arm in plan.arms for at in product(*(arm.grid[s] for s in axes))}
    judged = {" ".join(map(str, (cell.variant, *map(cell.at, axes.values())))) for cell in results.cells}
    for what, declared, there in (
        ("claim", {item.id for item in plan.claims}, {item.id for item in results.claims}),
        ("cell", cells, judged),
    ):
        yield from (
            f"{what} {name}: the plan declares it, and the results lack it" for name in sorted(declared - there)
        )
        yield from (f"{what} {name}: the plan does not declare it" for name in sorted(there - declared))


def store_check(results: Results, path: Path) -> Checked:
    """For each cell and seed some stored run of that unit and seed has exactly the values that results.json states.

    The keys of runs hash sources and versions, so another version could not find them; unit, seed and values can.
    """
    return guarded(_STORED, lambda: _store(results, path))


def _store(results: Results, path: Path) -> Checked:
    if not path.is_file():
        return Checked(what=_STORED, differs=[], unchecked=[f"there is no {path.name}"])
    runs, differs = _stored(path)
    computed = {name for name, about in results.observables.items() if about.sampling == "exact"}
    unchecked: list[str] = []
    matched: dict[tuple[str, Point], dict[int, list[UnitRun]]] = {}
    for cell in results.cells:
        point = Point(tuple((symbol, cell.at(column)) for symbol, column in results.experiment.axes.items()))
        unit = point.on(results.experiment.run_axes)
        columns = {name: found.values for name, found in cell.observables.items()}
        for index, seed in enumerate(cell.seeds):
            place = f"{results.place([cell])}, seed {seed}"
            failure, found = cell.failures.get(str(seed)), runs.get((unit, seed), [])
            row = {name: values[index] for name, values in columns.items()}
            if failure is not None and not found:  # a defect, or a process that died
                unchecked.append(f"{place}: its run failed, and such runs need not be stored")
            elif not found:
                differs.append(f"{place}: there is no stored run")
            elif fitting := [run for run in found if _is_run(run, point, row, computed, failure)]:
                matched.setdefault((cell.variant, unit), {})[seed] = fitting
            else:
                differs.append(f"{place}: no stored run has these values")
    if not differs:
        differs += _curves(results, matched)
    return Checked(what=_STORED, differs=differs, unchecked=unchecked)


def _curves(results: Results, matched: Mapping[tuple[str, Point], Mapping[int, Sequence[UnitRun]]]) -> Iterator[str]:
    """Where a curve is not the mean of those of the runs that gave the values of its cells."""
    for curve in results.curves:
        unit = Point(
            tuple((symbol, curve.at(results.experiment.axes[symbol])) for symbol in results.experiment.run_axes)
        )
        runs = [run for _, run in sorted(matched.get((curve.variant, unit), {}).items())]
        members = [run[0].curves[curve.observable] for run in runs if curve.observable in run[0].curves]
        by_step = [dict(zip(member.steps, member.values, strict=True)) for member in members]
        common = sorted(set.intersection(*(set(one) for one in by_step))) if by_step else []
        means = [math.fsum(one[step] for one in by_step) / len(by_step) for step in common]
        if common != curve.steps or not _same(curve.mean, [mean if math.isfinite(mean) else None for mean in means]):
            yield f"{results.place([curve])}: the curve of {curve.observable} is not the mean of the stored ones"


def _stored(path: Path) -> tuple[dict[tuple[Point, int], list[UnitRun]], list[str]]:
    """The runs of a store by unit and seed; and those whose digest is another, in words."""
    runs: dict[tuple[Point, int], list[UnitRun]] = {}
    damaged = []
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        for *row, stated in connection.execute("SELECT key, machine, unit, seed, run, digest FROM runs"):
            if stated and stated != digest(*row):
                damaged.append(f"stored run {row[2]}, seed {row[3]}: its digest is another")
                continue
            run = decoded(row[4])
            runs.setdefault((run.unit, run.seed), []).append(run)
    return runs, damaged


def _is_run(
    run: UnitRun, point: Point, row: Mapping[str, float | None], computed: set[str], failure: str | None
) -> bool:
    """Whether a stored run has the values of a cell; what is computed from symbols is not stored."""
    found = run.observables.get(point, {})
    names = row.keys() - (computed - found.keys())
    return run.failure == failure and all(found.get(name) == row[name] for name in names)
