"""From finished runs to the map: cells, contours, the law, and how well single items were predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from empirics.experiments.map_design import MapDesign, Variation
from empirics.experiments.protocol import Point
from empirics.experiments.settings import ExperimentSettings
from empirics.judging.confidence import interval
from empirics.judging.judge import judge_claim
from empirics.judging.table import CellTable
from empirics.regimes.accuracy import prediction_part
from empirics.regimes.contours import LEVELS, measured_crossing, predicted_crossing
from empirics.regimes.document import (
    ArmRow,
    ContourRow,
    DesignPart,
    ItemsRow,
    LawRow,
    MapCell,
    QuantityRow,
    RegimeMap,
    VariationRow,
)
from empirics.regimes.factor import factor_part
from empirics.regimes.laws import law_part
from empirics.regimes.regime import TRANSITION, Thresholds, regime_of
from empirics.regimes.survey import Place, Survey, value, values
from empirics.verification.assembly import bounds_at
from empirics.verification.document import beginning, copied
from theory import claim


def analyse(
    survey: Survey,
    variations: Sequence[Variation],
    thresholds: Thresholds,
    *,
    complete: bool,
    wall_seconds: float,
    resamples: int = 100,
) -> RegimeMap:
    """The whole document from whatever runs there are; limits of fits and contours rest on ``resamples`` bootstraps."""
    design, settings = survey.design, survey.settings
    verdicts = reading_verdicts(survey)
    charted = {item.id: bounds_at(claim(item.id), survey.tables) for item in design.charted}
    laws = [{n: b.bound for n, found in charted.items() if (b := found[i])} for i in range(len(survey.tables))]
    cells = [
        _cell(survey, place, verdicts[place.table.index], laws[place.table.index], thresholds)
        for place in survey.places
    ]
    varied = {f"{v.key}={number}": (v.key, number) for v in variations for number in v.values}
    return RegimeMap(
        **beginning(survey.experiment, settings, wall_seconds, complete=complete),
        design=_design(survey),
        variations=[copied(VariationRow, v, main=_main_value(design, settings, v.key)) for v in variations],
        arms=[
            ArmRow(name=arm.name, key=key, value=number, size=key in design.sizes.values())
            for arm in survey.arms
            for key, number in [varied.get(arm.name, (None, None))]
        ],
        success=thresholds.success,
        failure=thresholds.failure,
        resamples=resamples,
        cells=cells,
        contours=_contours(survey, resamples),
        law=law_part(survey, cells, resamples),
        factor=factor_part(survey),
        prediction=prediction_part(survey, cells, resamples),
    )


def reading_verdicts(survey: Survey) -> list[dict[str, str]]:
    """For every cell the verdict on each reading; a reading's alpha is divided over all cells of the map."""
    observables = {o.name: o for o in survey.experiment.observables}
    verdict = survey.settings.verdict
    share = verdict.model_copy(update={"alpha": verdict.alpha / len(survey.tables)})

    def word(reading: str, table: CellTable) -> str:
        (outcome,) = judge_claim(claim(reading).on(table.variant), [table], share, observables).outcomes
        return outcome.verdict.value

    return [{reading: word(reading, table) for reading in survey.design.readings} for table in survey.tables]


def _cell(
    survey: Survey, place: Place, verdicts: dict[str, str], laws: dict[str, float], thresholds: Thresholds
) -> MapCell:
    design, table, alpha = survey.design, place.table, survey.settings.verdict.alpha
    errors = values(table, design.observable)
    limits = interval(errors, alpha) if errors else None
    predictors = design.items.predictors if design.items else {}
    return MapCell(
        variant=place.arm.name,
        **_columns(design, place.point),
        symbols=table.symbols,
        seeds=table.seeds,
        failed=sorted(table.failed),
        in_scope_seeds=survey.in_scope(table),
        gap=survey.premise and _mean(values(table, survey.premise.observable)),
        error=limits and limits.mean,
        lower=limits and limits.lower,
        upper=limits and limits.upper,
        regime=regime_of(errors, alpha, thresholds),
        in_law=survey.in_law(place),
        laws=laws,
        verdicts=verdicts,
        predicted={name: _mean(values(table, observable)) for name, observable in predictors.items()},
    )


def _mean(numbers: Sequence[float]) -> float | None:
    return float(np.mean(numbers)) if numbers else None


def _columns(design: MapDesign, point: Point) -> dict[str, Any]:
    """The point's values by column, and the quantity's if the point has all it needs."""
    found = {design.columns[symbol]: number for symbol, number in point.values}
    return found | ({design.quantity.column: design.quantity.value(point)} if design.quantity else {})


def _contours(survey: Survey, resamples: int) -> list[ContourRow]:
    design = survey.design
    groups: dict[tuple[str, Point], list[Place]] = {}
    for place in survey.places:
        groups.setdefault((place.arm.name, place.cell.on(design.others)), []).append(place)
    found = []
    for group in groups.values():
        series = sorted(group, key=lambda place: place.cell[design.axis])
        sizes = [place.cell[design.axis] for place in series]
        table = series[0].table
        fixed = {name: number for name, number in table.symbols.items() if name != design.axis}
        columns = _columns(design, series[0].point)
        del columns[design.columns[design.axis]]
        errors = np.array([[value(p.table, design.observable, seed) for seed in table.seeds] for p in series])
        for level in LEVELS:
            crossing = measured_crossing(sizes, errors, level, resamples)
            if crossing is None:
                continue
            beyond = {0.0: "below", math.inf: "above"}.get(crossing.value)
            found.append(
                ContourRow(
                    variant=series[0].arm.name,
                    **columns,
                    symbols=fixed,
                    level=level,
                    measured=None if beyond else crossing.value,
                    beyond=beyond,
                    lower=np.clip(crossing.lower, sizes[0], sizes[-1]),
                    upper=np.clip(crossing.upper, sizes[0], sizes[-1]),
                    in_law=survey.in_law(series[0]),
                    predicted={
                        c.id: predicted_crossing(c.id, level, design.axis, Point.of(**fixed).on(claim(c.id).symbols))
                        for c in design.charted
                    },
                )
            )
    return found


def _design(survey: Survey) -> DesignPart:
    design = survey.design
    laws, items, quantity = design.laws, design.items, design.quantity
    return copied(
        DesignPart,
        design,
        levels=LEVELS,
        transition=TRANSITION,
        most=design.most(survey.places[0].point) if design.most else None,
        premise=survey.premise,
        quantity=copied(QuantityRow, quantity) if quantity else None,
        claims=design.charted,
        laws=[copied(LawRow, law, coefficients=len(law.coefficients)) for law in laws.laws] if laws else [],
        rivals={laws[name].column: heading for name, heading in laws.rivals.items()} if laws else {},
        collinear=(laws.collinear[0].name, laws.collinear[1].name) if laws and laws.collinear else None,
        items=copied(ItemsRow, items, predictors=list(items.predictors)) if items else None,
    )


def _main_value(design: MapDesign, settings: ExperimentSettings, key: str) -> float | None:
    """The main settings' value of what varies, if it is a number."""
    section, _, name = design.together.get(key, (key,))[0].partition(".")
    found = getattr(getattr(settings, section), name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
