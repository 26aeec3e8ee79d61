"""The runs of a map: found in the store, or run and stored."""

from __future__ import annotations

from collections.abc import Sequence

from empirics.experiments.arms import Arm
from empirics.experiments.protocol import Experiment
from empirics.runs.pool import available_cores
from empirics.runs.source import Progress, RunSource
from empirics.runs.store import Store
from empirics.verification.assembly import Runs

__all__ = ["collect"]


def collect(
    experiment: Experiment,
    arms: Sequence[Arm],
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
    fresh: bool = False,
    cluster: str | None = None,
) -> tuple[Runs, bool]:
    """The runs of every arm at ``seeds.minimum`` seeds, and whether all of them are there (not interrupted).

    Args:
        experiment: what runs.
        arms: with which settings.
        workers: processes; one per available core if None.
        progress: told as runs come in.
        store: where finished runs are kept and found again; None keeps them in memory only.
        fresh: do not look runs up in the store (they are still stored).
        cluster: address of a dask scheduler in place of local processes.

    Raises:
        empirics.runs.store.StoreError: a run could not be stored; what was stored is kept.
    """
    runs = Runs()
    source = RunSource(experiment, arms, workers or available_cores(), progress or Progress(), store, fresh, cluster)
    seeds = arms[0].settings.seeds
    wanted = {
        (arm.name, unit): range(seeds.base, seeds.base + seeds.minimum)
        for arm in arms
        for unit in experiment.units(arm.settings)
    }
    try:
        for variant, finished in source.runs(wanted):
            runs.add(variant, finished)
    except KeyboardInterrupt:
        return runs, False
    return runs, True
