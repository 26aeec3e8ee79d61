"""Definitions: complete, in range, and cheap to read."""

import subprocess
import sys

import pytest
from one_layer_builders import configured, measured

from empirics.experiments.one_layer.observables import OBSERVABLES
from empirics.experiments.one_layer.predict.predictors import predict, predicted_errors
from empirics.observables.catalogue import SHARED


def test_every_observable_of_a_run_is_defined_and_in_range():
    settings = [
        "world.subjects=12",
        "world.answers=12",
        "world.templates=[6]",
        "world.multiplicity=[2]",
        "world.finetuned=[2, 5]",
        "world.distractors=1",
        "world.distractor_vocabulary=3",
        "pretraining.steps=200",
    ]
    config = configured(*settings)
    world, before, _, curves, observed = measured(config, 0)
    assert set(curves) == {
        "pretraining_gap",
        "subject_attention",
        "template_attention",
        "distractor_attention",
        "subject_distractor_attention",
    }
    assert curves["distractor_attention"].values[0] == pytest.approx(1 / 3)
    observed |= predicted_errors(predict(config, world, before, 2))
    defined = {o.name: o for o in (*OBSERVABLES, *SHARED)}
    for name, value in observed.items():
        assert value is None or defined[name].lower <= value <= defined[name].upper, name


def test_definitions_load_no_torch():
    code = "import sys, empirics.experiments.one_layer.observables; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
