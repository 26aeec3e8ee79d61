"""The two-sided criterion against fine-tuning of the whole memory, written out; and near misses, which are caught."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_layer_builders import configured, measured

from empirics.experiments.arms import arms_of
from empirics.experiments.load import load_config
from empirics.experiments.one_layer import EXPERIMENT
from empirics.experiments.one_layer.measure import two_sided
from empirics.experiments.one_layer.measure.two_sided import Enclosure, decide, enclose
from empirics.experiments.one_layer.run import run_one
from empirics.experiments.protocol import Point

N_F = 10


def finetuned(logits, answers, steps):
    """What the prompt's column gains by gradient descent on the rows; ``logits`` is twice those before, [n, V]."""
    n = len(logits)
    gained = np.zeros_like(logits)
    for eta in steps:
        half = (logits + gained + gained.sum(axis=0)) / 2
        p = np.exp(half - half.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(n), answers] -= 1
        gained -= eta / (2 * n) * p
    return gained.sum(axis=0)


def spread(difference):
    """The largest difference of two entries."""
    return float(np.ptp(difference))


def drawn(seed, n, scale, followed, others):
    """Random logits of n facts; the first tokens are followed, and raised by 3 and more."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n, followed + others)) * scale
    logits[:, :followed] += generator.uniform(0, 3)
    steps = generator.uniform(0.2, 8, int(generator.integers(1, 60)))
    return logits, generator.integers(0, followed, n), np.arange(followed), steps


@given(st.integers(0, 10**6), st.integers(1, 6), st.floats(0.01, 3), st.integers(1, 6), st.integers(1, 30))
def test_the_radius_holds_for_every_memory(seed, n, scale, followed, others):
    logits, answers, tokens, steps = drawn(seed, n, scale, followed, others)
    found = enclose(logits, answers, tokens, steps)
    assert spread(finetuned(logits, answers, steps) - found.gain) <= found.radius


@pytest.mark.parametrize("seed", range(5))
def test_tokens_with_equal_logits_cost_nothing_but_rounding(seed):
    logits, answers, tokens, steps = drawn(seed, 4, 1.0, 5, 20)
    logits[:, 5:] = logits[:, 5:6]
    found = enclose(logits, answers, tokens, steps)
    assert found.radius < 1e-9
    assert spread(finetuned(logits, answers, steps) - found.gain) <= found.radius


def test_the_radius_is_of_second_order():
    """Ten times smaller differences between the other tokens: a radius some hundred times smaller."""
    logits, answers, tokens, steps = drawn(3, 4, 1.0, 5, 20)
    radii = []
    for factor in (0.1, 0.01):
        near = logits.copy()
        near[:, 5:] = logits[:, 5:6] + factor * (logits[:, 5:] - logits[:, 5:6])
        radii.append(enclose(near, answers, tokens, steps).radius)
    assert 5 < radii[0] / radii[1] < 200


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("error", lambda others, moved: np.zeros(len(moved))),
        ("log_mass", lambda others, moved: others.log_mass_before),
        ("log_mass", lambda others, moved: others.log_mass_before - others.overlap @ moved / 2),
    ],
    ids=["no-radius", "other-tokens-stay", "own-column-ignored"],
)
def test_what_a_step_of_the_proof_adds_is_needed(monkeypatch, name, change):
    """Without it some memory leaves the radius."""
    monkeypatch.setattr(two_sided._Others, name, change)
    outside = 0
    for seed in range(20):
        logits, answers, tokens, steps = drawn(seed, 4, 0.1, 5, 6)
        found = enclose(logits, answers, tokens, steps)
        outside += spread(finetuned(logits, answers, steps) - found.gain) > found.radius
    assert outside > 0


def test_a_bound_that_overflows_decides_nothing():
    logits, answers, tokens, _ = drawn(0, 2, 1.0, 2, 2)
    logits[:, 2:] += np.array([[3000.0, 0.0], [0.0, 3000.0]])
    found = enclose(logits, answers, tokens, [8.0] * 2000)
    assert not math.isfinite(found.radius)
    for radius in (found.radius, math.inf, math.nan):
        known = decide(Enclosure(found.gain, radius), logits, answers)
        assert not (known.extracted | known.failed).any()


@pytest.fixture(scope="module")
def runs():
    """Five worlds of the arm, trained, with everything that the criterion sees."""
    (arm,) = [a for a in arms_of(EXPERIMENT, load_config("default")) if a.name == "linear-memory"]
    cell = Point((("R", 8), ("K", 3), ("N_f", N_F)))
    return [(run_one(arm.settings, cell, seed, "cpu"), arm.settings) for seed in range(5)]


def seen(run):
    """Twice the logits at [s, p] before and after fine-tuning, of all facts; shape [S, V]."""
    subjects, prompt = run.world.vocabulary.subjects, run.world.vocabulary.prompt
    return [
        (weights.output.numpy().T[:subjects] + weights.output.numpy().T[prompt])
        for weights in (run.pretrained, run.finetuned)
    ]


def exceptions(run, enclosure):
    """Held-out facts that are answered otherwise than an enclosure decides, and those that it decides."""
    before, after = seen(run)
    held = run.world.finetuning_order[N_F:]
    answers = run.world.answer_tokens[held]
    known = decide(enclosure, before[held], answers)
    right = after[held].argmax(axis=1) == answers
    wrong = (known.extracted & ~right) | (known.failed & right)
    return int(wrong.sum()), int((known.extracted | known.failed).sum())


def test_a_run_agrees_with_the_criterion_written_out(runs):
    for run, settings in runs:
        before, _ = seen(run)
        world, facts = run.world, run.world.finetuning_order[:N_F]
        tokens = np.unique([*world.template_tokens[facts].ravel(), *world.answer_tokens[facts]])
        found = enclose(before[facts], world.answer_tokens[facts], tokens, [8.0] * 200)
        again = two_sided.enclosure_of(run.pretrained, world, settings, N_F)
        np.testing.assert_allclose(again.gain, found.gain, atol=1e-12)
        prompt = world.vocabulary.prompt
        gained = run.finetuned.output.numpy().T[prompt] - run.pretrained.output.numpy().T[prompt]
        assert spread(gained - found.gain) <= found.radius < 0.05
        wrong, decided = exceptions(run, found)
        assert wrong == 0
        seen_of = run.observables
        assert seen_of["two_sided_agreement"] == 1
        assert seen_of["undecided_share"] == pytest.approx(1 - decided / 20)
        shares = [seen_of[f"{name}_share"] for name in ("surely_extracted", "surely_failed", "undecided")]
        assert sum(shares) == pytest.approx(1)
        error = seen_of["ood_error"]
        assert seen_of["surely_failed_share"] - 1e-12 <= error <= 1 - seen_of["surely_extracted_share"] + 1e-12


def test_the_premises_by_coverage_written_out(runs):
    for run, settings in runs:
        world = run.world
        before, _ = seen(run)
        known = two_sided.enclosure_of(run.pretrained, world, settings, N_F)
        half = once = 0
        for fact in world.finetuning_order[N_F:]:
            decided = decide(known, before[[fact]], world.answer_tokens[[fact]])
            shown = world.own_templates[world.finetuning_order[:N_F]].tolist()
            covered = [sum(r in own for own in shown) for r in world.own_templates[fact]]
            half += min(covered) > N_F * 3 / 16 and not decided.extracted[0]
            once += min(covered) <= 1 and not decided.failed[0]
        assert run.observables["half_mean_missed"] == half / 20
        assert run.observables["once_covered_missed"] == once / 20


@pytest.mark.parametrize("mutant", ["step-doubled", "step-halved", "other-tokens-ignored", "one-fact-unseen"])
def test_near_misses_of_the_criterion_are_contradicted_by_the_runs(runs, mutant):
    wrong = 0
    for run, _ in runs:
        before, _ = seen(run)
        world, facts = run.world, run.world.finetuning_order[:N_F]
        steps = [8.0] * 200
        if mutant == "step-doubled":
            steps = [16.0] * 200
        elif mutant == "step-halved":
            steps = [4.0] * 200
        elif mutant == "one-fact-unseen":
            facts = facts[:-1]
        tokens = np.unique([*world.template_tokens[facts].ravel(), *world.answer_tokens[facts]])
        logits = before[facts].copy()
        if mutant == "other-tokens-ignored":
            logits[:, np.setdiff1d(np.arange(logits.shape[1]), tokens)] = -200.0
        found = enclose(logits, world.answer_tokens[facts], tokens, steps)
        wrong += exceptions(run, found)[0]
    assert wrong > 0


@pytest.mark.parametrize("setting", ["finetuning.optimizer='adam'", "model.mlp=true", "compute.dtype='float32'"])
def test_nothing_is_decided_outside_the_setting(setting):
    settings = [
        "world.subjects=6",
        "world.answers=7",
        "world.templates=[5]",
        "world.multiplicity=[2]",
        "world.finetuned=[2]",
        "model.mlp=false",
        "model.attention=false",
        "model.init_scale=0.0",
        "pretraining.steps=5",
        "finetuning.steps=2",
        "compute.dtype='float64'",
    ]
    *_, observables = measured(configured(*settings, setting), 0)
    assert "two_sided_agreement" not in observables
