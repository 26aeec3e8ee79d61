"""Grids of runs over processes: one thread each, results as they come."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from empirics.errors import UsageError, WorkerError
from empirics.experiments.blame import place_of
from empirics.experiments.document import INTERNAL_ERROR
from empirics.experiments.protocol import Experiment, Point, UnitRun
from empirics.experiments.settings import ExperimentSettings
from empirics.files import temporary_folder
from empirics.runs.checked import BadRunError, checked
from empirics.runs.environment import resolved_device
from theory.plugins import UserFile, adopt, files


@dataclass(frozen=True)
class Task:
    """Some seeds of one unit of one arm."""

    experiment: Experiment
    variant: str
    settings: ExperimentSettings
    unit: Point
    seeds: tuple[int, ...]

    @property
    def start(self) -> tuple[object, ...]:
        """What decides the part that runs share; tasks of equal start differ in the rest alone."""
        compute = self.settings.compute
        return self.unit, self.seeds, compute.dtype, compute.device, self.experiment.start(self.settings)

    @property
    def label(self) -> str:
        """The task in words."""
        return f"{'' if self.variant == self.experiment.leading else self.variant + ' '}{self.unit}"

    @property
    def cost(self) -> float:
        """Arithmetic up to a factor, to start the longest tasks first."""
        return len(self.seeds) * self.experiment.cost(self.settings, self.unit)


Bundle = tuple[Task, ...]
"""Tasks of equal start, run one after the other in one process; the experiment may share what is expensive."""


@dataclass(frozen=True)
class Carried:
    """Tasks on their way to another process, which first loads the user's files that this one has loaded."""

    bundle: Bundle

    def __reduce__(self) -> tuple[object, ...]:
        from joblib.externals.loky.backend.reduction import dumps  # also what a notebook defines

        return _unpacked, (files(), bytes(dumps(self.bundle)))


def _unpacked(given: tuple[UserFile, ...], packed: bytes) -> Carried:
    adopt(given)
    bundle: Bundle = pickle.loads(packed)
    return Carried(bundle)


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def split(
    experiment: Experiment, variant: str, settings: ExperimentSettings, unit: Point, seeds: Sequence[int]
) -> list[Task]:
    """Tasks of one seed each on a CPU, of many on an accelerator if the experiment stacks models."""
    size = 1 if resolved_device(settings.compute.device)[0] == "cpu" else experiment.stacks
    return [Task(experiment, variant, settings, unit, tuple(seeds[i : i + size])) for i in range(0, len(seeds), size)]


def run_tasks(tasks: Sequence[Task], workers: int, cluster: str | None = None) -> Iterator[tuple[Task, list[UnitRun]]]:
    """Run tasks, longest first and those of equal start in one process, and yield each as it finishes.

    With one worker everything runs in this process; else one single-threaded process per worker, or, with
    ``cluster``, the workers of the dask scheduler at that address. Results do not depend on the number of workers.

    A worker that dies (killed, out of memory) is not the end: what was under way is tried once more, alone; what dies
    again, and a task that raises an exception, is yielded as failed runs. All others go on.

    Raises:
        WorkerError: workers die before they begin a task.
    """
    bundles: dict[tuple[object, ...], list[Task]] = {}
    for task in tasks:
        bundles.setdefault(task.start, []).append(task)
    ordered = sorted(map(tuple, bundles.values()), key=lambda bundle: -max(task.cost for task in bundle))
    if cluster is not None:
        from empirics.runs.cluster import connect, on_cluster

        with closing(connect(cluster)) as client:
            for number, runs in on_cluster(client, _numbered, dict(enumerate(map(Carried, ordered)))):
                bundle = ordered[number]
                yield from zip(bundle, _lost(bundle, runs) if isinstance(runs, BaseException) else runs, strict=True)
        return
    if workers == 1 or len(ordered) == 1:
        for bundle in ordered:
            yield from _run(bundle)
        return
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    with temporary_folder() as markers:
        pending = dict(enumerate(ordered))
        idle_deaths = 0  # of workers that were given nothing yet, without a result in between
        while pending:
            left = len(pending)
            try:
                for number, runs in _parallel(pending, workers, markers):
                    yield from zip(pending.pop(number), runs, strict=True)
            except TerminatedWorkerError as death:
                dying = _under_way(markers)
                idle_deaths = 0 if dying or len(pending) < left else idle_deaths + 1
                if idle_deaths > 1:
                    raise WorkerError(
                        f"no worker process can start: {_why_not(death)}; --workers 1 needs none"
                    ) from None
                for number in dying:
                    if number in pending:
                        bundle = pending.pop(number)
                        try:  # the second and last try of tasks whose worker may have died of them
                            ((_, runs),) = _parallel({number: bundle}, 2, markers)
                        except TerminatedWorkerError:
                            runs = _lost(bundle, death)
                        yield from zip(bundle, runs, strict=True)


def _numbered(number: int, carried: Carried) -> tuple[int, list[list[UnitRun]]]:
    return number, [runs for _, runs in _run(carried.bundle)]


def _lost(bundle: Bundle, death: BaseException) -> list[list[UnitRun]]:
    reason = "its worker process died twice (killed, or out of memory): " + " ".join(str(death).split())[:200]
    return [[UnitRun(task.unit, seed, {}, {}, reason, lost=True) for seed in task.seeds] for task in bundle]


def _parallel(pending: Mapping[int, Bundle], workers: int, markers: str) -> Iterator[tuple[int, list[list[UnitRun]]]]:
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1), _safe_path():
        with _interrupts_held():
            finished = Parallel(
                n_jobs=min(workers, max(2, len(pending))), return_as="generator_unordered", batch_size=1
            )(delayed(_marked)(number, Carried(bundle), markers) for number, bundle in list(pending.items()))
        yield from finished


@contextmanager
def _safe_path() -> Iterator[None]:
    """Processes started inside do not look for Python's own modules in the working directory (as ``python -P``)."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("PYTHONSAFEPATH", None)
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _why_not(death: BaseException) -> str:
    """Why a process that loads what a worker loads ends at once; if it does not, what is known of those that did."""
    loaded = f"import sys; import joblib.externals.loky.process_executor; sys.path[:] = {sys.path!r}; import {__name__}"
    try:
        with _safe_path():
            tried = subprocess.run([sys.executable, "-c", loaded], capture_output=True, timeout=120, check=False)
        lines = tried.stderr.decode("utf-8", "replace").split("\n")
        reason = next((line.strip() for line in reversed(lines) if line.strip()), "") if tried.returncode else ""
    except (OSError, subprocess.SubprocessError) as error:
        reason = str(error)
    return (reason or " ".join(str(death).split()))[:300]


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes and threads started inside never see Ctrl-C, from their first moment on; this one sees it afterwards.

    The terminal sends it to every process of the group. The sweep ends its workers
    itself; a worker that is still importing would only print a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as tracker_of_loky

    resource_tracker.ensure_running()  # both unblock the signal when they start, so they start before
    tracker_of_loky.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _marked(number: int, carried: Carried, markers: str) -> tuple[int, list[list[UnitRun]]]:
    """Run tasks, with a marker file while they are under way."""
    marker = Path(markers) / str(number)
    marker.touch()
    done = _numbered(number, carried)
    marker.unlink()
    return done


def _under_way(markers: str) -> list[int]:
    """The bundles that were under way when a worker died; their markers are removed."""
    found = []
    for marker in Path(markers).iterdir():
        found.append(int(marker.name))
        marker.unlink()
    return sorted(found)


def _run(bundle: Bundle) -> Iterator[tuple[Task, list[UnitRun]]]:
    if "torch" in bundle[0].experiment.libraries:
        import torch

        torch.set_num_threads(1)  # BLAS is told by the pool
    left = list(bundle)
    while left:
        first = left[0]
        device = resolved_device(first.settings.compute.device)[0]
        try:
            arms = iter(first.experiment.run_arms([task.settings for task in left], first.unit, first.seeds, device))
            for given in arms:
                if len(left) == 1 and next(arms, arms) is not arms:
                    raise BadRunError("run_arms gave more lists of runs than there are arms")
                runs = checked(first.experiment, left[0].settings, first.unit, first.seeds, given)
                yield left.pop(0), runs
            if left:
                raise BadRunError("run_arms gave fewer lists of runs than there are arms")
        except UsageError:
            raise
        except (Exception, SystemExit) as error:  # one task must not end the others: failed runs say why
            task = left.pop(0)
            yield task, [UnitRun(task.unit, s, {}, {}, _reason(task.experiment, error), lost=True) for s in task.seeds]


def _reason(experiment: Experiment, error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    # RuntimeError is torch's way to say that memory does not suffice.
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in text.lower()):
        return f"not enough memory: {text}"
    if isinstance(error, BadRunError):
        return (
            f"{INTERNAL_ERROR}: experiment {experiment.name} ({place_of(experiment)}): it breaks the protocol: {text}"
        )
    place, last = place_of(experiment, error), traceback.extract_tb(error.__traceback__)[-1]
    inside = place == f"{last.filename}, line {last.lineno}"
    raised = "" if inside else f" (raised in {Path(last.filename).name}, line {last.lineno})"
    return f"{INTERNAL_ERROR}: experiment {experiment.name} ({place}): {type(error).__name__}: {text}{raised}"
