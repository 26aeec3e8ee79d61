"""Grids of runs over processes: one thread each, results as they come."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, Final, TypeVar

from empirics.errors import UsageError, WorkerError
from empirics.experiments.blame import place_of
from empirics.experiments.document import INTERNAL_ERROR
from empirics.experiments.protocol import Experiment, Point, UnitRun
from empirics.experiments.settings import ExperimentSettings
from empirics.files import temporary_folder
from empirics.runs.checked import BadRunError, checked
from empirics.runs.environment import resolved_device
from empirics.runs.portions import Carried, Dealer, Worked, together, worked

T = TypeVar("T")
U = TypeVar("U")
_WORTH_PROCESSES: Final = 8  # items, each a third of a second


@dataclass(frozen=True)
class Task:
    """Some seeds of one unit of one arm; tasks of lower rank are begun first."""

    experiment: Experiment
    variant: str
    settings: ExperimentSettings
    unit: Point
    seeds: tuple[int, ...]
    rank: int = 0

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

Finished = tuple[Task, list[UnitRun]]
"""A task and its runs, one for each of its seeds."""


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def split(
    experiment: Experiment,
    variant: str,
    settings: ExperimentSettings,
    unit: Point,
    seeds: Sequence[int],
    rank: int = 0,
) -> list[Task]:
    """Tasks of one seed each on a CPU, of many on an accelerator if the experiment stacks models."""
    size = 1 if resolved_device(settings.compute.device)[0] == "cpu" else experiment.stacks
    parts = [tuple(seeds[i : i + size]) for i in range(0, len(seeds), size)]
    return [Task(experiment, variant, settings, unit, part, rank) for part in parts]


def run_tasks(tasks: Sequence[Task], workers: int, cluster: str | None = None) -> Iterator[Finished]:
    """Run tasks, longest first and those of equal start in one process, and yield each as it finishes.

    With one worker everything runs in this process; else one single-threaded process per worker, or, with
    ``cluster``, the workers of the dask scheduler at that address. Results do not depend on the number of workers.

    A worker that dies (killed, out of memory) is not the end: what was under way is tried once more, alone; what dies
    again, and a task that raises an exception, is yielded as failed runs. All others go on.

    Raises:
        WorkerError: workers die before they begin a task; or the scheduler, or the last of its workers, is gone.
    """
    for finished in run_together(tasks, workers, cluster):
        yield from finished


def run_together(tasks: Sequence[Task], workers: int, cluster: str | None = None) -> Iterator[list[Finished]]:
    """As :func:`run_tasks`; what short tasks give comes together, to be stored in one transaction."""
    ordered = bundled(tasks)
    if cluster is not None:
        from empirics.runs.cluster import on_cluster

        for done in on_cluster(cluster, _runs_of, dict(enumerate(ordered)), dict(enumerate(map(_cost, ordered)))):
            yield [finished for number, runs in done for finished in _with_tasks(ordered[number], runs)]
    elif workers == 1 or len(ordered) == 1:
        yield from together(finished for bundle in ordered for finished in _run(bundle))
    else:
        with temporary_folder() as markers:
            yield from _by_processes(dict(enumerate(ordered)), workers, markers)


def bundled(tasks: Iterable[Task]) -> list[Bundle]:
    """Tasks of equal start together; by rank, then longest first."""
    starts: dict[int, str] = {}  # by settings: tasks of one arm have the same object
    bundles: dict[tuple[object, ...], list[Task]] = {}
    for task in tasks:
        settings, compute = task.settings, task.settings.compute
        if id(settings) not in starts:
            starts[id(settings)] = task.experiment.start(settings)
        shared = task.unit, task.seeds, compute.dtype, compute.device, starts[id(settings)]
        bundles.setdefault(shared, []).append(task)
    return sorted(map(tuple, bundles.values()), key=lambda bundle: (bundle[0].rank, -_cost(bundle)))


def _by_processes(pending: dict[int, Bundle], workers: int, markers: str) -> Iterator[list[Finished]]:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    idle_deaths = 0  # of workers that were given nothing yet, without a result in between
    while pending:
        left = len(pending)
        try:
            for done in _parallel(pending, workers, markers):
                yield [finished for number, runs in done for finished in _with_tasks(pending.pop(number), runs)]
        except TerminatedWorkerError as death:
            dying = _under_way(markers)
            idle_deaths = 0 if dying or len(pending) < left else idle_deaths + 1
            if idle_deaths > 1:
                raise WorkerError(f"no worker process can start: {_why_not(death)}; --workers 1 needs none") from None
            for number in dying:
                if number in pending:
                    bundle = pending.pop(number)
                    try:  # the second and last try of tasks whose worker may have died of them
                        (((_, runs),),) = _parallel({number: bundle}, 2, markers)
                    except TerminatedWorkerError:
                        runs = death
                    yield _with_tasks(bundle, runs)


def _cost(bundle: Bundle) -> float:
    return max(task.cost for task in bundle)


def _runs_of(number: int, bundle: Bundle) -> list[list[UnitRun]]:
    _load(tuple(bundle[0].experiment.libraries))
    return [runs for _, runs in _run(bundle)]


@cache
def _load(libraries: tuple[str, ...]) -> None:
    """Once in a worker process: what tasks need is loaded, and then left out of every search for garbage.

    A search takes a tenth of a second or more, and where psutil is missing joblib asks for one every second.
    """
    if "torch" in libraries:
        import torch  # noqa: F401
    if parent_process() is not None:  # not the user's own process
        gc.freeze()


def _with_tasks(bundle: Bundle, runs: list[list[UnitRun]] | BaseException) -> list[Finished]:
    """Each task with its runs, which failed if their process died."""
    if isinstance(runs, BaseException):
        reason = "its worker process died twice (killed, or out of memory): " + _brief(runs)
        runs = [[UnitRun(task.unit, seed, {}, {}, reason, lost=True) for seed in task.seeds] for task in bundle]
    return list(zip(bundle, runs, strict=True))


def _parallel(
    pending: Mapping[int, Bundle], workers: int, markers: str
) -> Iterator[list[tuple[int, list[list[UnitRun]]]]]:
    """What each portion of the tasks gave, as it comes; a portion may be taken up again by the next call."""
    from joblib import Parallel, delayed, parallel_config

    dealer = Dealer({number: _cost(bundle) for number, bundle in pending.items()})
    failed: UsageError | None = None

    def dealt() -> Iterator[Any]:
        while not failed and (numbers := dealer.deal(workers)):
            yield delayed(_marked)(
                markers, os.getpid(), Carried(tuple((number, pending[number]) for number in numbers))
            )

    with parallel_config(backend="loky", inner_max_num_threads=1), _safe_path():
        with _interrupts_held():
            processes = Parallel(
                n_jobs=min(workers, max(2, len(pending))), return_as="generator_unordered", batch_size=1
            )
            finished = processes(dealt())
        try:
            for taken, portion in enumerate(finished, 1):
                dealer.took(portion)
                failed = failed or portion.error
                if portion.done:
                    yield portion.done
                if failed and taken >= processes.n_completed_tasks:  # what else has ended is given before
                    raise failed
        finally:
            with warnings.catch_warnings():  # whoever needs no more runs knows that some are not used
                warnings.filterwarnings("ignore", ".*(executed +but not used|still being processed)", UserWarning)
                finished.close()


def each(function: Callable[[T], U], items: Sequence[T], workers: int) -> list[U]:
    """The function of each item, in order; of many items by processes, those that ran tasks if they still wait."""
    if workers > 1 and len(items) >= _WORTH_PROCESSES:
        from joblib import Parallel, delayed, parallel_config
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        try:
            with parallel_config(backend="loky", inner_max_num_threads=1), _safe_path():
                with _interrupts_held():
                    found = Parallel(n_jobs=workers, return_as="generator")(delayed(function)(item) for item in items)
                return list(found)
        except TerminatedWorkerError:  # as for want of memory: one after the other needs less
            pass
    return [function(item) for item in items]


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


def _marked(markers: str, parent: int, carried: Carried) -> Worked:
    """Work off a portion, with a marker file whose last line is the number of the bundle under way.

    The process ends with its ``parent``, the process that asks for the portion.
    """
    _end_with(parent)
    marker = Path(markers) / str(carried.tasks[0][0])
    with marker.open("wb", buffering=0) as file:

        def run(number: int, bundle: Bundle) -> list[list[UnitRun]]:
            file.write(f"{number}\n".encode())
            return _runs_of(number, bundle)

        portion = worked(run, carried)
    marker.unlink()
    return portion


@cache
def _end_with(parent: int) -> None:
    """End this process soon after its parent, also if that was killed and could tell nobody."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    if os.getppid() == parent:
        threading.Thread(target=watch, daemon=True).start()


def _under_way(markers: str) -> list[int]:
    """The bundles that were under way when a worker died; their markers are removed."""
    found: list[int] = []
    for marker in Path(markers).iterdir():
        found += map(int, marker.read_text().split()[-1:])
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
            while (given := _quietly(arms)) is not arms:
                if len(left) == 1 and _quietly(arms) is not arms:
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


def _quietly(arms: Iterator[Any]) -> Any:
    """The next item, or the iterator itself at its end; what an experiment prints is no part of our output."""
    with redirect_stdout(sys.stderr):
        return next(arms, arms)


def _brief(error: BaseException) -> str:
    """Its text in a line, of at most 200 characters; where it is cut, it is seen."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else f"{text[:197]}..."


def _reason(experiment: Experiment, error: BaseException) -> str:
    text = _brief(error)
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
