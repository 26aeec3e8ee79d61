"""Before the first run of a map: what would run, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from empirics.experiments.map_design import MapDesign, Variation
from empirics.experiments.presentation import Part
from empirics.experiments.settings import ExperimentSettings
from empirics.experiments.wording import defects_in
from empirics.regimes.make import map_arms
from empirics.regimes.regime import Thresholds
from empirics.runs.source import keys_of, wanted
from empirics.verification.cost import Cost, cost_of
from empirics.verification.forecast import as_it_stands
from empirics.verification.plan import PlannedArm, planned_arms
from empirics.verification.size import check_size, size_of


class MapForecast(Part):
    """What a map would run: arms (the main grid first), seeds, thresholds of success and failure; and its cost.

    ``broken`` are lines on what has a defect.
    """

    experiment: str
    arms: list[PlannedArm]
    base: int
    seeds: int
    success: float
    failure: float
    cost: Cost
    broken: list[str] = Field(default_factory=list)


def forecast_map(
    design: MapDesign,
    settings: ExperimentSettings,
    variations: Sequence[Variation],
    thresholds: Thresholds,
    *,
    stored: Path,
    workers: int,
) -> MapForecast:
    """What :func:`empirics.regimes.make.make_map` would do; nothing is written.

    Runs are looked up in the database ``stored``; a few are made, at seeds beyond the map's, to estimate the time.

    Raises UsageError: impossible settings, or this machine cannot hold what they ask for.
    """
    experiment, seeds = design.experiment, settings.seeds
    arms = map_arms(design, settings, variations)
    check_size(size_of(experiment, arms, workers))
    keys = keys_of(experiment, arms, wanted(experiment, arms, seeds.base, seeds.base + seeds.minimum))
    with as_it_stands(stored) as store:
        found = {} if store is None else store.find(keys.values())
    missing = [place for place, key in keys.items() if key not in found]
    cost = cost_of(experiment, arms, missing, [seeds.minimum], workers, timed=True)
    return MapForecast(
        experiment=experiment.name,
        arms=planned_arms(experiment, arms),
        base=seeds.base,
        seeds=seeds.minimum,
        success=thresholds.success,
        failure=thresholds.failure,
        cost=cost,
        broken=defects_in({reason: [run] for reason, run in cost.failed.items()}),
    )
