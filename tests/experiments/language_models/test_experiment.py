"""One run of the experiment: it learns, it is reproducible, arms do not disturb each other."""

import math

import pytest
import torch
from lm_builders import EXPERIMENT, arms, cell, runs, settled, tiny

from empirics.experiments.language_models.config import digest_of
from empirics.experiments.language_models.plan import Timing
from empirics.experiments.language_models.run import finetune, prepare, pretrain, run_arms
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Point
from empirics.observables.catalogue import observables
from empirics.runs.source import run_key

LEARNING = (
    "facts.number=12",
    "pretraining.steps=220",
    "finetuning.steps=60",
    "finetuning.learning_rate=4e-3",
    "world.finetuned=[6]",
)
UNIT = Point.of(R=4, K=3)


@pytest.fixture(scope="module")
def first():
    """Full fine-tuning, then the low-rank arm, together: pre-trained once."""
    known = arms(tiny(*LEARNING))
    return [run for (run,) in run_arms([known["language-model"], known["lm-low-rank"]], UNIT, [4], "cpu")]


def test_a_small_gpt2_memorises_its_statements_and_its_questions(first):
    found = first[0].observables[cell(UNIT, 6)]
    assert found["statement_accuracy"] >= 0.95
    assert found["finetuning_error"] <= 0.05
    assert 0 <= found["ood_error"] <= 1
    assert 0 <= found["statement_gap"] < 5
    assert first[0].curves["pretraining_loss"].values[-1] < first[0].curves["pretraining_loss"].values[0]


def test_every_observable_is_defined_and_in_its_range(first):
    for run in first:
        for name, value in run.observables[cell(UNIT, 6)].items():
            known = observables()[name]
            assert value is None or known.lower <= value <= known.upper


def test_runs_do_not_depend_on_what_ran_before():
    short = arms(tiny("pretraining.steps=8", "finetuning.steps=4"))
    names = ("language-model", "lm-low-rank")
    full, low_rank = (run for (run,) in run_arms([short[name] for name in names], UNIT, [4], "cpu"))
    assert full.observables != low_rank.observables
    assert runs(short["lm-low-rank"], UNIT, [4]) == [low_rank]
    assert runs(short["language-model"], UNIT, [9, 4])[1] == full
    assert runs(short["language-model"], UNIT, [4]) == [full]


def test_low_rank_arms_share_the_pretrained_model(first):
    shared = ("statement_accuracy", "statement_gap")
    assert [first[0].observables[cell(UNIT, 6)][name] for name in shared] == [
        first[1].observables[cell(UNIT, 6)][name] for name in shared
    ]
    assert first[0].observables[cell(UNIT, 6)]["ood_loss"] != first[1].observables[cell(UNIT, 6)]["ood_loss"]


def test_adapters_are_the_only_weights_that_low_rank_finetuning_trains():
    at = prepare(tiny("finetuning.method=lora", "finetuning.rank=2", "finetuning.steps=3"), UNIT, 0, "cpu")
    before = {name: weights.clone() for name, weights in at.model.state_dict().items()}
    tuned, _ = finetune(at, 4)
    trained = {name: p for name, p in tuned.named_parameters() if p.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)
    assert all(2 in p.shape for p in trained.values())
    assert any(bool(p.detach().abs().max() > 0) for name, p in trained.items() if "lora_B" in name)
    tuned.unload()
    after = at.model.state_dict()
    assert set(after) == set(before)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_small_llama_with_lora_learns():
    config = tiny(*LEARNING, "model.architecture=llama", "finetuning.method=lora", "finetuning.lora_learning_rate=0.01")
    (run,) = runs(settled(config), UNIT, [0])
    assert run.failure is None
    assert run.observables[cell(UNIT, 6)]["statement_accuracy"] >= 0.95
    assert run.observables[cell(UNIT, 6)]["finetuning_error"] <= 0.2


def test_byte_pairs_and_mixed_precision_run():
    config = tiny("model.tokenizer=bpe", "model.vocabulary_size=400", "compute.dtype=bfloat16", "pretraining.steps=5")
    (run,) = runs(config, UNIT, [0])
    assert run.failure is None
    assert math.isfinite(run.observables[cell(UNIT, 4)]["statement_gap"])


def test_divergence_is_a_failed_run_that_says_where():
    config = tiny("pretraining.learning_rate=1e6", "pretraining.warmup=0.0", "pretraining.steps=40")
    at = prepare(config, UNIT, 0, "cpu")
    with torch.no_grad():
        next(at.model.parameters()).fill_(math.nan)
    assert "not finite" in pretrain(at).diverged


def test_keys_tell_apart_what_decides_a_run(tmp_path):
    base = settled(tiny())
    key = run_key(EXPERIMENT, base, UNIT, 0)
    assert key == run_key(EXPERIMENT, settled(tiny("seeds.maximum=30", "world.multiplicity=[3]")), UNIT, 0)
    templates = tmp_path / "mine.toml"
    for setting in ("finetuning.rank=3", "evaluation.candidates=5", "facts.number=23", "world.finetuned=[4]"):
        assert run_key(EXPERIMENT, settled(tiny(setting)), UNIT, 0) != key
    keys = set()
    for text in ("In {subject}: {answer}.", "Of {subject}: {answer}."):
        templates.write_text(f'[relation.capital]\nstatements = ["{text}"]\nquestions = ["{{subject}}? {{answer}}"]\n')
        digest_of.cache_clear()
        keys.add(run_key(EXPERIMENT, tiny(f"facts.templates={templates}"), UNIT, 0))
    assert len(keys) == 2


def test_the_estimate_adds_up():
    config = load_settings(
        EXPERIMENT,
        settings=["world.finetuned=[10]", "world.multiplicity=[2]", "pretraining.steps=100", "finetuning.steps=10",
         "evaluation.batch_size=50", "evaluation.candidates=5", "facts.number=60"],
    )  # fmt: skip
    timing = Timing(preparing=1.0, pretraining_step=0.1, finetuning_step=0.2, scoring_batch=0.01, decoding_batch=0.5)
    # 120 statements: 3 batches, scored twice; 50 held out: 1 batch decoded, 5 ranked, 1 scored; 10 shown: 1 decoded.
    expected = 1.0 + 10.0 + 6 * 0.01 + 2.0 + 2 * 0.5 + 6 * 0.01
    assert timing.run(config, Point.of(R=24, K=2), 60) == pytest.approx(expected)
    assert timing.run(config, Point.of(R=24, K=2), 60, pretrained=True) == pytest.approx(expected - 10.0)
