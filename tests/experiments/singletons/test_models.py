"""Worlds and models by a second way: counted one by one, sampled, and by definition from a table of probabilities."""

import numpy as np
import pytest

from empirics.experiments.singletons import models
from empirics.experiments.singletons.config import Model
from empirics.experiments.singletons.config import World as Settings
from empirics.experiments.singletons.transformer import probabilities, transformer
from empirics.experiments.singletons.world import draw_world, law
from empirics.experiments.world import stream

SMALL = Settings(prompts=60, answers=5, examples=(40,), exponent=(1.0,))


def world_of(seed, examples=40, exponent=1.0):
    return draw_world(SMALL, examples, exponent, seed)


def tables(world, seed):
    """For each counting model its probabilities of answers, and of I do not know, prompt by prompt."""
    prompts, answers = len(world.masses), world.number_of_answers
    seen = np.zeros((prompts, answers))
    seen[np.arange(prompts), world.answers] = world.counts > 0
    uniform, guessed = seen.copy(), seen.copy()
    uniform[world.counts == 0] = 1 / answers
    guesses = stream(seed, "guesses").integers(answers, size=prompts)
    for c in np.flatnonzero(world.counts == 0):
        guessed[c, guesses[c]] = 1
    idle = np.array([float(c % 2 == 1 and world.counts[c] == 0) for c in range(prompts)])
    some = np.where(idle[:, None] > 0, 0, uniform)
    none = np.zeros(prompts)
    return {"back_off": (uniform, none), "abstaining": (some, idle), "guessing": (guessed, none)}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["back_off", "abstaining", "guessing"])
def test_closed_forms_are_those_of_the_table(name, seed):
    world = world_of(seed)
    found = getattr(models, name)(world, seed)
    given = models.of_probabilities(world, *tables(world, seed)[name])
    for key in ("error", "delta", "abstained", "unseen_error_averaged"):
        assert getattr(found, key) == pytest.approx(getattr(given, key), abs=1e-12), key
    if name == "guessing":
        assert found.unseen_error == pytest.approx(given.unseen_error)
    else:  # a uniform guess: the right answers make no difference
        assert found.unseen_error == pytest.approx(found.unseen_error_averaged)
    assert found.delta > 0 or name == "back_off"


def test_the_calibration_error_by_its_definition_pair_by_pair():
    world = world_of(3)
    random = np.random.default_rng(0)
    given = random.dirichlet(np.full(6, 0.3), size=60)
    found = models.of_probabilities(world, given[:, :5], given[:, 5])
    model = truth = error = 0.0
    for c, mass in enumerate(world.masses):
        for answer in range(6):  # the last one is I do not know
            right = answer == world.answers[c]
            if given[c, answer] > 1 / 4:
                model += mass * given[c, answer]
                truth += mass * right
            error += mass * given[c, answer] * (not right and answer < 5)
    assert (found.delta, found.error) == pytest.approx((abs(model - truth), error))
    assert found.abstained == pytest.approx(float(world.masses @ given[:, 5]))


def test_the_error_is_that_of_sampled_answers():
    world = world_of(1)
    given, idle = tables(world, 1)["abstaining"]
    error = models.abstaining(world, 1).error
    random = np.random.default_rng(1)
    prompts = random.choice(60, size=20_000, p=world.masses)
    sixth = np.column_stack([given, idle])
    answers = [random.choice(6, p=sixth[c]) for c in prompts]
    wrong = np.mean([a not in (world.answers[c], 5) for a, c in zip(answers, prompts, strict=True)])
    assert wrong == pytest.approx(error, abs=4 * 0.5 / 20_000**0.5)


def test_the_law_is_a_power_and_sums_to_one():
    masses, upto = law(60, 0.5)
    assert masses.sum() == pytest.approx(1)
    assert masses[15] / masses[0] == pytest.approx(0.25)
    assert upto[-1] == 1
    assert np.allclose(law(7, 0.0)[0], 1 / 7)


def test_examples_are_drawn_from_the_law_independently():
    """Means and variances of counts over many worlds are those of a multinomial; so is the singleton rate's mean."""
    worlds = [world_of(seed) for seed in range(3000)]
    counts = np.array([w.counts for w in worlds])
    masses = worlds[0].masses
    assert (counts.sum(axis=1) == 40).all()
    scale = np.sqrt(40 * masses * (1 - masses) / 3000)
    assert (np.abs(counts.mean(axis=0) - 40 * masses) < 5 * scale).all()
    assert counts[:, 0].var() == pytest.approx(40 * masses[0] * (1 - masses[0]), rel=0.15)
    assert np.cov(counts[:, 0], counts[:, 1])[0, 1] == pytest.approx(-40 * masses[0] * masses[1], rel=0.35)
    rate = np.array([w.singleton_rate for w in worlds])
    missing = np.array([w.missing_mass for w in worlds])
    exact = (masses * (1 - masses) ** 39).sum()
    assert rate.mean() == pytest.approx(exact, abs=4 * rate.std() / 3000**0.5)
    assert missing.mean() == pytest.approx((masses * (1 - masses) ** 40).sum(), abs=4 * missing.std() / 3000**0.5)
    answers = np.bincount(np.concatenate([w.answers for w in worlds]), minlength=5) / (60 * 3000)
    assert np.abs(answers - 0.2).max() < 0.01


def test_singletons_and_missing_mass_by_counting():
    world = world_of(7)
    singles = [c for c in range(60) if world.counts[c] == 1]
    assert world.singleton_rate == len(singles) / 40
    assert world.missing_mass == pytest.approx(sum(world.masses[c] for c in range(60) if world.counts[c] == 0))


def test_the_transformer_learns_what_it_saw_and_guesses_the_rest():
    world, settings = world_of(2), Model(kind="transformer", width=16, steps=200)
    given = probabilities(world, settings, 2)
    seen = world.counts > 0
    right = given[np.arange(60), world.answers]
    assert given.sum(axis=1) == pytest.approx(np.ones(60), abs=1e-12)
    assert right[seen].min() > 0.9
    found = transformer(world, settings, 2)
    assert found.abstained == 0
    assert found.unseen_error_averaged == pytest.approx(0.8, abs=1e-12)
    assert found.error == pytest.approx(1 - float(world.masses @ right))
    assert (probabilities(world, settings, 2) == given).all()
    assert (probabilities(world, settings, 3) != given).any()


def test_what_it_never_saw_does_not_change_the_transformer():
    """Its answers do not depend on the right answers of unseen prompts: the proofs rest on that."""
    world, settings = world_of(4), Model(kind="transformer", width=8, steps=30)
    other = world.answers.copy()
    other[world.counts == 0] = (other[world.counts == 0] + 1) % 5
    changed = type(world)(world.masses, other, world.counts, world.examples, world.number_of_answers)
    assert (probabilities(world, settings, 4) == probabilities(changed, settings, 4)).all()


def test_a_law_that_was_seen_wholly_has_no_unseen_error():
    world = draw_world(Settings(prompts=2, answers=3, examples=(200,), exponent=(0.0,)), 200, 0.0, 0)
    for model in (models.back_off, models.abstaining, models.guessing):
        found = model(world, 0)
        assert (found.error, found.unseen_error, found.unseen_error_averaged) == (0, None, None)
