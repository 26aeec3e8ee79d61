"""A worker that dies is retried once and then reported; the rest goes on."""

from empirics.config import load_config
from empirics.experiment import Unit
from empirics.sweep import run_tasks, split


def test_dead_workers(tmp_path, monkeypatch):
    monkeypatch.setenv("FACTBOUND_TEST_MARKS", str(tmp_path))
    config = load_config("default")
    tasks = [
        task
        for multiplicity in (1, 2)
        for task in split("dying_experiment:Dying", "main", config, Unit(8, multiplicity), range(8))
    ]
    finished = {}
    for task, runs in run_tasks(tasks, 2):
        for run in runs:
            assert (task.unit, run.seed) not in finished
            finished[task.unit, run.seed] = run
    assert len(finished) == 16
    for (_, seed), run in finished.items():
        if seed == 5:
            assert run.lost
            assert "died twice" in run.failure
            assert run.observables == {}
        else:
            assert run.failure is None
            assert run.observables[2]["ood_error"] == seed / 10
