"""What the system lacks, and stores and schedulers that fail: each is told, or done without."""

import itertools
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from durability_tools import CLAIM, SETTINGS
from dying_experiment import Dying, result
from joblib.externals.loky.process_executor import TerminatedWorkerError

from empirics.cli.app import run
from empirics.errors import UsageError, WorkerError
from empirics.experiments.load import load_config
from empirics.experiments.protocol import Point
from empirics.runs import cluster, environment, pool
from empirics.runs.store import Store

UNIT = Point.of(R=8, K=1)


def tasks(count):
    return pool.split(Dying(), "main", load_config("default"), UNIT, range(count))


def refused(capsys, output, *more):
    """The last line of a verification that is refused."""
    assert run(["verify", "--output", str(output), CLAIM, *SETTINGS, *more]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1].removeprefix("factbound: ")


def test_a_package_that_is_not_installed_has_no_known_version():
    assert environment._version("no such package") == "unknown"


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({}, (None, None)),
        ({"ls-files": "theory/claim.py"}, (None, None)),
        ({"ls-files": "theory/claim.py", "rev-parse": "abc\n", "status": ""}, ("abc", False)),
        ({"ls-files": "theory/claim.py", "rev-parse": "abc\n", "status": " M a"}, ("abc", True)),
    ],
)
@pytest.mark.parametrize("error", [FileNotFoundError("git"), subprocess.CalledProcessError(128, "git")])
def test_what_git_does_not_tell_is_unknown(monkeypatch, answers, found, error):
    def git(words, **_):
        if words[3] not in answers:
            raise error
        return SimpleNamespace(stdout=answers[words[3]])

    monkeypatch.setattr(subprocess, "run", git)
    assert environment._git() == found


def test_a_processor_that_the_system_does_not_describe(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError("/proc/cpuinfo")

    environment._cpuinfo.cache_clear()
    with monkeypatch.context() as inside:
        inside.setattr(Path, "read_text", missing)
        inside.setattr("platform.processor", lambda: "")
        inside.setattr("platform.machine", lambda: "abacus")
        assert environment.machine() == "abacus, abacus"
    environment._cpuinfo.cache_clear()


def test_an_accelerator_is_told_by_kind_and_model(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a model")
    environment.resolved_device.cache_clear()
    try:
        assert environment.resolved_device("auto") == environment.resolved_device("cuda") == ("cuda", "a model")
    finally:
        environment.resolved_device.cache_clear()


def test_without_signals_of_threads_nothing_is_held(monkeypatch):
    monkeypatch.delattr(signal, "pthread_sigmask")
    before = signal.getsignal(signal.SIGINT)  # ignored, where these tests run in the background
    with pool._interrupts_held():
        assert signal.getsignal(signal.SIGINT) is before


def test_a_second_death_is_not_taken_for_that_of_a_task_that_was_given_up(monkeypatch):
    """The marker of a task that died twice is still there when another worker dies."""
    tried = []

    def dies(pending, workers, markers):
        number = min(pending)
        tried.append(number)
        (Path(markers) / str(number)).write_text(f"{number}\n")
        raise TerminatedWorkerError("killed")
        yield

    monkeypatch.setattr(pool, "_parallel", dies)
    found = [r for _, runs in pool.run_tasks(tasks(2), 2) for r in runs]
    assert tried == [0, 0, 1, 1]
    assert [(r.seed, r.lost) for r in found] == [(0, True), (1, True)]
    assert {r.failure for r in found} == {"its worker process died twice (killed, or out of memory): killed"}


def test_the_place_of_the_lock_is_taken(capsys, tmp_path):
    (tmp_path / "runs.sqlite.lock").mkdir()
    assert refused(capsys, tmp_path) == f"cannot write beside {tmp_path / 'runs.sqlite'}: Is a directory"


def test_a_database_that_contradicts_itself_is_refused(capsys, tmp_path):
    """It counts free pages that it has not: it can be opened and read."""
    path = tmp_path / "runs.sqlite"
    with Store(path):
        pass
    data = bytearray(path.read_bytes())
    data[36:40] = (7).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    told = refused(capsys, tmp_path)
    assert told.startswith(f"{path} is corrupt or not a database of runs (integrity check failed); move it away")


class Killed(Exception):
    """As dask's: a task that several workers died of."""


@pytest.fixture
def dask(monkeypatch):
    """A stand-in for dask: which portions it was given, and the numbers on which its workers die."""
    found = SimpleNamespace(deadly=set(), given=[], error=None, raised=None)

    class Future:
        def __init__(self, key, function, carried):
            self.key, self.status, self.numbers = key, "finished", [number for number, _ in carried.tasks]
            self.result = lambda: self.answer(function, carried)

        def answer(self, function, carried):
            if death := found.deadly.intersection(self.numbers):
                raise Killed(f"task {max(death)}")
            if found.raised:
                self.status = "error"
                raise found.raised
            return function(carried)

        def add_done_callback(self, call):
            call(self)

    class Client:
        status = "running"

        def __init__(self, address, **options):
            if found.error:
                raise found.error

        def nthreads(self):
            return {"a": 1}

        def submit(self, worked, function, carried, pure):
            assert not pure
            future = Future(str(len(found.given)), lambda carried: worked(function, carried), carried)
            found.given.append(future.numbers)
            return future

        def close(self):
            found.given.append("closed")

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Client, KilledWorker=Killed))
    return found


def test_a_task_that_kills_workers_is_told_alone_and_the_others_go_on(dask):
    dask.deadly = {1}
    tasks, costs = dict(enumerate("abc")), dict.fromkeys(range(3), 1.0)
    found = dict(itertools.chain(*cluster.on_cluster("there", lambda _, task: task.upper(), tasks, costs)))
    assert dask.given == [[0], [1], [2], [1], "closed"]
    assert (found[0], found[2], str(found[1])) == ("A", "C", "task 1")


def test_those_in_a_portion_with_one_that_kills_are_each_tried_alone(dask):
    dask.deadly = {150}
    numbers = range(200)
    tasks, costs = dict.fromkeys(numbers, "a"), dict.fromkeys(numbers, 1.0)
    found = dict(itertools.chain(*cluster.on_cluster("there", lambda _, task: task.upper(), tasks, costs)))
    assert [number for number in numbers if found[number] != "A"] == [150]
    given = dask.given[:-1]
    (portion,) = (some for some in given if 150 in some and len(some) > 1)
    assert sorted(given[-len(portion) :]) == [[number] for number in portion]


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        (ImportError("No module\n empirics"), WorkerError, "workers of the dask scheduler at there cannot run tasks: "),
        (UsageError("a setting"), UsageError, "^a setting$"),
    ],
)
def test_what_surrounds_a_task_fails(dask, raised, kind, told):
    dask.raised = raised
    with pytest.raises(kind, match=told):
        list(cluster.on_cluster("there", lambda _, task: task, {0: 0}, {0: 1.0}))
    assert dask.given == [[0], "closed"]


def test_runs_on_a_cluster_come_back_or_are_lost(dask, monkeypatch):
    dask.deadly = {1}
    monkeypatch.setattr(Dying, "run_arms", lambda self, arms, unit, seeds, device: [[result(unit, seeds[0], 0.5)]])
    found = {r.seed: r for _, runs in pool.run_tasks(tasks(3), 1, "tcp://here") for r in runs}
    assert dask.given[-1] == "closed"
    assert [found[seed].lost for seed in range(3)] == [False, True, False]
    assert found[1].failure == "its worker process died twice (killed, or out of memory): task 1"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("no\n route"), "no route"),
        (ValueError("unknown address"), "unknown address"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_a_scheduler_that_does_not_answer(dask, capsys, tmp_path, error, reason):
    dask.error = error
    assert refused(capsys, tmp_path, "--cluster", "tcp://nowhere") == (
        f"--cluster=tcp://nowhere: no dask scheduler answers there ({reason})"
    )


def test_a_cluster_without_its_library(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert refused(capsys, tmp_path, "--cluster", "tcp://here") == (
        "--cluster needs dask.distributed; install it with: pip install 'factbound[cluster]'"
    )
