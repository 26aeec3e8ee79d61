"""Runs of the experiment: each seed's result is its own."""

import pytest
from one_layer_builders import configured

from empirics.experiments.one_layer import EXPERIMENT
from empirics.experiments.protocol import Point


@pytest.mark.parametrize(
    ("subjects", "templates", "multiplicity", "width"), [(13, 7, 3, 5), (60, 20, 1, 64), (31, 9, 6, 33)]
)
def test_a_batch_of_seeds_equals_the_seeds_one_by_one_bit_for_bit(subjects, templates, multiplicity, width):
    settings = [
        f"world.subjects={subjects}",
        f"world.answers={subjects}",
        f"world.templates=[{templates}]",
        f"world.multiplicity=[{multiplicity}]",
        "world.finetuned=[2, 5]",
        f"model.width={width}",
        "pretraining.steps=60",
        "finetuning.steps=20",
    ]
    config, unit = configured(*settings), Point.of(R=templates, K=multiplicity)
    together = EXPERIMENT.run(config, unit, [0, 1, 2, 3, 4], "cpu")
    backwards = EXPERIMENT.run(config, unit, [4, 2], "cpu")
    alone = [EXPERIMENT.run(config, unit, [seed], "cpu")[0] for seed in range(5)]
    assert together == alone
    assert backwards == [alone[4], alone[2]]
    assert alone[0].observables != alone[1].observables
