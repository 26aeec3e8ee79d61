"""From finished runs to the map: cells, contours, the law, and how well single items were predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from empirics.experiments.document import ExperimentResult, SymbolResult
from empirics.experiments.map_design import MapDesign, Variation
from empirics.experiments.protocol import Point
from empirics.experiments.settings import ExperimentSettings
from empirics.judging.confidence import interval
from empirics.judging.judge import judge_claim
from empirics.regimes.contours import LEVELS, Crossing, measured_crossing, predicted_crossing
from empirics.regimes.document import (
    ArmRow,
    ClaimRow,
    ContourRow,
    DesignPart,
    ItemsRow,
    LawRow,
    MapCell,
    PremiseRow,
    QuantityRow,
    RegimeMap,
    VariationRow,
)
from empirics.regimes.laws import law_part, rival_column
from empirics.regimes.plan import keys_of
from empirics.regimes.prediction import prediction_part
from empirics.regimes.regime import Thresholds, regime_of
from empirics.regimes.sample import TRANSITION
from empirics.regimes.survey import Place, Survey, value, values
from empirics.runs.environment import describe_environment
from theory import DomainError, claim

__all__ = ["analyse", "reading_verdicts"]


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
    design, settings, experiment = survey.design, survey.settings, survey.experiment
    verdicts = reading_verdicts(survey)
    cells = [_cell(survey, place, verdicts[place.table.index], thresholds) for place in survey.places]
    return RegimeMap(
        schema_version=2,
        wall_seconds=round(wall_seconds, 3),
        complete=complete,
        experiment=ExperimentResult(
            name=experiment.name,
            title=experiment.title,
            leading=experiment.leading,
            axes={symbol: experiment.column(symbol) for symbol in experiment.axes},
            run_axes=list(experiment.run_axes),
        ),
        notation=[
            SymbolResult(name=s.name, label=s.label, latex=s.latex, meaning=s.meaning, unit=s.unit, integer=s.integer)
            for s in experiment.notation.values()
        ],
        design=_design(survey),
        config=settings.model_dump(mode="json"),
        variations=[
            VariationRow(key=v.key, values=list(v.values), main=_main_value(design, settings, v.key))
            for v in variations
        ],
        arms=[_arm(design, arm.name, variations) for arm in survey.arms],
        success=thresholds.success,
        failure=thresholds.failure,
        resamples=resamples,
        environment=describe_environment(settings.compute.device, settings.compute.dtype),
        cells=cells,
        contours=_contours(survey, resamples),
        law=law_part(survey, cells, resamples),
        prediction=prediction_part(survey, cells, resamples),
    )


def reading_verdicts(survey: Survey) -> list[dict[str, str]]:
    """For every cell the verdict on each reading; a reading's alpha is divided over all cells of the map."""
    readings, alpha = survey.design.readings, survey.settings.verdict.alpha
    observables = {o.name: o for o in survey.experiment.observables}
    found: list[dict[str, str]] = [dict.fromkeys(readings, "NOT TESTED") for _ in survey.tables]
    for arm in survey.arms:
        mine = [t for t in survey.tables if t.variant == arm.name]
        share = survey.settings.verdict.model_copy(update={"alpha": alpha * len(mine) / len(survey.tables)})
        for reading in readings:
            for outcome in judge_claim(claim(reading).on(arm.name), mine, share, observables).outcomes:
                for index in outcome.cells:
                    found[index][reading] = outcome.verdict.value
    return found


def _cell(survey: Survey, place: Place, verdicts: dict[str, str], thresholds: Thresholds) -> MapCell:
    design, table = survey.design, place.table
    errors, alpha = values(table, design.observable), survey.settings.verdict.alpha
    limits = interval(errors, alpha) if errors else None
    gaps = values(table, design.premise)
    predictors = design.items.predictors if design.items else {}
    predicted = {name: values(table, observable) for name, observable in predictors.items()}
    return MapCell.model_validate(
        {
            "variant": place.arm.name,
            **_columns(design, place.point),
            "symbols": dict(table.symbols),
            "seeds": list(table.seeds),
            "failed": sorted(table.failed),
            "in_scope_seeds": survey.in_scope(table),
            "gap": float(np.mean(gaps)) if gaps else None,
            "error": limits.mean if limits else None,
            "lower": limits.lower if limits else None,
            "upper": limits.upper if limits else None,
            "regime": regime_of(errors, alpha, thresholds).value,
            "in_law": survey.in_law(place),
            "laws": _laws(design, table.symbols),
            "verdicts": verdicts,
            "predicted": {name: float(np.mean(v)) if v else None for name, v in predicted.items()},
        }
    )


def _columns(design: MapDesign, point: Point) -> dict[str, Any]:
    """The point's values by column, and the quantity's if the point has all it needs."""
    found = {design.columns[symbol]: number for symbol, number in point.values}
    return found | ({design.quantity.column: design.quantity.value(point)} if design.quantity else {})


def _laws(design: MapDesign, symbols: Any) -> dict[str, float]:
    found = {}
    for charted in design.charted:
        item = claim(charted.claim)
        try:
            found[item.id] = float(item.bound(**{name: symbols[name] for name in item.symbols}))
        except DomainError:
            continue
    return found


def _contours(survey: Survey, resamples: int) -> list[ContourRow]:
    design = survey.design
    groups: dict[tuple[str, Point], list[Place]] = {}
    for place in survey.places:
        groups.setdefault((place.arm.name, place.cell.on(design.others)), []).append(place)
    found = []
    for group in groups.values():
        series = sorted(group, key=lambda place: place.cell[design.axis])
        sizes = [place.cell[design.axis] for place in series]
        seeds = series[0].table.seeds
        errors = np.array([[value(p.table, design.observable, seed) for seed in seeds] for p in series])
        for level in LEVELS:
            crossing = measured_crossing(sizes, errors, level, resamples) if errors.size else None
            if crossing is not None:
                found.append(_contour(survey, series[0], level, sizes, crossing))
    return found


def _contour(survey: Survey, place: Place, level: float, sizes: Sequence[int], crossing: Crossing) -> ContourRow:
    design = survey.design
    beyond = {0.0: "below", math.inf: "above"}.get(crossing.value)
    fixed = {name: number for name, number in place.table.symbols.items() if name != design.axis}
    columns = _columns(design, place.point)
    del columns[design.columns[design.axis]]
    predicted = {
        c.claim: predicted_crossing(c.claim, level, design.axis, Point(tuple(fixed.items())).on(claim(c.claim).symbols))
        for c in design.charted
    }
    return ContourRow.model_validate(
        {
            "variant": place.arm.name,
            **columns,
            "symbols": fixed,
            "level": level,
            "measured": None if beyond else crossing.value,
            "beyond": beyond,
            "lower": float(np.clip(crossing.lower, sizes[0], sizes[-1])),
            "upper": float(np.clip(crossing.upper, sizes[0], sizes[-1])),
            "in_law": survey.in_law(place),
            "predicted": predicted,
        }
    )


def _design(survey: Survey) -> DesignPart:
    """What the map shows, in the words and names that tables and figures need."""
    design, limit = survey.design, survey.premise_limit
    units = {o.name: o.unit for o in survey.experiment.observables}
    laws, items, quantity = design.laws, design.items, design.quantity
    return DesignPart(
        observable=design.observable,
        subject=design.subject,
        axis=design.axis,
        others=list(design.others),
        columns=design.columns,
        levels=list(LEVELS),
        transition=TRANSITION,
        most=design.most(survey.places[0].point) if design.most else None,
        premise=None
        if limit is None
        else PremiseRow(observable=design.premise, unit=units[design.premise], limit=limit),
        quantity=QuantityRow(column=quantity.column, label=quantity.label, title=quantity.title) if quantity else None,
        readings=list(design.readings),
        claims=[ClaimRow(id=c.claim, short=c.short, legend=c.legend) for c in design.charted],
        laws=[LawRow(name=w.name, title=w.title, coefficients=len(w.coefficients)) for w in laws.laws] if laws else [],
        rivals={rival_column(name): heading for name, heading in laws.rivals.items()} if laws else {},
        collinear=(laws.collinear[0].name, laws.collinear[1].name) if laws and laws.collinear else None,
        items=ItemsRow(item=items.item, basis=items.basis, predictors=list(items.predictors), folds=list(items.folds))
        if items
        else None,
    )


def _arm(design: MapDesign, name: str, variations: Sequence[Variation]) -> ArmRow:
    for variation in variations:
        for number in variation.values:
            if name == f"{variation.key}={number}":
                size = variation.key in design.sizes.values()
                return ArmRow(name=name, key=variation.key, value=number, size=size)
    return ArmRow(name=name, key=None, value=None, size=False)


def _main_value(design: MapDesign, settings: ExperimentSettings, key: str) -> float | None:
    """The main settings' value of what varies, if it is a number."""
    section, _, name = keys_of(design, key)[0].partition(".")
    found = getattr(getattr(settings, section), name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
