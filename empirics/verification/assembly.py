"""From finished runs to tables to judge, and from verdicts to the results document."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from empirics.experiments.arms import Arm
from theory.certify.record import certificate_of
from empirics.runs.environment import describe_environment
from empirics.experiments.protocol import Cell, ExperimentConfig, Unit, UnitRun, cells, units
from empirics.judging.confidence import interval
from empirics.judging.mutants import MutantOutcome
from empirics.judging.outcome import ClaimOutcome, Outcome
from empirics.judging.table import CellTable
from empirics.observables.shared import OBSERVABLES, Observable
from empirics.verification.results import (
    CellResult,
    ClaimResult,
    CurveResult,
    Exceedance,
    MutantResult,
    PremiseResult,
    Results,
    Summary,
    VerdictResult,
)
from theory import Claim

__all__ = ["Runs", "assemble", "declared", "tables_of", "verdict_result"]


@dataclass
class Runs:
    """Finished runs by arm and unit, ordered by seed."""

    by_unit: dict[tuple[str, Unit], dict[int, UnitRun]] = field(default_factory=dict)

    def add(self, variant: str, runs: Iterable[UnitRun]) -> None:
        """Take in finished runs; a seed that comes again replaces itself."""
        for run in runs:
            self.by_unit.setdefault((variant, run.unit), {})[run.seed] = run

    def of(self, variant: str, unit: Unit) -> list[UnitRun]:
        """The runs of a unit, by seed."""
        found = self.by_unit.get((variant, unit), {})
        return [found[seed] for seed in sorted(found)]


def declared(arms: Iterable[Arm]) -> list[tuple[Arm, Cell]]:
    """Every cell of every arm, in the order of the results."""
    return [(arm, cell) for arm in arms for cell in cells(arm.config)]


def tables_of(arms: Sequence[Arm], runs: Runs) -> list[CellTable]:
    """One table per declared cell of every arm; cells without runs have no seeds."""
    tables = []
    for index, (arm, cell) in enumerate(declared(arms)):
        found = runs.of(arm.name, cell.unit)
        rows: list[Mapping[str, float | None]] = [run.observables.get(cell.finetuned, {}) for run in found]
        if any(rows):  # a cell without any result has no observables at all
            exact = arm.config.exact(cell)
            rows = [{**row, **exact} if row else row for row in rows]
        names = dict.fromkeys(name for row in rows for name in row)
        tables.append(
            CellTable(
                index=index,
                variant=arm.name,
                symbols=arm.config.symbols(cell),
                seeds=tuple(run.seed for run in found),
                failed=frozenset(run.seed for run in found if run.failure),
                observables={name: tuple(row.get(name) for row in rows) for name in names},
            )
        )
    return tables


def assemble(
    config: ExperimentConfig,
    arms: Sequence[Arm],
    runs: Runs,
    tables: Sequence[CellTable],
    claims: Sequence[Claim],
    outcomes: Sequence[ClaimOutcome],
    mutants: Sequence[MutantOutcome],
    wall_seconds: float,
    *,
    complete: bool,
) -> Results:
    """The results document; ``tables`` are those of the arms' declared cells."""
    return Results(
        schema_version=1,
        wall_seconds=round(wall_seconds, 3),
        complete=complete,
        config=config.model_dump(mode="json"),
        environment=describe_environment(config),
        cells=[_cell(arm, cell, table, runs) for (arm, cell), table in zip(declared(arms), tables, strict=True)],
        verdicts=[verdict_result(o) for outcome in outcomes for o in outcome.outcomes],
        claims=[_claim(item, outcome, mutants) for item, outcome in zip(claims, outcomes, strict=True)],
        curves=[curve for arm in arms for curve in _curves(arm, runs)],
    )


def student_t(values: Sequence[float], alpha: float) -> tuple[float | None, float | None]:
    """Student's t limits of a mean at level 1 - alpha; None with fewer than two values."""
    if len(values) < 2:
        return None, None
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, 1 - alpha / 2)) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return _finite(float(np.mean(values)) - half), _finite(float(np.mean(values)) + half)


def _cell(arm: Arm, cell: Cell, table: CellTable, runs: Runs) -> CellResult:
    config = arm.config
    gaps = table.observables.get("pretraining_gap")
    limit = config.verdict.premise_gap
    near = list(table.seeds)  # an experiment without a gap knows no such premise
    if gaps is not None:
        near = [s for s, g in zip(table.seeds, gaps, strict=True) if g is not None and g <= limit]
    return CellResult(
        variant=table.variant,
        overlay={key: list(v) if isinstance(v, tuple) else v for key, v in arm.overlay.items()},
        templates=cell.templates,
        multiplicity=cell.multiplicity,
        finetuned=cell.finetuned,
        seeds=list(table.seeds),
        failed=sorted(table.failed),
        failures={str(run.seed): run.failure for run in runs.of(arm.name, cell.unit) if run.failure},
        in_scope_seeds=[s for s in near if s not in table.failed],
        observables={
            name: _summary(OBSERVABLES[name], values, config.verdict.alpha)
            for name, values in table.observables.items()
        },
    )


def _summary(observable: Observable, values: Sequence[float | None], alpha: float) -> Summary:
    """Mean and two-sided limits at level 1 - alpha, each cell by itself."""
    known = [v for v in values if v is not None]
    mean = _finite(math.fsum(known) / len(known)) if known else None
    if observable.sampling == "exact":
        return Summary(mean=mean, lower=mean, upper=mean, interval="exact", values=list(values))
    if observable.bounded:
        if not known:
            return Summary(mean=None, lower=None, upper=None, interval="betting", values=list(values))
        found = interval(known, alpha, observable.lower, observable.upper)
        return Summary(mean=mean, lower=found.lower, upper=found.upper, interval="betting", values=list(values))
    lower, upper = student_t(known, alpha)
    return Summary(mean=mean, lower=lower, upper=upper, interval="student-t", values=list(values))


def verdict_result(outcome: Outcome) -> VerdictResult:
    """One verdict as it stands in results.json."""
    data: dict[str, Any] = asdict(outcome)
    data["cells"] = list(outcome.cells)
    data["scope"] = str(outcome.scope.value)
    data["verdict"] = str(outcome.verdict.value)
    data["premises"] = [
        PremiseResult(name=p.name, value=p.value, limit=p.limit, holds=p.holds) for p in outcome.premises
    ]
    if outcome.exceedance is not None:
        share, lower, upper = outcome.exceedance
        data["exceedance"] = Exceedance(share=share, lower=lower, upper=upper)
    return VerdictResult(**data)


def _claim(item: Claim, outcome: ClaimOutcome, mutants: Sequence[MutantOutcome]) -> ClaimResult:
    return ClaimResult(
        id=item.id,
        title=item.title,
        kind=str(item.kind.value),
        provenance=str(item.provenance.value),
        formula=item.formula,
        required=item.required,
        verdict=str(outcome.verdict.value),
        certificate=certificate_of(item),
        mutants=[
            MutantResult(name=m.mutant, refuted=m.refuted, evidence=m.evidence) for m in mutants if m.claim == item.id
        ],
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _curves(arm: Arm, runs: Runs) -> list[CurveResult]:
    curves = []
    for unit in units(arm.config):
        found = [run for run in runs.of(arm.name, unit) if not run.failure]
        for name in dict.fromkeys(name for run in found for name in run.curves):
            members = [run.curves[name] for run in found if name in run.curves]
            common = sorted(set.intersection(*(set(c.steps) for c in members)))
            table = np.array([[dict(zip(c.steps, c.values, strict=True))[s] for s in common] for c in members])
            limits = [student_t(column.tolist(), arm.config.verdict.alpha) for column in table.T]
            curves.append(
                CurveResult(
                    variant=arm.name,
                    observable=name,
                    templates=unit.templates,
                    multiplicity=unit.multiplicity,
                    steps=common,
                    mean=[_finite(value) for value in table.mean(axis=0).tolist()],
                    lower=[low for low, _ in limits],
                    upper=[high for _, high in limits],
                )
            )
    return curves
