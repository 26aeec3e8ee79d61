"""What it costs to hand out many short runs: 10,000 that each sleep 5 ms, to local processes and to a dask cluster.

OMP_NUM_THREADS=1 python tests/benchmarks/cluster.py [RUNS [MILLISECONDS]]

Two workers on this machine; every run goes into a store. Beside it, before and after, two plain processes that make the
same runs and keep nothing. What sleeps leaves the cores to the overhead, so processor times are shown too; with the
dask cluster the scheduler is in this process.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import psutil
from distributed import LocalCluster

from empirics.experiments.arms import Arm
from empirics.experiments.load import load_config
from empirics.experiments.one_layer.experiment import OneLayer
from empirics.experiments.protocol import Point, UnitRun
from empirics.runs.environment import processor
from empirics.runs.source import Progress, RunSource
from empirics.runs.store import Store

WORKERS = 2
SETTINGS = load_config("quick")


class Short(OneLayer):
    """Each run sleeps."""

    name = "short"

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def run_arms(
        self, settings: Sequence[Any], unit: Point, seeds: Sequence[int], device: str
    ) -> Iterator[list[UnitRun]]:
        """One result after a while."""
        for arm in settings:
            time.sleep(self.seconds * len(seeds))
            cells = self.cells_of(arm, unit)
            yield [UnitRun(unit, seed, {cell: {"ood_error": 0.5} for cell in cells}) for seed in seeds]


def plainly(asked: tuple[float, int]) -> float:
    """Some runs, one after the other; the processor time they took."""
    seconds, runs = asked
    used = time.process_time()
    experiment = Short(seconds)
    unit = experiment.units(SETTINGS)[0]
    for seed in range(runs):
        list(experiment.run_arms([SETTINGS], unit, [seed], "cpu"))
    return time.process_time() - used


def plain(runs: int, seconds: float) -> tuple[float, float]:
    """Seconds that plain processes take, and their processor time."""
    with Pool(WORKERS) as pool:
        pool.map(plainly, [(seconds, 1)] * WORKERS, 1)
        start = time.perf_counter()
        used = sum(pool.map(plainly, [(seconds, runs // WORKERS)] * WORKERS, 1))
        return time.perf_counter() - start, used


def of_workers() -> float:
    """The processor time that processes started by this one have taken."""
    return sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children(recursive=True))


def measure(name: str, runs: int, seconds: float, cluster: str | None = None) -> None:
    """Print what the runs took."""
    experiment = Short(seconds)
    units = experiment.units(SETTINGS)
    wanted = {("main", unit): range(runs // len(units)) for unit in units}
    number = sum(map(len, wanted.values()))
    before = plain(number, seconds)
    with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "runs.sqlite") as store:
        source = RunSource(experiment, [Arm("main", {}, SETTINGS)], WORKERS, Progress(), store, False, cluster)
        list(source.runs({("main", units[0]): range(10**6, 10**6 + 4)}))  # start the workers
        start, used, workers = time.perf_counter(), time.process_time(), of_workers()
        found = sum(len(finished) for _, finished in source.runs(wanted))
        elapsed, used, workers = time.perf_counter() - start, time.process_time() - used, of_workers() - workers
    assert found == number
    reference, theirs = ((a + b) / 2 for a, b in zip(before, plain(number, seconds), strict=True))
    print(
        f"{name}: {number} runs of {seconds * 1e3:g} ms by {WORKERS} workers: {elapsed:.1f} s; plain processes take "
        f"{reference:.1f} s: {elapsed / reference - 1:.1%} more. Processor time a run: {used / number * 1e3:.2f} ms "
        f"here, {workers / number * 1e3:.2f} ms in the workers, {theirs / number * 1e3:.2f} ms in plain processes. At "
        f"most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB here; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


if __name__ == "__main__":
    asked = [float(word) for word in sys.argv[1:]]
    runs, milliseconds = [*asked, *[10_000, 5][len(asked) :]]
    print(f"{processor()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}")
    measure("local processes", int(runs), milliseconds / 1e3)
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster:
        measure("dask cluster", int(runs), milliseconds / 1e3, cluster.scheduler_address)
