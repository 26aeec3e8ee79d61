"""A worker that dies is retried once and then reported; the rest goes on."""

import os
import shutil

import pytest
from dying_experiment import marks_of

from empirics.config import load_config
from empirics.experiment import Unit
from empirics.sweep import run_tasks, split


@pytest.fixture
def marks():
    place = marks_of(os.getpid())
    place.mkdir()
    yield place
    shutil.rmtree(place)


def test_dead_workers(marks):
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
