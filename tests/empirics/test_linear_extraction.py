"""Observables and premises of the theorem on the linear memory's extraction, on runs of the engine."""

import math

import pytest

from empirics.experiments.one_layer.config import load_config
from empirics.experiments.one_layer.run import run_one

LINEAR = [
    "world.subjects=6",
    "world.answers=7",
    "world.templates=[5]",
    "world.multiplicity=[2]",
    "world.finetuned=[2]",
    "model.mlp=false",
    "model.attention=false",
    "model.init_scale=0.0",
    "pretraining.learning_rate=3.0",
    "pretraining.steps=60",
    "finetuning.learning_rate=7.5",
    "finetuning.steps=30",
    "compute.dtype='float64'",
    "arms.run=[]",
]


@pytest.mark.parametrize("seed", range(3))
def test_template_dominance_and_extraction_written_out(seed):
    run = run_one(load_config("default", None, LINEAR), templates=5, multiplicity=2, finetuned=2, seed=seed)
    world, votes = run.world, run.pretrained.output.numpy().T
    least = math.inf
    for fact in range(6):
        answer = world.answer_tokens[fact]
        for r in world.own_templates[fact]:
            passed_on = [votes[s, 6 + r] - votes[s, answer] for s in range(6) if r not in world.own_templates[s]]
            least = min(least, votes[fact, 6 + r] - votes[fact, answer] - max(0.0, *passed_on, 0.0))
    assert run.observables["template_dominance"] == pytest.approx(least, abs=1e-12)
    assert run.observables["finetuning_step"] == 7.5
    tuned = run.finetuned.output.numpy().T
    shown = set(world.own_templates[world.finetuning_order[:2]].ravel())
    count = 0
    for fact in world.finetuning_order[2:]:
        logits = (tuned[fact] + tuned[world.vocabulary.prompt]) / 2
        count += not shown.issuperset(world.own_templates[fact]) and logits.argmax() == world.answer_tokens[fact]
    assert run.observables["uncovered_extracted"] == count / 4


@pytest.mark.parametrize(
    "setting",
    [
        "world.answers_shared=true",
        "finetuning.optimizer='adam'",
        "model.attention=true",
        "model.mlp=true",
        "compute.dtype='float32'",
    ],
)
def test_the_theorem_on_extraction_has_no_premise_outside_its_setting(setting):
    config = load_config("default", None, [*LINEAR, setting, "pretraining.steps=5", "finetuning.steps=2"])
    found = run_one(config, templates=5, multiplicity=2, finetuned=2, seed=0).observables
    assert "finetuning_step" not in found
