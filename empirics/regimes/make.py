"""The map of regimes: runs, then what they show."""

from __future__ import annotations

import time
from collections.abc import Sequence

from empirics.errors import UsageError
from empirics.experiments.map_design import MapDesign, Variation
from empirics.experiments.settings import ExperimentSettings
from empirics.regimes.analysis import analyse
from empirics.regimes.document import RegimeMap
from empirics.regimes.plan import map_arms
from empirics.regimes.regime import Thresholds
from empirics.regimes.survey import Survey
from empirics.runs.pool import available_cores
from empirics.runs.source import Progress, RunSource
from empirics.runs.store import Store
from empirics.verification.assembly import Runs

__all__ = ["check_resamples", "make_map"]


def check_resamples(resamples: int) -> None:
    """Refuse a number of bootstrap samples that gives no percentiles, or that never ends."""
    if not 20 <= resamples <= 10**5:
        raise UsageError(f"--resamples={resamples} is refused: allowed is an integer from 20 to 100000")


def make_map(
    design: MapDesign,
    settings: ExperimentSettings,
    variations: Sequence[Variation],
    thresholds: Thresholds | None = None,
    *,
    resamples: int = 100,
    workers: int | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
    fresh: bool = False,
    cluster: str | None = None,
) -> RegimeMap:
    """Run the grid and its variations, and map what they show; what was finished if interrupted.

    Args:
        design: the experiment's map.
        settings: the main settings (:func:`empirics.regimes.plan.load_map_settings`).
        variations: what varies beside them, one thing at a time.
        thresholds: what success and failure are; 0.3 and 0.7 if None.
        resamples: bootstrap samples of seeds behind limits.
        workers: processes; one per available core if None.
        progress: told as runs come in.
        store: where finished runs are kept and found again; None keeps them in memory only.
        fresh: do not look runs up in the store (they are still stored).
        cluster: address of a dask scheduler in place of local processes.

    Raises:
        UsageError: impossible settings.
        empirics.runs.store.StoreError: a run could not be stored; what was stored is kept.
    """
    check_resamples(resamples)
    start = time.monotonic()
    experiment, seeds = design.experiment, settings.seeds
    arms, runs, complete = map_arms(design, settings, variations), Runs(), True
    source = RunSource(experiment, arms, workers or available_cores(), progress or Progress(), store, fresh, cluster)
    wanted = {
        (arm.name, unit): range(seeds.base, seeds.base + seeds.minimum)
        for arm in arms
        for unit in experiment.units(arm.settings)
    }
    try:
        for variant, finished in source.runs(wanted):
            runs.add(variant, finished)
    except KeyboardInterrupt:
        complete = False
    return analyse(
        Survey(design, settings, arms, runs),
        variations,
        thresholds or Thresholds(),
        complete=complete,
        wall_seconds=time.monotonic() - start,
        resamples=resamples,
    )
