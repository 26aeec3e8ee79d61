"""Arms that differ in fine-tuning alone share a pre-trained model, and nobody can tell."""

import pytest

from empirics.experiments.load import load_config
from empirics.experiments.one_layer import run as experiment
from empirics.experiments.one_layer.run import OneLayer
from empirics.experiments.protocol import Point
from empirics.runs.pool import run_tasks, split

UNIT = Point.of(R=6, K=3)


def small(*settings):
    grid = ["subjects=12", "answers=12", "templates=[6]", "multiplicity=[3]", "finetuned=[2, 8]"]
    return load_config("quick", None, [*(f"world.{s}" for s in grid), "pretraining.steps=60", *settings])


MAIN = small()
LOW_RANK = small("finetuning.method=lora", "finetuning.learning_rate=0.1", "world.finetuned=[8]")


@pytest.fixture
def pretrainings(monkeypatch):
    """The seeds of every pre-training that is really done."""
    done = []
    real = experiment._pretrain

    def counted(config, unit, seeds):
        done.append(tuple(seeds))
        return real(config, unit, seeds)

    monkeypatch.setattr(experiment, "_pretrain", counted)
    return done


def test_low_rank_after_full_pretrains_once_and_equals_low_rank_alone(pretrainings):
    one = OneLayer()
    one.run(MAIN, UNIT, [3, 4])
    after = one.run(LOW_RANK, UNIT, [3, 4])
    assert pretrainings == [(3, 4)]
    assert after == OneLayer().run(LOW_RANK, UNIT, [3, 4])


@pytest.mark.parametrize(
    ("config", "unit", "seeds"),
    [
        (small("pretraining.steps=61"), UNIT, [3]),
        (small("model.width=63"), UNIT, [3]),
        (small("world.answers=13"), UNIT, [3]),
        (small("compute.dtype=float64"), UNIT, [3]),
        (MAIN, Point.of(R=6, K=2), [3]),
        (MAIN, UNIT, [4]),
    ],
)
def test_whatever_decides_the_pretrained_model_makes_a_new_one(pretrainings, config, unit, seeds):
    one = OneLayer()
    one.run(MAIN, UNIT, [3])
    assert one.run(config, unit, seeds) == OneLayer().run(config, unit, seeds)
    assert len(pretrainings) == 3


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_yields_every_task_of_a_bundle_with_its_own_runs(workers):
    tasks = [
        task
        for name, config in (("main", MAIN), ("low-rank", LOW_RANK))
        for task in split("one-layer", name, config, UNIT, range(2))
    ]
    found = {(task.variant, task.seeds): runs for task, runs in run_tasks(tasks, workers)}
    assert len(found) == 4
    for task in tasks:
        assert found[task.variant, task.seeds] == OneLayer().run(task.config, task.unit, task.seeds)


def test_a_sweep_pretrains_once_for_both_arms(pretrainings):
    tasks = [*split("one-layer", "main", MAIN, UNIT, [0, 1]), *split("one-layer", "low-rank", LOW_RANK, UNIT, [0, 1])]
    list(run_tasks(tasks, 1))
    assert sorted(pretrainings) == [(0,), (1,)]
