"""The world: its laws and its pairings."""

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from empirics.experiments.world import Sizes, draw_world, stream


@given(st.integers(1, 8), st.integers(0, 4), st.integers(1, 30), st.integers(0, 10**6))
def test_own_templates_are_distinct_and_answers_injective(multiplicity, more, subjects, seed):
    config = Sizes(subjects=subjects + 1, answers=subjects + 3)
    world = draw_world(config, 8 + more, multiplicity, seed)
    assert all(len(set(own)) == multiplicity for own in world.own_templates.tolist())
    assert world.own_templates.min() >= 0
    assert world.own_templates.max() < 8 + more
    assert len(set(world.answer_of.tolist())) == subjects + 1
    assert sorted(world.finetuning_order.tolist()) == list(range(subjects + 1))
    assert world.coverage(1).sum() == multiplicity


def test_worlds_of_one_seed_are_paired_across_multiplicities():
    config = Sizes(subjects=20, answers=20)
    small, large = (draw_world(config, 20, k, 7) for k in (2, 5))
    assert (small.own_templates == large.own_templates[:, :2]).all()
    assert (small.answer_of == large.answer_of).all()
    assert (small.finetuning_order == large.finetuning_order).all()


def test_template_sets_are_uniform():
    config = Sizes(subjects=50, answers=50)
    counts = Counter()
    for seed in range(120):
        counts.update(tuple(sorted(own)) for own in draw_world(config, 5, 2, seed).own_templates.tolist())
    observed = [counts[pair] for pair in combinations(range(5), 2)]
    assert stats.chisquare(observed).pvalue > 1e-6


def test_streams_of_other_names_and_seeds_differ():
    draws = {stream(seed, name).integers(0, 2**62) for seed in range(20) for name in ("templates", "answers")}
    assert len(draws) == 40
