"""Grids of runs over processes: one thread each, results as they come."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from empirics.config import Config
from empirics.experiment import Experiment, Unit, UnitRun

__all__ = ["EXPERIMENTS", "Task", "available_cores", "load_experiment", "run_tasks", "split"]

EXPERIMENTS = {"one-layer": "empirics.one_layer.experiment:OneLayer"}
"""Experiments by name; loaded in the process that runs them, so that the others never import torch."""

_SEEDS_PER_TASK = 2


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
    """The experiment of that name."""
    module, _, attribute = EXPERIMENTS[name].partition(":")
    experiment: Experiment = getattr(importlib.import_module(module), attribute)()
    return experiment


def split(experiment: str, variant: str, config: Config, units: Sequence[Unit], seeds: Sequence[int]) -> list[Task]:
    """Tasks of a few seeds each."""
    return [
        Task(experiment, variant, config, unit, tuple(seeds[i : i + _SEEDS_PER_TASK]))
        for unit in units
        for i in range(0, len(seeds), _SEEDS_PER_TASK)
    ]


def run_tasks(tasks: Sequence[Task], workers: int) -> Iterator[tuple[Task, list[UnitRun]]]:
    """Run tasks, longest first, and yield each as it finishes.

    With one worker everything runs in this process; else one single-threaded
    process per worker. Results do not depend on the number of workers.
    """
    ordered = sorted(tasks, key=lambda task: -task.relative_cost)
    if workers == 1 or len(tasks) == 1:
        for task in ordered:
            yield _run(task)
        return
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1):
        yield from Parallel(n_jobs=min(workers, len(tasks)), return_as="generator_unordered", batch_size=1)(
            delayed(_run)(task) for task in ordered
        )


def _run(task: Task) -> tuple[Task, list[UnitRun]]:
    import torch

    torch.set_num_threads(1)
    return task, load_experiment(task.experiment).run(task.config, task.unit, task.seeds)
