"""From finished runs to tables to judge, and from verdicts to the results document."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from pydantic import ValidationError

from empirics.experiments.arms import Arm
from empirics.experiments.blame import place_of
from empirics.experiments.document import (
    BoundResult,
    CellResult,
    CurveResult,
    ObservableResult,
    PremiseResult,
    Summaries,
    VerdictResult,
)
from empirics.experiments.presentation import Shown
from empirics.experiments.protocol import Curve, Experiment, Point, UnitRun
from empirics.judging.bounds import log_bounds
from empirics.judging.confidence import student_ts
from empirics.judging.levels import benjamini_yekutieli, holm
from empirics.judging.mutants import MutantOutcome
from empirics.judging.outcome import ClaimOutcome, Outcome, Verdict
from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from empirics.observables.catalogue import observables
from empirics.observables.definition import Observable
from empirics.runs.packed import Packed, columns_of
from empirics.verification.document import beginning, copied, refusal
from empirics.verification.evidence import with_evidence
from empirics.verification.figures import claim_figures
from empirics.verification.plan import falsifier
from empirics.verification.results import (
    BrokenResult,
    ClaimResult,
    MutantResult,
    PlanResult,
    PooledResult,
    Results,
    StatedPremise,
)
from empirics.verification.summaries import summaries_of
from theory import BrokenClaimError, Claim, Notation, Premise
from theory.certify.record import certificate_of
from theory.fingerprint import fingerprint
from theory.numbers.evaluate import from_log


@dataclass
class Runs:
    """Finished runs by arm and unit, ordered by seed."""

    by_unit: dict[tuple[str, Point], dict[int, UnitRun]] = field(default_factory=dict)  # observables are packed

    def add(self, variant: str, runs: Iterable[UnitRun]) -> None:
        """Take in finished runs; a seed that comes again replaces itself."""
        for run in runs:
            packed = replace(run, observables={cell: Packed(found) for cell, found in run.observables.items()})
            self.by_unit.setdefault((variant, run.unit), {})[run.seed] = packed

    @property
    def failures(self) -> dict[str, list[str]]:
        """Each reason for which runs failed, with those runs in words."""
        met: dict[str, list[str]] = {}
        for (variant, unit), runs in self.by_unit.items():
            for seed, run in sorted(runs.items()):
                if run.failure:
                    met.setdefault(run.failure, []).append(f"{variant}, {unit}, seed {seed}")
        return met

    @property
    def lost(self) -> bool:
        """Whether some run met a defect or died: it is not stored, and the next verification tries it again."""
        return any(run.lost for found in self.by_unit.values() for run in found.values())

    def of(self, variant: str, unit: Point) -> list[UnitRun]:
        """The runs of a unit, by seed."""
        found = self.by_unit.get((variant, unit), {})
        return [found[seed] for seed in sorted(found)]


def declared(experiment: Experiment, arms: Iterable[Arm]) -> list[tuple[Arm, Point]]:
    """Every cell of every arm, in the order of the results."""
    return [(arm, cell) for arm in arms for cell in experiment.cells(arm.settings)]


def tables_of(
    experiment: Experiment, arms: Sequence[Arm], runs: Runs, broken: list[BrokenResult] | None = None
) -> list[CellTable]:
    """One table per declared cell of every arm; cells without runs have no seeds.

    What the experiment fails to give is added to ``broken``, the first of each kind.
    """
    defects: dict[str, BrokenResult] = {}
    tables = []
    axes = {symbol: experiment.notation[symbol].label for symbol in experiment.axes}
    for index, (arm, cell) in enumerate(declared(experiment, arms)):
        found = runs.of(arm.name, cell.on(experiment.run_axes))
        rows = [run.observables.get(cell) or None for run in found]
        symbols = _symbols(experiment, arm, cell, defects)
        known = any(rows) and "symbols()" not in defects  # a cell without any result has no observables at all
        exact = _exact(experiment, arm, cell, defects) if known else {}
        tables.append(
            CellTable(
                index=index,
                variant=arm.name,
                symbols=symbols,
                seeds=tuple(run.seed for run in found),
                failed=frozenset(run.seed for run in found if run.failure),
                observables=columns_of(rows, exact),
                axes=axes,
                run_axes=experiment.run_axes,
            )
        )
    if broken is not None:
        broken += defects.values()
    return tables


def assemble(
    experiment: Experiment,
    settings: Any,
    arms: Sequence[Arm],
    runs: Runs,
    tables: Sequence[CellTable],
    claims: Sequence[Claim],
    outcomes: Sequence[ClaimOutcome],
    mutants: Sequence[MutantOutcome],
    wall_seconds: float,
    *,
    plan: PlanResult,
    broken: Sequence[BrokenResult] = (),
    complete: bool,
) -> Results:
    """The results document; ``tables`` are those of the arms' declared cells, ``broken`` what was left out."""
    sound = [item for item, outcome in zip(claims, outcomes, strict=True) if outcome.verdict is not Verdict.BROKEN]
    measured = {name for table in tables for name in table.observables} | {c.observable for c in claims}
    pooled = _pooled(outcomes)
    bounds = {item.id: bounds_at(item, tables) for item in sound}
    alphas = {arm.name: arm.settings.verdict.alpha for arm in arms}
    summaries = summaries_of(tables, alphas)
    results = Results(
        **beginning(experiment, settings, wall_seconds, complete=complete),
        observables={name: observable_result(item) for name, item in observables().items() if name in measured},
        cells=[
            _cell(experiment, arm, cell, table, runs, summary, {name: found[i] for name, found in bounds.items()})
            for i, ((arm, cell), table, summary) in enumerate(
                zip(declared(experiment, arms), tables, summaries, strict=True)
            )
        ],
        verdicts=[verdict_result(o) for outcome in outcomes for o in outcome.outcomes],
        plan=plan,
        claims=[
            claim_result(item, outcome, pooled.get(item.id), mutants, settings)
            for item, outcome in zip(claims, outcomes, strict=True)
        ],
        curves=[curve for arm in arms for curve in _curves(experiment, arm, runs)],
        shown=Shown(),
        figures=[],
        broken=list(broken),
        papers={item.paper.name: item.paper.cited for item in claims},
    )
    results = _with(results, figures=claim_figures(results, sound))
    try:
        shown = experiment.show(results)
        if not isinstance(shown, Shown):
            raise TypeError(f"it gave {type(shown).__name__}, not Shown")
        text = json.dumps(shown.model_dump(), allow_nan=False)
        results = _with(results, shown=Shown.model_validate_json(text))
    except Exception as error:  # third-party code: its defect is told, and costs its own part alone
        defect = _defect(experiment, "show()", error, "Only the common part is shown.")
        results = _with(results, broken=[*results.broken, defect])
    return results


def _with(results: Results, **values: Any) -> Results:
    return Results.model_validate(dict(results) | values)


def _symbols(experiment: Experiment, arm: Arm, cell: Point, defects: dict[str, BrokenResult]) -> Mapping[str, float]:
    """The symbols of a cell; if the experiment fails to give them, the cell's own, and what failed."""
    try:
        symbols = dict(experiment.symbols(arm.settings, cell))
        if missing := [name for name in experiment.axes if name not in symbols]:
            raise ValueError(f"the axis {missing[0]} is missing")
        for name, value in symbols.items():
            if not math.isfinite(value):
                raise ValueError(f"{name}={value}, allowed is a finite number")
    except Exception as error:  # third-party code, as above
        what, left = f"symbols() of the arm {arm.name}", "The cells have the symbols of their axes alone."
        defects.setdefault("symbols()", _defect(experiment, what, error, left))
        return dict(cell.values)
    return symbols


def _exact(
    experiment: Experiment, arm: Arm, cell: Point, defects: dict[str, BrokenResult]
) -> Mapping[str, float | None]:
    """The observables of a cell that are computed; if the experiment fails to give them, none, and what failed."""
    try:
        found = experiment.exact(arm.settings, cell)
        for name, value in found.items():
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name}={value} at {cell}, allowed is a finite number")
    except Exception as error:  # third-party code, as above
        left = "Claims on observables that are computed are not tested there."
        defects.setdefault("exact()", _defect(experiment, f"exact() of the arm {arm.name}", error, left))
        return {}
    return found


def _defect(experiment: Experiment, what: str, error: Exception, left: str) -> BrokenResult:
    reason = refusal(error) if isinstance(error, ValidationError) else f"{type(error).__name__}: {error}"
    told = f"{reason}. {left} ({place_of(experiment, error)})"
    return BrokenResult(what=f"experiment {experiment.name}, {what}", reason=" ".join(told.split()))


def _cell(
    experiment: Experiment,
    arm: Arm,
    cell: Point,
    table: CellTable,
    runs: Runs,
    summaries: Summaries,
    bounds: Mapping[str, BoundResult | None],
) -> CellResult:
    found = runs.of(arm.name, cell.on(experiment.run_axes))
    return CellResult(
        variant=table.variant,
        overlay={key: list(v) if isinstance(v, tuple) else v for key, v in arm.overlay.items()},
        **_columns(experiment, cell),
        symbols=dict(table.symbols),
        seeds=list(table.seeds),
        failed=sorted(table.failed),
        failures={str(run.seed): run.failure for run in found if run.failure},
        in_scope_seeds=in_scope(experiment, table, arm.settings.verdict),
        observables=summaries,
        bounds={name: bound for name, bound in bounds.items() if bound is not None},
    )


def _columns(experiment: Experiment, point: Point) -> dict[str, Any]:
    """The axes' columns, beside a part's own keys."""
    return {experiment.column(symbol): value for symbol, value in point.values}


def in_scope(experiment: Experiment, table: CellTable, verdict: Settings) -> list[int]:
    """The seeds that did not fail and satisfy the experiment's general premises on what is measured."""
    good = [s for s in table.seeds if s not in table.failed]
    for name, key in experiment.premises.items():
        if name in table.observables:
            limit, values = float(getattr(verdict, key)), table.values(name, good)
            good = [s for s, value in zip(good, values, strict=True) if value is not None and value <= limit]
    return good


def bounds_at(item: Claim, tables: Sequence[CellTable]) -> list[BoundResult | None]:
    """The claim's number at the cell of each table; None where it has none or is not defined."""
    found: list[BoundResult | None] = [None] * len(tables)
    for arm in dict.fromkeys(table.variant for table in tables if item.log_expression is not None):
        places = [i for i, table in enumerate(tables) if table.variant == arm]
        try:
            bounds, undefined = log_bounds(item, [tables[i] for i in places])
        except BrokenClaimError:  # in an arm, or in a cell, that it does not speak of: the others have theirs
            if len(places) > 1:
                for place in places:
                    found[place] = bounds_at(item, [tables[place]])[0]
            continue
        for position, log_bound in enumerate(bounds.tolist()):
            if position not in undefined:
                logarithm = log_bound if math.isfinite(log_bound) else None
                found[places[position]] = BoundResult(bound=from_log(log_bound), log_bound=logarithm)
    return found


def verdict_result(outcome: Outcome) -> VerdictResult:
    """One verdict as it stands in results.json."""
    data: dict[str, Any] = dict(vars(outcome))  # not asdict, which copies every number
    data["premises"] = [_premise(part) for part in data["premises"]]
    data["steps"] = [vars(part) for part in data["steps"]]
    if outcome.counts is not None:
        data["counts"] = vars(outcome.counts)
    exact = data.pop("looks") and outcome.counts
    data["limits"] = ("exact" if exact else "betting") if outcome.by_sampling else None
    for name, first in (("exceedance", "share"), ("effect", "mean")):
        if data[name] is not None:
            data[name] = dict(zip((first, "lower", "upper"), data[name], strict=True))
    return VerdictResult.model_validate(data)


@lru_cache(maxsize=1 << 16)
def _premise(premise: Premise) -> PremiseResult:
    """Many claims have the same premise in a cell: it is in memory once."""
    return PremiseResult(**vars(premise))


def _pooled(outcomes: Sequence[ClaimOutcome]) -> dict[str, PooledResult]:
    """The pooled statements by claim, each with its p-value adjusted over all that have one."""
    found = {o.claim: o.pooled for o in outcomes if o.pooled is not None}
    p_values = [pooled.p_value for pooled in found.values()]
    adjusted = zip(found.items(), holm(p_values), benjamini_yekutieli(p_values), strict=True)
    return {
        claim: PooledResult(**asdict(pooled), holm=first, benjamini_yekutieli=second)
        for (claim, pooled), first, second in adjusted
    }


def claim_result(
    item: Claim, outcome: ClaimOutcome, pooled: PooledResult | None, mutants: Sequence[MutantOutcome], settings: Any
) -> ClaimResult:
    """A claim as it stands in results.json; of ``settings`` the verdict's are read."""
    result = copied(
        ClaimResult,
        item,
        paper=item.paper.name,
        fingerprint=fingerprint(item),
        source=item.source_text,
        variant=item.arm,
        domain=[latex_of(relation, item.notation) for relation in item.domain],
        premises=[
            StatedPremise(name=a.name, latex=latex_of(a.relation, item.notation), text=a.text) for a in item.assumptions
        ],
        falsifier=falsifier(item, settings.verdict),
        verdict=outcome.verdict,
        pooled=pooled,
        certificate=certificate_of(item),
        mutants=[
            MutantResult(name=m.mutant, refuted=m.refuted, evidence=m.evidence) for m in mutants if m.claim == item.id
        ],
        evidence=[],
    )
    return with_evidence(item, result)


def latex_of(expression: sp.Basic, notation: Notation) -> str:
    """A relation in LaTeX; symbols as the notation writes them, observables upright."""
    names = {s: n for s, n in notation.latex_names.items() if s in expression.free_symbols}
    for symbol in expression.free_symbols - set(names):
        if re.search(r"_.*[a-z]{2}", symbol.name):
            names[symbol] = r"\mathrm{" + symbol.name.replace("_", r"\_") + "}"
    return str(sp.latex(expression, symbol_names=names))


def observable_result(item: Observable) -> ObservableResult:
    """An observable as it stands in results.json."""
    return copied(ObservableResult, item, lower=_finite(item.lower), upper=_finite(item.upper))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _curves(experiment: Experiment, arm: Arm, runs: Runs) -> list[CurveResult]:
    curves = []
    for unit in experiment.units(arm.settings):
        found = [run for run in runs.of(arm.name, unit) if not run.failure]
        for name in dict.fromkeys(name for run in found for name in run.curves):
            members = [run.curves[name] for run in found if name in run.curves]
            common = sorted(set.intersection(*(set(c.steps) for c in members)))
            table = np.array([_at(common, curve) for curve in members])
            limits = student_ts(np.ascontiguousarray(table.T), arm.settings.verdict.alpha).tolist()
            curves.append(
                CurveResult(
                    variant=arm.name,
                    **_columns(experiment, unit),
                    symbols=dict(unit.values),
                    observable=name,
                    steps=common,
                    mean=[_finite(value) for value in table.mean(axis=0).tolist()],
                    lower=[_finite(low) for low, _ in limits],
                    upper=[_finite(high) for _, high in limits],
                )
            )
    return curves


def _at(steps: list[int], curve: Curve) -> Sequence[float]:
    """The values of a curve at some of its steps."""
    known = dict(zip(curve.steps, curve.values, strict=True))
    return [known[step] for step in steps]
