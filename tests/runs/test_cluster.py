"""The same sweep on a real dask cluster on loopback, one of whose two workers is killed during the run."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from durability_tools import RUNS, comparable, finish, start, stored_runs, wait_for_runs

from empirics.cli.app import run


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers in processes of their own; yields the address and the workers."""
    file = tmp_path / "scheduler.json"
    processes = [_launch("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))]
    try:
        address = _address(file)
        for i in range(2):
            here = ("--local-directory", str(tmp_path / f"worker-{i}"), "--host", "127.0.0.1", "--no-dashboard")
            processes.append(_launch("dask_worker", address, "--nworkers", "1", "--nthreads", "1", *here))
        _wait_for_workers(address, 2)
        yield address, processes[1:]
    finally:
        for process in reversed(processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _launch(kind, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", f"from distributed.cli.{kind} import main; main()", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def _address(file):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            return json.loads(file.read_text())["address"]
        except (OSError, ValueError):
            time.sleep(0.05)
    raise AssertionError("the scheduler did not start")


def _wait_for_workers(address, count):
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def test_a_sweep_on_a_cluster_survives_the_death_of_a_worker(cluster, tmp_path):
    address, workers = cluster
    assert finish(tmp_path / "local") == 0
    process = start(tmp_path / "remote", "--cluster", address)
    wait_for_runs(process, tmp_path / "remote", 4)
    assert stored_runs(tmp_path / "remote") < RUNS
    os.killpg(workers[0].pid, signal.SIGKILL)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert stored_runs(tmp_path / "remote") == RUNS
    assert comparable(tmp_path / "remote") == comparable(tmp_path / "local")


def test_no_scheduler_there(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("empirics.runs.cluster._CONNECT_SECONDS", 1)
    assert run(["verify", "--preset", "quick", "--cluster", "tcp://127.0.0.1:9", "--output", str(tmp_path)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert "no dask scheduler answers there" in lines[-1]
    assert len(lines) == 1
