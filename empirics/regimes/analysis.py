"""From finished runs to the map: cells, contours, the law, and how well single facts were foretold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.arms import Arm
from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.predict.laws import Point
from empirics.experiments.protocol import Cell
from empirics.judging.confidence import interval
from empirics.judging.judge import judge_claim
from empirics.judging.table import MAIN, CellTable
from empirics.regimes.accuracy import Facts, accuracies
from empirics.regimes.comparison import collinearity, exponents, held_out
from empirics.regimes.contours import LEVELS, PREDICTING, Crossing, measured_crossing, predicted_crossing
from empirics.regimes.document import (
    AccuracyRow,
    ContourRow,
    ExponentRow,
    HeldOutRow,
    LawPart,
    MapCell,
    RegimeMap,
    VariationRow,
)
from empirics.regimes.plan import Variation
from empirics.regimes.regime import Regime, Thresholds, regime_of
from empirics.regimes.sample import TRANSITION, Sample
from empirics.runs.environment import describe_environment
from empirics.verification.assembly import Runs, declared, tables_of
from theory import DomainError, claim

__all__ = ["PREDICTORS", "READINGS", "SIZES", "analyse", "law_sample"]

READINGS: Final = ("ood-error-literal", "ood-error-normalised")
PREDICTORS: Final = ("coverage", "prompt", "linearised", "displaced")
SIZES: Final = "world.subjects="
"""How arms of other sizes are called; with the main arm they are what the law speaks of."""

FloatArray = NDArray[np.float64]


def analyse(
    config: Config,
    arms: Sequence[Arm],
    variations: Sequence[Variation],
    runs: Runs,
    thresholds: Thresholds,
    *,
    complete: bool,
    wall_seconds: float,
    resamples: int = 100,
) -> RegimeMap:
    """The whole document from whatever runs there are; limits of fits and contours rest on ``resamples`` bootstraps."""
    tables = tables_of(arms, runs)
    verdicts = _verdicts(arms, tables, config)
    found = [
        _cell(arm, cell, table, verdicts[table.index], config, thresholds)
        for (arm, cell), table in zip(declared(arms), tables, strict=True)
    ]
    return RegimeMap(
        schema_version=1,
        wall_seconds=round(wall_seconds, 3),
        complete=complete,
        config=config.model_dump(mode="json"),
        variations=[VariationRow(key=v.key, values=list(v.values)) for v in variations],
        success=thresholds.success,
        failure=thresholds.failure,
        environment=describe_environment(config),
        cells=found,
        resamples=resamples,
        contours=_contours(arms, tables, resamples),
        law=_law(arms, tables, config, resamples),
        prediction=_prediction(arms, runs, found, resamples),
    )


def law_sample(arms: Sequence[Arm], tables: Sequence[CellTable], config: Config) -> Sample:
    """Errors of the in-scope seeds (K >= 2, gap within the premise) of the main arm and of the other sizes."""
    seeds = range(config.seeds.base, config.seeds.base + config.seeds.minimum)
    points, rows = [], []
    for (arm, cell), table in zip(declared(arms), tables, strict=True):
        if cell.multiplicity < 2 or not (arm.name == MAIN or arm.name.startswith(SIZES)):
            continue
        near = set(_near_optimal(table, config))
        row = [_value(table, "ood_error", seed) if seed in near else math.nan for seed in seeds]
        if np.isfinite(row).any():
            points.append(Point(_subjects(arm, cell), cell.templates, cell.multiplicity, cell.finetuned))
            rows.append(row)
    return Sample(tuple(points), np.array(rows).reshape(len(points), len(seeds)))


def _verdicts(arms: Sequence[Arm], tables: Sequence[CellTable], config: Config) -> list[dict[str, str]]:
    """For every cell the verdict on each reading; a reading's alpha is divided over all cells of the map."""
    found: list[dict[str, str]] = [dict.fromkeys(READINGS, "NOT TESTED") for _ in tables]
    for arm in arms:
        mine = [t for t in tables if t.variant == arm.name]
        settings = config.verdict.model_copy(update={"alpha": config.verdict.alpha * len(mine) / len(tables)})
        for reading in READINGS:
            for outcome in judge_claim(replace(claim(reading), variant=arm.name), mine, settings).outcomes:
                for index in outcome.cells:
                    found[index][reading] = outcome.verdict.value
    return found


def _cell(
    arm: Arm, cell: Cell, table: CellTable, verdicts: dict[str, str], config: Config, thresholds: Thresholds
) -> MapCell:
    errors, alpha = _values(table, "ood_error"), config.verdict.alpha
    limits = interval(errors, alpha) if errors else None
    gaps = _values(table, "pretraining_gap")
    subjects = _subjects(arm, cell)
    predicted = {name: _values(table, f"predicted_ood_error_{name}") for name in PREDICTORS}
    return MapCell(
        variant=arm.name,
        subjects=subjects,
        templates=cell.templates,
        multiplicity=cell.multiplicity,
        finetuned=cell.finetuned,
        facts_per_template=subjects * cell.multiplicity / cell.templates,
        seeds=list(table.seeds),
        failed=sorted(table.failed),
        in_scope_seeds=_near_optimal(table, config),
        gap=float(np.mean(gaps)) if gaps else None,
        error=limits.mean if limits else None,
        lower=limits.lower if limits else None,
        upper=limits.upper if limits else None,
        regime=regime_of(errors, alpha, thresholds).value if errors else Regime.NO_DATA.value,
        laws=_laws(cell),
        verdicts=verdicts,
        predicted={name: float(np.mean(values)) if values else None for name, values in predicted.items()},
    )


def _laws(cell: Cell) -> dict[str, float]:
    found = {}
    for name in PREDICTING:
        try:
            bound = claim(name).bound(N_f=cell.finetuned, K=cell.multiplicity, R=cell.templates)
        except DomainError:
            continue
        found[name] = float(bound)
    return found


def _contours(arms: Sequence[Arm], tables: Sequence[CellTable], resamples: int) -> list[ContourRow]:
    by_cell = dict(zip(_keys(arms), tables, strict=True))
    found = []
    for arm in arms:
        sizes = sorted(arm.config.world.finetuned)
        for templates in arm.config.world.templates:
            for multiplicity in arm.config.world.multiplicity:
                series = [by_cell[arm.name, Cell(templates, multiplicity, n)] for n in sizes]
                errors = np.array([[_value(t, "ood_error", s) for s in series[0].seeds] for t in series])
                for level in LEVELS:
                    crossing = measured_crossing(sizes, errors, level, resamples) if errors.size else None
                    if crossing is not None:
                        found.append(_contour(arm, templates, multiplicity, level, sizes, crossing))
    return found


def _contour(
    arm: Arm, templates: int, multiplicity: int, level: float, sizes: Sequence[int], crossing: Crossing
) -> ContourRow:
    beyond = {0.0: "below", math.inf: "above"}.get(crossing.value)
    predicted = {name: predicted_crossing(name, level, templates, multiplicity) for name in PREDICTING}
    return ContourRow.model_validate(
        {
            "variant": arm.name,
            "subjects": _subjects(arm, Cell(templates, multiplicity, sizes[0])),
            "templates": templates,
            "multiplicity": multiplicity,
            "level": level,
            "measured": None if beyond else crossing.value,
            "beyond": beyond,
            "lower": float(np.clip(crossing.lower, sizes[0], sizes[-1])),
            "upper": float(np.clip(crossing.upper, sizes[0], sizes[-1])),
            "predicted": predicted,
        }
    )


def _law(arms: Sequence[Arm], tables: Sequence[CellTable], config: Config, resamples: int) -> LawPart:
    everything = law_sample(arms, tables, config).transition()
    here = config.world.subjects
    main = everything.where(lambda p: p.subjects == here)
    scores = [
        *held_out(main, "pair (K, R)", lambda p: (p.multiplicity, p.templates), resamples=resamples),
        *held_out(main, "R", lambda p: p.templates, resamples=resamples),
        *held_out(everything, "other S", lambda p: None if p.subjects == here else p.subjects, resamples=resamples),
    ]
    return LawPart(
        cells=len(main),
        collinearity=collinearity(main.points),
        exponents=[
            ExponentRow(**asdict(row))
            for row in (*exponents(main, resamples), *exponents(everything, resamples, names=["power-size"]))
        ],
        held_out=[HeldOutRow(**asdict(row)) for row in scores],
    )


def _prediction(arms: Sequence[Arm], runs: Runs, found: Sequence[MapCell], resamples: int) -> list[AccuracyRow]:
    facts = _facts(arms, runs)
    if facts is None:
        return []
    inside = [i for i, c in enumerate(found) if c.error is not None and TRANSITION[0] < c.error < TRANSITION[1]]
    parts: dict[str, Sequence[int]] = {
        "transition cells": inside,
        "transition cells, main grid": [i for i in inside if found[i].variant == MAIN],
        "transition cells, variations": [i for i in inside if found[i].variant != MAIN],
        "every cell": range(len(found)),
    }
    for n in sorted({c.finetuned for c in found}):
        parts[f"N_f = {n}"] = [i for i in inside if found[i].finetuned == n]
    for arm in arms:
        parts[f"arm {arm.name}"] = [i for i in inside if found[i].variant == arm.name]
    return [AccuracyRow.model_validate(asdict(row)) for row in accuracies(facts, parts, resamples)]


def _facts(arms: Sequence[Arm], runs: Runs) -> Facts | None:
    """Every held-out fact of every run; facts of one (S, R) share worlds and make one fold."""
    columns: dict[str, list[Any]] = {name: [] for name in ("cell", "seed", "fold", "margin", *PREDICTORS)}
    folds: dict[tuple[int, int], int] = {}
    for index, (arm, cell) in enumerate(declared(arms)):
        fold = folds.setdefault((_subjects(arm, cell), cell.templates), len(folds))
        for run in runs.of(arm.name, cell.unit):
            values: Mapping[str, Sequence[float]] = run.facts.get(cell.finetuned, {})
            count = len(values.get("margin", ()))
            for name, constant in (("cell", index), ("seed", run.seed), ("fold", fold)):
                columns[name].append(np.full(count, constant, dtype=np.int64))
            for name in ("margin", *PREDICTORS):
                columns[name].append(np.asarray(values.get(name, [math.nan] * count), dtype=np.float64))
    joined = {name: np.concatenate(parts) for name, parts in columns.items() if parts}
    if not joined or not len(joined["cell"]):
        return None
    scores = {name: joined[name] for name in PREDICTORS if np.isfinite(joined[name]).any()}
    return Facts(joined["cell"], joined["seed"], joined["fold"], joined["margin"] > 0, scores)


def _subjects(arm: Arm, cell: Cell) -> int:
    return int(arm.config.symbols(cell)["S"])


def _keys(arms: Sequence[Arm]) -> list[tuple[str, Cell]]:
    return [(arm.name, cell) for arm, cell in declared(arms)]


def _near_optimal(table: CellTable, config: Config) -> list[int]:
    gaps = {seed: _value(table, "pretraining_gap", seed) for seed in table.seeds}
    return [seed for seed, gap in gaps.items() if gap <= config.verdict.premise_gap]


def _values(table: CellTable, name: str) -> list[float]:
    """Finite values of an observable over seeds that did not fail."""
    found = (_value(table, name, seed) for seed in table.seeds)
    return [v for v in found if math.isfinite(v)]


def _value(table: CellTable, name: str, seed: int) -> float:
    """An observable at a seed; NaN where undefined, or where the seed was not run or failed."""
    if seed not in table.seeds:
        return math.nan
    value = table.value(name, seed)
    return math.nan if value is None else value
