"""A worker that dies is retried once and then reported; the rest goes on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dying_experiment import Broken, BrokenLater, Dying, Hungry, marks_of

from empirics.errors import WorkerError
from empirics.experiments.load import load_config
from empirics.experiments.protocol import Point
from empirics.experiments.registry import experiment
from empirics.runs import pool
from empirics.runs.environment import resolved_device
from empirics.runs.pool import bundled, run_tasks, split


def error_of(run):
    (found,) = run.observables.values()
    return found["ood_error"]


@pytest.fixture
def marks():
    place = marks_of(os.getpid())
    place.mkdir()
    yield place
    shutil.rmtree(place)


def test_dead_workers(marks):
    config = load_config("default")
    tasks = split(Dying(), "main", config, Point.of(R=8, K=1), range(8))
    finished = {}
    for task, runs in run_tasks(tasks, 2):
        for run in runs:
            assert (task.unit, run.seed) not in finished
            finished[task.unit, run.seed] = run
    assert len(finished) == 8
    for (_, seed), run in finished.items():
        if seed == 5:
            assert run.lost
            assert "died twice" in run.failure
            assert run.observables == {}
        else:
            assert run.failure is None
            assert error_of(run) == seed / 10


@pytest.fixture
def no_old_workers():
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    yield
    get_reusable_executor().shutdown(wait=True)


@pytest.fixture
def shadowed(tmp_path, monkeypatch):
    """A working directory with modules that are named as Python's own."""
    for name in ("signal", "random", "struct"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('this is my own {name}')\n")
    monkeypatch.chdir(tmp_path)


def test_workers_do_not_load_modules_of_the_working_directory(no_old_workers, shadowed):
    tasks = split(Hungry(), "main", load_config("default"), Point.of(R=8, K=1), (0, 2, 3))
    runs = [run for _, found in run_tasks(tasks, 2) for run in found]
    assert [run.failure for run in runs] == [None] * 3
    assert "PYTHONSAFEPATH" not in os.environ


def test_neither_does_the_command_as_a_module(shadowed):
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    asked = [sys.executable, "-m", "empirics", "--version"]
    done = subprocess.run(
        asked, capture_output=True, text=True, timeout=120, env=os.environ | {"PYTHONPATH": root}, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("factbound ")


def test_workers_that_cannot_start_end_the_run_with_their_reason(no_old_workers, tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'this Python is broken' >&2\nexit 7\n")
    python.chmod(0o755)
    tasks = split(Hungry(), "main", load_config("default"), Point.of(R=8, K=1), (0, 2, 3))
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(WorkerError, match=r"^no worker process can start: this Python is broken; --workers 1"):
        list(run_tasks(tasks, 2))


def test_a_command_without_workers_is_one_line_and_70(monkeypatch, capsys):
    from empirics.cli import verify as command
    from empirics.cli.app import run

    def registered(name):
        raise WorkerError("no worker process can start: broken")

    monkeypatch.setattr(command, "registered", registered)
    assert run(["verify"]) == 70
    assert capsys.readouterr().err == "factbound: no worker process can start: broken\n"


def test_too_little_memory_is_reported_by_cell_and_the_rest_goes_on():
    config = load_config("default")
    tasks = split(Hungry(), "main", config, Point.of(R=8, K=1), range(3))
    runs = [run for _, found in run_tasks(tasks, 1) for run in found]
    assert [run.failure is None for run in sorted(runs, key=lambda r: r.seed)] == [True, False, True]
    (lost,) = [run for run in runs if run.failure]
    assert lost.lost
    assert "not enough memory" in lost.failure


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_in_one_task_is_a_failed_run_and_the_rest_goes_on(workers):
    config = load_config("default")
    tasks = split(Broken(), "main", config, Point.of(R=8, K=1), range(4))
    runs = sorted((run for _, found in run_tasks(tasks, workers) for run in found), key=lambda r: r.seed)
    assert [run.failure is None for run in runs] == [True, False, True, True]
    assert runs[1].lost, "it is not stored, so the next call tries it again"
    place, _, text = runs[1].failure.partition("): ")
    file = Path(__file__).with_name("dying_experiment.py")
    assert place.startswith(f"internal error: experiment broken ({file}, line ")
    assert text == "ZeroDivisionError: a defect"


def test_a_verification_with_a_defect_says_so_and_exits_70(monkeypatch, tmp_path, capsys):
    from empirics.cli import verify as command
    from empirics.cli.app import run

    monkeypatch.setattr(command, "registered", lambda name: Broken())
    settings = ["world.templates=[8]", "world.multiplicity=[2]", "world.finetuned=[2]", "seeds.minimum=3"]
    command = ["verify", "--workers", "1", "--output", str(tmp_path)]
    assert run([*command, *(word for s in settings for word in ("--set", s))]) == 70
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if "a defect" in line]
    assert line.startswith("BROKEN, experiment broken (")
    assert line.endswith("): ZeroDivisionError: a defect; 1 failed run (|R|=8, K=2, seed 1)")
    assert "BROKEN: experiment broken (" in out
    assert "internal error" not in out
    cell = json.loads((tmp_path / "results.json").read_text())["cells"][0]
    assert cell["failed"] == [1]
    assert "a defect" in cell["failures"]["1"]


def test_auto_without_an_accelerator_is_a_cpu_and_keeps_one_task_per_run():
    config = load_config("default", None, ["compute.device=auto"])
    if resolved_device("auto")[0] == "cpu":
        assert len(split(experiment(), "main", config, Point.of(R=8, K=1), range(5))) == 5


def test_a_defect_in_one_arm_leaves_the_arms_that_share_its_model(monkeypatch):
    trial = BrokenLater()
    arms = [load_config("default", None, [f"finetuning.steps={steps}"]) for steps in (3, 1, 2)]
    unit = Point.of(R=8, K=1)
    tasks = [task for i, arm in enumerate(arms) for task in split(trial, f"arm {i}", arm, unit, [0])]
    assert len(bundled(tasks)) == 1
    found = {task.variant: run for task, (run,) in run_tasks(tasks, 1)}
    assert [found[f"arm {i}"].failure is None for i in range(3)] == [True, False, True]
    assert [error_of(found[name]) for name in ("arm 0", "arm 2")] == [0.0, 1.0]


def test_a_long_reason_is_cut_visibly_and_never_lost():
    assert pool._brief(ValueError("two\n  lines")) == "two lines"
    for text in ("x" * 300, "word " * 60):
        found = pool._brief(ValueError(text))
        assert (len(found), found[:150], found[-3:]) == (200, text[:150], "...")
