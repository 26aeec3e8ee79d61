"""Kill -9 at any moment, several times, then resume: the same results as an undisturbed run."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from durability_tools import RUNS, comparable, finish, kill, start, stored_runs, wait_for_main, wait_for_runs


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The results without any disturbance."""
    directory = tmp_path_factory.mktemp("undisturbed")
    assert finish(directory) == 0
    return directory


def test_killed_at_random_moments_and_resumed(undisturbed, tmp_path, full, capsys):
    """Each attempt is killed after a random number of further runs and a random fraction of a second."""
    moments = random.Random(20261122)
    survived = 0
    for _ in range(20 if full else 4):
        process = start(tmp_path)
        wait_for_runs(process, tmp_path, min(RUNS, survived + moments.choice([0, 1, 1, 2])))
        try:
            process.wait(timeout=moments.uniform(0.0, 0.4))
        except subprocess.TimeoutExpired:
            kill(process)
        process.communicate()
        now = stored_runs(tmp_path)
        assert now >= survived, "a finished run was lost"
        survived = now
    assert finish(tmp_path) == 0
    assert f"{survived} finished runs found" in capsys.readouterr().err or survived == 0
    assert stored_runs(tmp_path) == RUNS
    assert comparable(tmp_path) == comparable(undisturbed)


def test_a_finished_verification_recomputes_nothing_and_fresh_does(undisturbed, capsys):
    assert finish(undisturbed) == 0
    assert f"{RUNS} finished runs found" in capsys.readouterr().err
    before = comparable(undisturbed)
    process = start(undisturbed, "--fresh")  # by two workers: the same results
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0
    assert "finished runs found" not in err
    assert comparable(undisturbed) == before


def test_ctrl_c_keeps_what_is_finished_and_exits_130(undisturbed, tmp_path, capsys):
    process = start(tmp_path)
    wait_for_runs(process, tmp_path, 3)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted" in out
    partial = comparable(tmp_path)
    assert not partial["complete"]
    assert 3 <= sum(len(c["seeds"]) for c in partial["cells"] if c["finetuned"] == 2) < RUNS
    assert (tmp_path / "report.html").exists()
    assert finish(tmp_path) == 0
    assert "finished runs found" in capsys.readouterr().err
    assert comparable(tmp_path) == comparable(undisturbed)


@pytest.mark.parametrize("moment", [0.05, 0.8, 1.6, 2.6])
def test_ctrl_c_in_the_first_seconds_shows_no_traceback(moment, tmp_path):
    """While modules are loaded, while workers start, and while workers load theirs."""
    process = start(tmp_path, "--fresh")
    wait_for_main(process)
    try:
        process.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert process.returncode in (0, 130)


def test_sigterm_leaves_no_process_and_no_folder_and_exits_143(undisturbed, tmp_path, monkeypatch, capsys):
    """To the command alone, as ``kill`` or a batch system sends it."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    output = tmp_path / "output"
    process = start(output)
    wait_for_runs(process, output, 3)
    process.terminate()
    _, err = process.communicate(timeout=60)  # until every process that holds its streams has ended
    assert (process.returncode, err.splitlines()[-1]) == (143, "factbound: terminated by SIGTERM")
    assert all("defaults that follow your settings" in line for line in err.splitlines()[:-1])
    assert list((tmp_path / "tmp").iterdir()) == []
    assert finish(output) == 0
    assert "finished runs found" in capsys.readouterr().err
    assert comparable(output) == comparable(undisturbed)


def test_after_kill_9_no_worker_stays_behind(tmp_path):
    process = start(tmp_path)
    wait_for_runs(process, tmp_path, 1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    end = time.monotonic() + 30
    while left := others_in_session(process.pid):
        assert time.monotonic() < end, f"processes {left} are still there"
        time.sleep(0.1)
    process.communicate()


def others_in_session(session):
    """The processes of a session whose leader is dead."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found
