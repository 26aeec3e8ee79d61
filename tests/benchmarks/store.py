"""What the store and the scheduling cost beside the training.

OMP_NUM_THREADS=1 python tests/benchmarks/store.py
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from empirics.experiments.load import load_config
from empirics.experiments.one_layer.experiment import OneLayer
from empirics.experiments.protocol import Point, UnitRun
from empirics.runs.pool import run_tasks, split
from empirics.runs.source import run_key
from empirics.runs.store import Store

EXPERIMENT = OneLayer()


def storing() -> float:
    """Seconds to make one run durable."""
    config = load_config("default")
    short = load_config("default", None, ["pretraining.steps=50"])
    ((run,),) = EXPERIMENT.run_arms([short], Point.of(R=20, K=3), [0], "cpu")
    with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "runs.sqlite") as store:
        times = []
        for seed in range(300):
            start = time.perf_counter()
            store.add({run_key(EXPERIMENT, config, run.unit, seed): run})
            times.append(time.perf_counter() - start)
        size = (Path(directory) / "runs.sqlite").stat().st_size / len(store)
    print(f"one run made durable: median {statistics.median(times) * 1e3:.2f} ms, {size / 1024:.1f} KiB")
    return statistics.median(times)


def scheduling() -> None:
    """Training one after another in this process, against one worker process under joblib with the store."""
    config = load_config("default", None, ["pretraining.steps=1500"])
    tasks = [t for unit in EXPERIMENT.units(config) for t in split(EXPERIMENT, "main", config, unit, range(2))]
    list(EXPERIMENT.run_arms([config], Point.of(R=20, K=1), [0], "cpu"))
    start = time.perf_counter()
    alone: list[UnitRun] = [
        r for t in tasks for runs in EXPERIMENT.run_arms([t.settings], t.unit, t.seeds, "cpu") for r in runs
    ]
    direct = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "runs.sqlite") as store:
        list(run_tasks(tasks[:2], 2))  # start the workers
        start = time.perf_counter()
        for _, runs in run_tasks(tasks, 2):
            store.add({run_key(EXPERIMENT, config, r.unit, r.seed): r for r in runs})
        two = time.perf_counter() - start
    print(f"{len(alone)} runs: {direct:.2f} s directly, {two:.2f} s with two workers and the store")


if __name__ == "__main__":
    print(f"{storing() * 1e6:.0f} microseconds a run")
    scheduling()
