"""What the runs of a plan cost, before the first of them: a few are made as the program makes them, and timed."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from empirics.experiments.arms import Arm
from empirics.experiments.presentation import Part
from empirics.experiments.protocol import Experiment, Point
from empirics.runs.environment import resolved_device
from empirics.runs.pool import Bundle, Task, run_tasks
from empirics.runs.rows import size_of as stored_size
from empirics.runs.source import RunPlace
from empirics.verification.size import Size, size_of

_BUDGET = 10.0  # seconds that the runs that are timed may take, as far as that can be told before
_ROUNDS = 3  # runs for each process, at least
_LONG = 60.0  # seconds; a first run that took longer is not repeated: loading and compiling hardly count in it


class Cost(Part):
    """What the runs cost.

    ``runs``, ``relative`` and ``seconds`` are up to each look: all runs, what is missing in units of the cheapest run,
    and the estimated wall time of the missing runs (None if nothing was timed). ``found`` runs are stored already.
    Seconds per run are the mean of the ``timed`` runs; megabytes (larger runs take more) and ``disk_megabytes``, of all
    runs in the store, were measured on the cheapest run. ``failed`` says why a run that was to be timed
    failed, and which. ``size`` is what all runs take at least, by arithmetic.
    """

    runs: list[int]
    found: int
    relative: list[float]
    seconds: list[float] | None
    seconds_per_run: float | None
    workers: int
    megabytes_per_process: float | None
    disk_megabytes: float | None
    timed: int = 0
    failed: dict[str, str] = Field(default_factory=dict)
    size: Size | None = None


@dataclass(frozen=True)
class _Timed:
    """What was measured: wall seconds of so many processes for runs of a total cost; bytes of a stored run."""

    seconds: float
    processes: int
    cost: float
    runs: int
    stored: int

    @property
    def each(self) -> float:
        """Seconds that one process takes for a cost of 1."""
        return self.seconds * self.processes / self.cost


def cost_of(
    experiment: Experiment,
    arms: Sequence[Arm],
    missing: Sequence[RunPlace],
    looks: Sequence[int],
    workers: int,
    *,
    timed: bool,
) -> Cost:
    """The cost of all runs up to each of ``looks``, of which some are missing; if ``timed``, a few runs are made.

    Those have seeds beyond the plan's. Ctrl-C ends the timing alone: there is no estimate then.
    """
    main, by_name = arms[0].settings, {arm.name: arm.settings for arm in arms}
    base, starts = main.seeds.base, {arm.name: experiment.start(arm.settings) for arm in arms}
    kinds: dict[tuple[str, Point], list[str]] = {}  # arms of equal start share what is expensive: it is counted once
    for name, unit in dict.fromkeys((name, unit) for name, unit, _ in missing):
        kinds.setdefault((starts[name], unit), []).append(name)
    least = min(experiment.cost(main, unit) for unit in experiment.units(main))
    weights = {(starts[name], unit, seed): experiment.cost(by_name[name], unit) for name, unit, seed in missing}
    upto = [{place: w for place, w in weights.items() if place[2] < base + look} for look in looks]
    on_cpu = resolved_device(main.compute.device)[0] == "cpu"
    stack = 1 if on_cpu else min(experiment.stacks, looks[0])
    seeds = tuple(range(base + looks[-1], base + looks[-1] + stack))
    bundles = [
        tuple(Task(experiment, name, by_name[name], unit, seeds) for name in names)
        for (_, unit), names in kinds.items()
    ]
    told = _timed(bundles, min(workers, math.ceil(len(weights) / stack))) if timed and bundles else None
    found = told if isinstance(told, _Timed) else None
    runs = sum(len(experiment.units(arm.settings)) for arm in arms)
    return Cost(
        runs=[runs * look for look in looks],
        found=runs * looks[-1] - len(missing),
        relative=[sum(part.values()) / least for part in upto],
        seconds=None
        if found is None
        else [found.each * sum(part.values()) / max(1, min(workers, math.ceil(len(part) / stack))) for part in upto],
        seconds_per_run=None if found is None else found.seconds * found.processes / found.runs,
        workers=workers,
        megabytes_per_process=_memory() if found is not None and on_cpu else None,
        disk_megabytes=None if found is None else found.stored * runs * looks[-1] / 1e6,
        timed=0 if found is None else found.runs,
        failed=told if isinstance(told, dict) else {},
        size=size_of(experiment, arms, workers),
    )


def _timed(bundles: Sequence[Bundle], workers: int) -> _Timed | dict[str, str] | None:
    """A small batch with runs of every size, as far as the time for it goes; why which run failed; None if stopped.

    Before it the cheapest run is made in this process, for what is loaded and compiled, and then in every worker.
    """
    ordered = sorted(bundles, key=_cost)
    try:
        first = _run(ordered[:1], 1)
        if first.seconds > _LONG:
            return first
        if workers > 1:
            _run(_copies(ordered[:1], workers), workers)
        cheapest = _run(_copies(ordered[:1], workers), workers)
        for number in range(len(ordered), 0, -1):  # the greatest number of kinds that the time allows
            places = [round(i * (len(ordered) - 1) / max(1, number - 1)) for i in range(number)]
            batch = _copies([ordered[place] for place in places], math.ceil(_ROUNDS * workers / number))
            if cheapest.each * sum(map(_cost, batch)) / workers <= _BUDGET:
                return _run(batch, workers)
    except KeyboardInterrupt:
        return None
    except _FailedError as failed:
        return {failed.reason: failed.run}
    return cheapest


class _FailedError(Exception):
    """A run that was timed gave nothing."""

    def __init__(self, reason: str, run: str) -> None:
        super().__init__(reason)
        self.reason, self.run = reason, run


def _run(bundles: Sequence[Bundle], workers: int) -> _Timed:
    start = time.perf_counter()
    runs = [run for _, found in run_tasks([task for bundle in bundles for task in bundle], workers) for run in found]
    seconds = time.perf_counter() - start
    for run in runs:
        if run.lost:
            raise _FailedError(str(run.failure), f"{run.unit}, seed {run.seed}, not of the plan")
    return _Timed(seconds, workers, sum(map(_cost, bundles)), len(runs), stored_size(runs[0]))


def _cost(bundle: Bundle) -> float:
    return max(task.cost for task in bundle)


def _copies(bundles: Sequence[Bundle], number: int) -> list[Bundle]:
    """Each of them so many times, at seeds of their own."""
    return [
        tuple(replace(task, seeds=tuple(seed + i * len(task.seeds) for seed in task.seeds)) for task in bundle)
        for i in range(number)
        for bundle in bundles
    ]


def _memory() -> float | None:
    """Megabytes that this process took at most, as any worker would."""
    try:
        import resource
    except ImportError:  # not on this system
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
