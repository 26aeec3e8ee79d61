"""Arms that differ in fine-tuning alone share a pre-trained model, and nobody can tell."""

import pytest

from empirics.experiments.load import load_config
from empirics.experiments.one_layer import EXPERIMENT, run
from empirics.experiments.protocol import Point
from empirics.runs.pool import run_tasks, split

UNIT = Point.of(R=6, K=3)


def small(*settings):
    grid = ["subjects=12", "answers=12", "templates=[6]", "multiplicity=[3]", "finetuned=[2, 8]"]
    return load_config("quick", None, [*(f"world.{s}" for s in grid), "pretraining.steps=60", *settings])


MAIN = small()
LOW_RANK = small("finetuning.method=lora", "finetuning.learning_rate=0.1", "world.finetuned=[8]")


def tasks_of(configs, unit=UNIT, seeds=(0, 1)):
    return [task for name, config in configs.items() for task in split(EXPERIMENT, name, config, unit, seeds)]


@pytest.fixture
def pretrainings(monkeypatch):
    """The seeds of every pre-training that is really done."""
    done = []
    real = run.pretrain

    def counted(config, unit, seeds, device):
        done.append(tuple(seeds))
        return real(config, unit, seeds, device)

    monkeypatch.setattr(run, "pretrain", counted)
    return done


def test_low_rank_beside_full_pretrains_once_and_equals_low_rank_alone(pretrainings):
    _, low_rank = EXPERIMENT.run_arms([MAIN, LOW_RANK], UNIT, [3, 4], "cpu")
    assert pretrainings == [(3, 4)]
    assert low_rank == EXPERIMENT.run(LOW_RANK, UNIT, [3, 4], "cpu")


@pytest.mark.parametrize(
    "changed",
    [
        {"config": small("pretraining.steps=61")},
        {"config": small("model.width=63")},
        {"config": small("world.answers=13")},
        {"config": small("compute.dtype=float64")},
        {"unit": Point.of(R=6, K=2)},
        {"seeds": [4]},
    ],
)
def test_whatever_decides_the_pretrained_model_makes_a_new_one(pretrainings, changed):
    given = {"config": MAIN, "unit": UNIT, "seeds": [3]} | changed
    tasks = tasks_of({"main": MAIN}, seeds=[3]) + tasks_of({"other": given["config"]}, given["unit"], given["seeds"])
    found = {task.variant: runs for task, runs in run_tasks(tasks, 1)}
    assert len(pretrainings) == 2
    assert found["other"] == EXPERIMENT.run(given["config"], given["unit"], given["seeds"], "cpu")


@pytest.mark.parametrize("workers", [1, 2])
def test_the_pool_yields_every_task_of_a_bundle_with_its_own_runs(workers):
    tasks = tasks_of({"main": MAIN, "low-rank": LOW_RANK})
    found = {(task.variant, task.seeds): runs for task, runs in run_tasks(tasks, workers)}
    assert len(found) == 4
    for task in tasks:
        alone = EXPERIMENT.run(task.settings, task.unit, task.seeds, "cpu")
        assert found[task.variant, task.seeds] == alone


def test_the_pool_pretrains_once_for_both_arms(pretrainings):
    list(run_tasks(tasks_of({"main": MAIN, "low-rank": LOW_RANK}), 1))
    assert sorted(pretrainings) == [(0,), (1,)]
