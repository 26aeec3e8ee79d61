"""Grids of runs over processes: one thread each, results as they come."""

from __future__ import annotations

import importlib
import os
import signal
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from empirics.config import Config
from empirics.device import resolved_device
from empirics.errors import UsageError
from empirics.experiment import Experiment, Unit, UnitRun

__all__ = ["EXPERIMENTS", "INTERNAL_ERROR", "Task", "available_cores", "load_experiment", "run_tasks", "split"]

EXPERIMENTS = {"one-layer": "empirics.one_layer.experiment:OneLayer"}
"""Experiments by name; loaded in the process that runs them, so that the others never import torch."""

INTERNAL_ERROR = "internal error"
"""How the failure of a run begins that a defect of the program ended."""

_SEEDS_PER_STACK = 64  # on an accelerator models are stacked; on a CPU every run is a task of its own


@dataclass(frozen=True)
class Task:
    """Some seeds of one unit of one arm."""

    experiment: str
    variant: str
    config: Config
    unit: Unit
    seeds: tuple[int, ...]

    @property
    def relative_cost(self) -> float:
        """Arithmetic up to a factor, to start the longest tasks first."""
        world = self.config.world
        vocabulary = 2 * world.subjects + self.unit.templates
        return len(self.seeds) * (1 + self.unit.multiplicity) * vocabulary * self.config.pretraining.steps


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def load_experiment(name: str) -> Experiment:
    """The experiment of that name, or at ``module:attribute``."""
    module, _, attribute = EXPERIMENTS.get(name, name).partition(":")
    experiment: Experiment = getattr(importlib.import_module(module), attribute)()
    return experiment


def split(experiment: str, variant: str, config: Config, unit: Unit, seeds: Sequence[int]) -> list[Task]:
    """Tasks of one seed each on a CPU, of many on an accelerator."""
    size = 1 if resolved_device(config.compute.device)[0] == "cpu" else _SEEDS_PER_STACK
    return [Task(experiment, variant, config, unit, tuple(seeds[i : i + size])) for i in range(0, len(seeds), size)]


def run_tasks(tasks: Sequence[Task], workers: int, cluster: str | None = None) -> Iterator[tuple[Task, list[UnitRun]]]:
    """Run tasks, longest first, and yield each as it finishes.

    With one worker everything runs in this process; else one single-threaded
    process per worker. Results do not depend on the number of workers.

    A worker that dies (killed, out of memory) is not the end: the tasks that were
    under way are tried once more, each alone; one that dies again is yielded as
    failed runs. All others go on. So is a task that raises an exception.

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
        with _interrupts_held():
            finished = Parallel(
                n_jobs=min(workers, max(2, len(pending))), return_as="generator_unordered", batch_size=1
            )(delayed(_marked)(number, task, markers) for number, task in list(pending.items()))
        yield from finished


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes and threads started inside never see Ctrl-C, from their first moment on; this one sees it afterwards.

    The terminal sends it to every process of the group. The sweep ends its workers
    itself; a worker that is still importing would only print a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
    except UsageError:
        raise
    except Exception as error:  # one task must not end the others: it becomes failed runs that say why
        reason = _reason(error)
        return [UnitRun(task.unit, seed, {}, {}, reason, lost=True) for seed in task.seeds]


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    # RuntimeError is torch's way to say that memory does not suffice.
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in text.lower()):
        return f"not enough memory: {text}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{INTERNAL_ERROR}: {type(error).__name__}: {text} ({Path(last.filename).name}, line {last.lineno})"
