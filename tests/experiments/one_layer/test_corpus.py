"""Sequences and targets: tokens by hand, weights, distractors."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from empirics.experiments.one_layer.config import World
from empirics.experiments.one_layer.corpus import (
    answer_rows,
    finetuning_corpus,
    held_out_rows,
    pretraining_corpus,
    subject_rows,
)
from empirics.experiments.world import draw_world


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
