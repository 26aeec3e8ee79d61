"""Grids of runs over processes: one thread each, results as they come."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from empirics.device import resolved_device
from empirics.experiment import Experiment, ExperimentConfig, Unit, UnitRun

__all__ = ["EXPERIMENTS", "Task", "available_cores", "load_experiment", "run_tasks", "split"]

EXPERIMENTS = {
    "one-layer": "empirics.one_layer.experiment:OneLayer",
    "language-model": "empirics.lm.experiment:LanguageModel",
}
"""Experiments by name; loaded in the process that runs them, so that the others never import torch."""

_SEEDS_PER_STACK = 64  # on an accelerator models are stacked; on a CPU every run is a task of its own


@dataclass(frozen=True)
class Task:
    """Some seeds of one unit of one arm."""

    experiment: str
    variant: str
    config: ExperimentConfig
    unit: Unit
    seeds: tuple[int, ...]

    @property
    def relative_cost(self) -> float:
        """Arithmetic up to a factor, to start the longest tasks first."""
        return len(self.seeds) * self.config.relative_cost(self.unit)


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def load_experiment(name: str) -> Experiment:
    """The experiment of that name, or at ``module:attribute``."""
    module, _, attribute = EXPERIMENTS.get(name, name).partition(":")
    experiment: Experiment = getattr(importlib.import_module(module), attribute)()
    return experiment


def split(experiment: str, variant: str, config: ExperimentConfig, unit: Unit, seeds: Sequence[int]) -> list[Task]:
    """Tasks of one seed each on a CPU, of many on an accelerator."""
    size = 1 if resolved_device(config.compute.device)[0] == "cpu" else _SEEDS_PER_STACK
    return [Task(experiment, variant, config, unit, tuple(seeds[i : i + size])) for i in range(0, len(seeds), size)]


def run_tasks(tasks: Sequence[Task], workers: int, cluster: str | None = None) -> Iterator[tuple[Task, list[UnitRun]]]:
    """Run tasks, longest first, and yield each as it finishes.

    With one worker everything runs in this process; else one single-threaded
    process per worker. Results do not depend on the number of workers.

    A worker that dies (killed, out of memory) is not the end: the tasks that were
    under way are tried once more, each alone; one that dies again is yielded as
    failed runs. All others go on.

    With ``cluster``, the address of a dask scheduler, its workers do the work.
    """
    ordered = sorted(tasks, key=lambda task: -task.relative_cost)
    if cluster is not None:
        yield from _over_cluster(ordered, cluster)
        return
    if workers == 1 or len(tasks) == 1:
        for task in ordered:
            yield task, _run(task)
        return
    with tempfile.TemporaryDirectory(prefix="factbound-") as markers:
        pending = dict(enumerate(ordered))
        while pending:
            try:
                for number, runs in _parallel(pending, workers, markers):
                    yield pending.pop(number), runs
            except _worker_death() as death:
                for number in _under_way(markers):
                    if number in pending:
                        yield pending[number], _alone(number, pending.pop(number), markers, death)


def _over_cluster(tasks: Sequence[Task], address: str) -> Iterator[tuple[Task, list[UnitRun]]]:
    from empirics.cluster import connect, on_cluster

    client = connect(address)
    try:
        for number, runs in on_cluster(client, _numbered, dict(enumerate(tasks))):
            task = tasks[number]
            yield task, _lost(task, runs) if isinstance(runs, BaseException) else runs
    finally:
        client.close()


def _numbered(number: int, task: Task) -> tuple[int, list[UnitRun]]:
    return number, _run(task)


def _lost(task: Task, death: BaseException) -> list[UnitRun]:
    reason = "its worker process died twice (killed, or out of memory): " + " ".join(str(death).split())[:200]
    return [UnitRun(task.unit, seed, {}, {}, reason, lost=True) for seed in task.seeds]


def _parallel(pending: Mapping[int, Task], workers: int, markers: str) -> Iterator[tuple[int, list[UnitRun]]]:
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1):
        yield from Parallel(n_jobs=min(workers, max(2, len(pending))), return_as="generator_unordered", batch_size=1)(
            delayed(_marked)(number, task, markers) for number, task in list(pending.items())
        )


def _alone(number: int, task: Task, markers: str, death: BaseException) -> list[UnitRun]:
    """The second and last try of a task whose worker may have died of it."""
    try:
        ((_, runs),) = _parallel({number: task}, 2, markers)
    except _worker_death():
        return _lost(task, death)
    return runs


def _marked(number: int, task: Task, markers: str) -> tuple[int, list[UnitRun]]:
    """Run a task, with a marker file while it is under way."""
    marker = Path(markers) / str(number)
    marker.touch()
    runs = _run(task)
    marker.unlink()
    return number, runs


def _under_way(markers: str) -> list[int]:
    """The tasks that were under way when a worker died; their markers are removed."""
    found = []
    for marker in Path(markers).iterdir():
        found.append(int(marker.name))
        marker.unlink()
    return sorted(found)


def _worker_death() -> type[BaseException]:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    death: type[BaseException] = TerminatedWorkerError
    return death


def _run(task: Task) -> list[UnitRun]:
    import torch

    torch.set_num_threads(1)
    try:
        return load_experiment(task.experiment).run(task.config, task.unit, task.seeds)
    except (MemoryError, RuntimeError) as error:  # RuntimeError: torch's way to say that memory does not suffice
        if not isinstance(error, MemoryError) and "memory" not in str(error).lower():
            raise
        reason = "not enough memory: " + " ".join(str(error).split())[:200]
        return [UnitRun(task.unit, seed, {}, {}, reason, lost=True) for seed in task.seeds]
