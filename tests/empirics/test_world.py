"""The world: its laws, its pairings, its tokens."""

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from empirics.experiments.one_layer.config import World
from empirics.experiments.one_layer.corpus import answer_rows, finetuning_corpus, held_out_rows, pretraining_corpus, subject_rows
from empirics.experiments.world import draw_world, stream


@given(st.integers(1, 8), st.integers(0, 4), st.integers(1, 30), st.integers(0, 10**6))
def test_own_templates_are_distinct_and_answers_injective(multiplicity, more, subjects, seed):
    config = World(subjects=subjects + 1, answers=subjects + 3, templates=(8 + more,), finetuned=(1,))
    world = draw_world(config, 8 + more, multiplicity, seed)
    assert all(len(set(own)) == multiplicity for own in world.own_templates.tolist())
    assert world.own_templates.min() >= 0
    assert world.own_templates.max() < 8 + more
    assert len(set(world.answer_of.tolist())) == subjects + 1
    assert sorted(world.finetuning_order.tolist()) == list(range(subjects + 1))
    assert world.coverage(1).sum() == multiplicity


def test_worlds_of_one_seed_are_paired_across_multiplicities():
    config = World(subjects=20, answers=20)
    small, large = (draw_world(config, 20, k, 7) for k in (2, 5))
    assert (small.own_templates == large.own_templates[:, :2]).all()
    assert (small.answer_of == large.answer_of).all()
    assert (small.finetuning_order == large.finetuning_order).all()


def test_template_sets_are_uniform():
    config = World(subjects=50, answers=50)
    counts = Counter()
    for seed in range(120):
        counts.update(tuple(sorted(own)) for own in draw_world(config, 5, 2, seed).own_templates.tolist())
    observed = [counts[pair] for pair in combinations(range(5), 2)]
    assert stats.chisquare(observed).pvalue > 1e-6


def test_streams_of_other_names_and_seeds_differ():
    draws = {stream(seed, name).integers(0, 2**62) for seed in range(20) for name in ("templates", "answers")}
    assert len(draws) == 40


def test_tokens_by_hand():
    config = World(subjects=3, answers=4, templates=(5,), multiplicity=(2,), finetuned=(1,))
    world = draw_world(config, 5, 2, 0)
    assert world.vocabulary.size == 3 + 5 + 4 + 1
    assert world.vocabulary.prompt == 12
    rows = answer_rows(world)
    assert rows.tokens.tolist() == [[s, 3 + r] for s in range(3) for r in world.own_templates[s]]
    assert rows.targets[:, 0].tolist() == [8 + world.answer_of[s] for s in range(3) for _ in range(2)]
    assert subject_rows(world).tokens.tolist() == [[0], [1], [2]]
    (tuned,) = finetuning_corpus(world, 2)
    assert tuned.tokens.tolist() == [[s, 12] for s in world.finetuning_order[:2]]
    held = held_out_rows(world, 2)
    assert held.tokens.tolist() == [[world.finetuning_order[2], 12]]


@given(st.integers(1, 3), st.integers(1, 4))
def test_weights_of_each_kind_of_row_sum_to_one(multiplicity, distractors):
    config = World(
        subjects=6, answers=6, finetuned=(1,), distractors=distractors - 1, distractor_vocabulary=2, templates=(7,)
    )
    for rows in (*pretraining_corpus(draw_world(config, 7, multiplicity, 1)),):
        assert np.isclose(rows.weight * len(rows.tokens), 1.0)


def test_distractors_stand_before_the_subject():
    config = World(subjects=6, answers=6, distractors=2, distractor_vocabulary=3, templates=(7,))
    world = draw_world(config, 7, 2, 1)
    for rows in pretraining_corpus(world):
        assert (rows.tokens[:, :2] >= world.vocabulary.first_distractor).all()
        assert (rows.tokens[:, :2] < world.vocabulary.size).all()
        assert (rows.tokens[:, 2] < 6).all()
    assert [r.tokens.shape for r in pretraining_corpus(world)] == [(12, 3), (12, 4)]
