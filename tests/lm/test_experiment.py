"""One run of the experiment: it learns, it is reproducible, arms do not disturb each other."""

import math

import pytest
import torch
from lm_builders import tiny

from empirics.experiments.protocol import Unit
from empirics.experiments.language_models.arms import lm_arms
from empirics.experiments.language_models.estimate import Timing
from empirics.experiments.language_models.run import LanguageModel, finetune, prepare, pretrain
from empirics.experiments.language_models.config import digest_of, load_lm_config, settled
from empirics.observables.shared import OBSERVABLES
from empirics.runs.store import run_key

LEARNING = (
    "facts.number=12",
    "pretraining.steps=220",
    "finetuning.steps=60",
    "finetuning.learning_rate=4e-3",
    "world.finetuned=[6]",
)
UNIT = Unit(4, 3)


@pytest.fixture(scope="module")
def arms():
    return {arm.name: arm.config for arm in lm_arms(settled(tiny(*LEARNING)))}


@pytest.fixture(scope="module")
def first(arms):
    """Full fine-tuning, then the low-rank arm, by one experiment: pre-trained once."""
    experiment = LanguageModel()
    return [experiment.run(arms[name], UNIT, [4])[0] for name in ("language-model", "lm-low-rank")]


def test_a_small_gpt2_memorises_its_statements_and_its_questions(first):
    found = first[0].observables[6]
    assert found["statement_accuracy"] >= 0.95
    assert found["finetuning_error"] <= 0.05
    assert 0 <= found["ood_error"] <= 1
    assert 0 <= found["statement_gap"] < 5
    assert first[0].curves["pretraining_loss"].values[-1] < first[0].curves["pretraining_loss"].values[0]


def test_every_observable_is_defined_and_in_its_range(first):
    for run in first:
        for name, value in run.observables[6].items():
            known = OBSERVABLES[name]
            assert value is None or known.lower <= value <= known.upper


def test_runs_do_not_depend_on_what_ran_before():
    short = {arm.name: arm.config for arm in lm_arms(settled(tiny("pretraining.steps=8", "finetuning.steps=4")))}
    experiment = LanguageModel()
    full, low_rank = (experiment.run(short[name], UNIT, [4])[0] for name in ("language-model", "lm-low-rank"))
    assert full.observables != low_rank.observables
    assert LanguageModel().run(short["lm-low-rank"], UNIT, [4])[0] == low_rank
    assert LanguageModel().run(short["language-model"], UNIT, [9, 4])[1] == full
    assert experiment.run(short["language-model"], UNIT, [4])[0] == full


def test_low_rank_arms_share_the_pretrained_model(first):
    shared = ("statement_accuracy", "statement_gap")
    assert [first[0].observables[6][name] for name in shared] == [first[1].observables[6][name] for name in shared]
    assert first[0].observables[6]["ood_loss"] != first[1].observables[6]["ood_loss"]


def test_adapters_are_the_only_weights_that_low_rank_finetuning_trains():
    at = prepare(tiny("finetuning.method=lora", "finetuning.rank=2", "finetuning.steps=3"), UNIT, 0)
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
    (run,) = LanguageModel().run(settled(config), UNIT, [0])
    assert run.failure is None
    assert run.observables[6]["statement_accuracy"] >= 0.95
    assert run.observables[6]["finetuning_error"] <= 0.2


def test_byte_pairs_and_mixed_precision_run():
    config = tiny("model.tokenizer=bpe", "model.vocabulary_size=400", "compute.dtype=bfloat16", "pretraining.steps=5")
    (run,) = LanguageModel().run(config, UNIT, [0])
    assert run.failure is None
    assert math.isfinite(run.observables[4]["statement_gap"])


def test_divergence_is_a_failed_run_that_says_where():
    config = tiny("pretraining.learning_rate=1e6", "pretraining.warmup=0.0", "pretraining.steps=40")
    at = prepare(config, UNIT, 0)
    with torch.no_grad():
        next(at.model.parameters()).fill_(math.nan)
    assert "not finite" in pretrain(at).diverged


def test_keys_tell_apart_what_decides_a_run(tmp_path):
    base = settled(tiny())
    key = run_key("language-model", base, UNIT, 0)
    assert key == run_key("language-model", settled(tiny("seeds.maximum=30", "world.multiplicity=[3]")), UNIT, 0)
    templates = tmp_path / "mine.toml"
    for setting in ("finetuning.rank=3", "evaluation.candidates=5", "facts.number=23", "world.finetuned=[4]"):
        assert run_key("language-model", settled(tiny(setting)), UNIT, 0) != key
    keys = set()
    for text in ("In {subject}: {answer}.", "Of {subject}: {answer}."):
        templates.write_text(f'[relation.capital]\nstatements = ["{text}"]\nquestions = ["{{subject}}? {{answer}}"]\n')
        digest_of.cache_clear()
        keys.add(run_key("language-model", settled(tiny(f"facts.templates={templates}")), UNIT, 0))
    assert len(keys) == 2


def test_the_estimate_adds_up():
    config = load_lm_config(
        None,
        ["world.finetuned=[10]", "world.multiplicity=[2]", "pretraining.steps=100", "finetuning.steps=10",
         "evaluation.batch_size=50", "evaluation.candidates=5", "facts.number=60"],
    )  # fmt: skip
    timing = Timing(preparing=1.0, pretraining_step=0.1, finetuning_step=0.2, forward=0.01, decoding=0.5)
    # 120 statements: 3 batches, scored twice; 50 held out: 1 batch decoded, 5 ranked, 1 scored; 10 shown: 1 decoded.
    expected = 1.0 + 10.0 + 6 * 0.01 + 2.0 + 2 * 0.5 + 6 * 0.01
    assert timing.run(config, Unit(24, 2), 60) == pytest.approx(expected)
    assert timing.run(config, Unit(24, 2), 60, pretrained=True) == pytest.approx(expected - 10.0)
