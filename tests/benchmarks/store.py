"""What the store and the scheduling cost beside the training.

OMP_NUM_THREADS=1 python tests/benchmarks/store.py
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from empirics.experiments.load import load_config
from empirics.experiments.one_layer.run import OneLayer
from empirics.experiments.protocol import Point, UnitRun, units
from empirics.runs.pool import run_tasks, split
from empirics.runs.store import Store, run_key


def storing() -> float:
    """Seconds to make one run durable."""
    config = load_config("default")
    run = OneLayer().run(load_config("default", None, ["pretraining.steps=50"]), Point.of(R=20, K=3), [0])[0]
    with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "runs.sqlite") as store:
        times = []
        for seed in range(300):
            start = time.perf_counter()
            store.add({run_key("one-layer", config, run.unit, seed): run})
            times.append(time.perf_counter() - start)
        size = (Path(directory) / "runs.sqlite").stat().st_size / len(store)
    print(f"one run made durable: median {statistics.median(times) * 1e3:.2f} ms, {size / 1024:.1f} KiB")
    return statistics.median(times)


def scheduling() -> None:
    """Training one after another in this process, against one worker process under joblib with the store."""
    config = load_config("default", None, ["pretraining.steps=1500"])
    tasks = [t for unit in units(config) for t in split("one-layer", "main", config, unit, range(2))]
    OneLayer().run(config, Point.of(R=20, K=1), [0])
    start = time.perf_counter()
    alone: list[UnitRun] = [r for t in tasks for r in OneLayer().run(t.config, t.unit, t.seeds)]
    direct = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "runs.sqlite") as store:
        list(run_tasks(tasks[:2], 2))  # start the workers
        start = time.perf_counter()
        for _, runs in run_tasks(tasks, 2):
            store.add({run_key("one-layer", config, r.unit, r.seed): r for r in runs})
        two = time.perf_counter() - start
    print(f"{len(alone)} runs: {direct:.2f} s directly, {two:.2f} s with two workers and the store")


if __name__ == "__main__":
    print(f"{storing() * 1e6:.0f} microseconds a run")
    scheduling()
