"""Which held-out facts fail, by hand."""

from dataclasses import replace
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from one_layer_builders import hand_made_world

from empirics.experiments.one_layer.config import World
from empirics.experiments.one_layer.measure.extraction import Answers, failure_observables
from empirics.experiments.world import World as DrawnWorld
from empirics.experiments.world import draw_world


def test_failures_by_unseen_templates_by_hand():
    world = hand_made_world()
    # Fine-tuned on fact 2 (templates 3, 0): fact 0 has one unseen own template, fact 1 has two.
    found = failure_observables(world, 1, Answers(np.array([False, True]), np.array([True, True])))
    assert found["ood_error_unseen_0"] is None
    assert found["ood_error_unseen_1"] == 0.0
    assert found["ood_error_unseen_2"] == 1.0
    assert found["ood_error_unseen_3_or_more"] is None
    assert found["coverage_auc_excess"] == 0.5
    assert found["own_template_error_share"] == 1.0
    assert found["own_template_error_excess"] == 1 - 2 / 10  # K = 2 of the V - 1 = 10 wrong tokens
    found = failure_observables(world, 1, Answers(np.array([True, False]), np.array([False, False])))
    assert found["coverage_auc_excess"] == -0.5
    assert found["own_template_error_excess"] == -2 / 10
    found = failure_observables(world, 1, Answers(np.array([False, False]), np.array([False, False])))
    assert found["own_template_error_excess"] is None
    assert found["coverage_auc_excess"] is None


def guessing_world(answers=40) -> DrawnWorld:
    """Six facts with one template each, 0 0 1 1 1 2 of 4; fine-tuning order 0, 5, 1, 2, 3, 4."""
    config = World(subjects=6, answers=answers, templates=(4,), multiplicity=(1,), finetuned=(1,))
    world = draw_world(config, 4, 1, 0)
    own = np.array([[0], [0], [1], [1], [1], [2]])
    return replace(world, own_templates=own, finetuning_order=np.array([0, 5, 1, 2, 3, 4]))


def excesses(world, finetuned, wrong):
    found = failure_observables(world, finetuned, Answers(np.array(wrong), np.zeros(len(wrong), dtype=bool)))
    return tuple(found[f"{which}_right_excess"] for which in ("unseen", "shown", "held_out"))


def test_right_answers_beyond_guessing_by_hand():
    """Fact 0 is fine-tuned: template 0 is shown, so held out are 5, 2, 3, 4 without and 1 with a shown template.

    Of 4 guesses among 40 answers none is right with probability 0.9037, at most one with 0.9948: the quantile is 1.
    Of one guess none is right with probability 0.975: the quantile is 0. Of 5: 0.881 and 0.994: it is 1.
    """
    world = guessing_world()
    # in the order 5, 1, 2, 3, 4
    assert excesses(world, 1, [True, True, True, True, True]) == (-1, 0, -1)
    assert excesses(world, 1, [True, False, True, True, False]) == (0, 1, 1)
    assert excesses(world, 1, [False, True, False, True, True]) == (1, 0, 1)
    assert excesses(world, 1, [False, False, False, False, False]) == (3, 1, 4)


def test_right_answers_are_undefined_where_guessing_may_give_them_all():
    world = guessing_world()
    # 0, 5 and 1 to 3: every template that a held-out fact has is shown.
    assert excesses(world, 5, [False]) == (None, 1, 1)
    # Ten answers: one fact is guessed with probability 0.1 > 0.05, two with 0.01 and one of two with 0.19.
    few = guessing_world(answers=10)
    assert excesses(few, 1, [True, False, True, True, True]) == (-2, None, -1)


@pytest.mark.parametrize(("facts", "choices"), [(1, 60), (3, 60), (17, 40), (38, 40), (55, 60), (119, 120), (7, 4)])
def test_the_quantile_is_the_least_number_that_guessing_exceeds_in_at_most_one_world_of_twenty(facts, choices):
    """By exact fractions, from the definition."""
    p = Fraction(1, choices)
    at_most = [sum(comb(facts, i) * p**i * (1 - p) ** (facts - i) for i in range(k + 1)) for k in range(facts + 1)]
    quantile = next(k for k, probability in enumerate(at_most) if probability >= Fraction(95, 100))
    base = guessing_world(choices)
    many = replace(base, own_templates=np.array([[0]] + [[1]] * facts), finetuning_order=np.arange(facts + 1))
    expected = None if quantile == facts else -quantile
    assert excesses(many, 1, [True] * facts)[0] == expected


def test_guessing_by_another_route_in_drawn_worlds():
    """Facts counted by sets of templates; K = 2, so that some facts have one shown and one unseen template."""
    rng = np.random.default_rng(5)
    for seed in range(20):
        config = World(subjects=30, answers=30, templates=(25,), multiplicity=(2,), finetuned=(4,))
        world = draw_world(config, 25, 2, seed)
        order = world.finetuning_order.tolist()
        shown = {t for s in order[:4] for t in world.own_templates[s].tolist()}
        right = rng.random(26) < 0.3
        classes = {"unseen": [], "shown": [], "held_out": []}
        for fact, ok in zip(order[4:], right.tolist(), strict=True):
            classes["shown" if shown & set(world.own_templates[fact].tolist()) else "unseen"].append(ok)
            classes["held_out"].append(ok)
        found = failure_observables(world, 4, Answers(~right, np.zeros(26, dtype=bool)))
        for name, members in classes.items():
            wins = 0  # the least number of right guesses whose tail beyond it is at most 5 %
            n = len(members)
            while 20 * sum(comb(n, i) * 29 ** (n - i) for i in range(wins + 1)) < 19 * 30**n:
                wins += 1
            expected = None if wins >= len(members) else sum(members) - wins
            assert found[f"{name}_right_excess"] == expected
