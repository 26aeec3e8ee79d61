"""What the store costs: beside the training, and with many runs in it.

OMP_NUM_THREADS=1 python tests/benchmarks/store.py [RUNS]

With RUNS (as 100000): that many rows, one trained run with its numbers shifted, written and looked up through the
store's own interface. Times are of the wall, and of this process's processor in brackets.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from empirics.experiments.arms import arms_of
from empirics.experiments.load import load_config
from empirics.experiments.one_layer.experiment import OneLayer
from empirics.experiments.protocol import Point, UnitRun
from empirics.runs.environment import processor
from empirics.runs.merge import merge
from empirics.runs.pool import run_tasks, split
from empirics.runs.source import keys_of, run_key, wanted
from empirics.runs.store import Store

EXPERIMENT = OneLayer()
T = TypeVar("T")


def trained() -> UnitRun:
    """One short run."""
    short = load_config("default", None, ["pretraining.steps=50"])
    ((run,),) = EXPERIMENT.run_arms([short], Point.of(R=20, K=3), [0], "cpu")
    return run


def storing() -> None:
    """What it takes to make runs durable, one at a time and together."""
    config = load_config("default")
    run = trained()
    for together in (1, 50):
        with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "runs.sqlite") as store:
            times = []
            for start in range(0, 6000 if together > 1 else 300, together):
                entries = {run_key(EXPERIMENT, config, run.unit, s): run for s in range(start, start + together)}
                before = time.perf_counter()
                store.add(entries)
                times.append((time.perf_counter() - before) / together)
            size = (Path(directory) / "runs.sqlite").stat().st_size / len(store)
        each = statistics.median(times) * 1e3
        print(f"a run made durable, {together} at a time: median {each:.2f} ms, {size / 1024:.1f} KiB", flush=True)


def scheduling() -> None:
    """Training one after another in this process, against two worker processes with the store."""
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


def measured(what: str, function: Callable[[], T]) -> T:
    """The answer; prints what it took."""
    wall, used = time.perf_counter(), time.process_time()
    answer = function()
    wall, used = time.perf_counter() - wall, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {wall:.2f} s ({used:.2f} s), at most {memory:.0f} MiB so far", flush=True)
    return answer


def shifted(run: UnitRun, unit: Point, seed: int) -> UnitRun:
    """The run at another place, with its numbers a little smaller."""
    factor = 1 - (seed % 997) / 1e6
    observables = {
        cell: {name: value and value * factor for name, value in found.items()}
        for cell, found in run.observables.items()
    }
    return replace(run, unit=unit, seed=seed, observables=observables)


def many(runs: int) -> None:
    """A store of that many runs, under the default preset's keys."""
    arms = arms_of(EXPERIMENT, EXPERIMENT.settle(load_config("default"), "cpu"))
    units = sum(len(EXPERIMENT.units(arm.settings)) for arm in arms)
    asked = wanted(EXPERIMENT, arms, 0, runs // units)
    run = trained()
    keys = measured(f"keys of {runs // units * units} runs", lambda: keys_of(EXPERIMENT, arms, asked))
    with tempfile.TemporaryDirectory() as directory:
        halves = [Path(directory) / name / "runs.sqlite" for name in ("a", "b")]
        places = list(keys.items())
        for half, some in zip(halves, (places[: runs * 2 // 3], places[runs // 3 :]), strict=True):
            half.parent.mkdir()
            with Store(half) as store:

                def fill(store: Store = store, some: list[tuple[tuple[str, Point, int], str]] = some) -> None:
                    for start in range(0, len(some), 50):
                        entries = {k: shifted(run, unit, seed) for (_, unit, seed), k in some[start : start + 50]}
                        store.add(entries, "plan")

                measured(f"{len(some)} runs written, 50 at a time", fill)
        output = Path(directory) / "runs.sqlite"
        measured("the two, which share a third, merged", lambda: merge(halves, output))
        store = measured(f"opened, {output.stat().st_size / 1e6:.0f} MB checked", lambda: Store(output))
        with store:
            measured("counted", lambda: len(store))
            measured("plans of all", lambda: store.plans_of(keys.values()))
            measured("all looked up, none kept", lambda: sum(len(batch) for batch in store.stream(keys.values())))
            measured("one more written", lambda: store.add({"another": run}, "plan"))
            measured("all looked up and kept", lambda: len(store.find(keys.values())))


if __name__ == "__main__":
    print(f"{processor()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}")
    storing()
    if sys.argv[1:]:
        many(int(sys.argv[1]))
    else:
        scheduling()
