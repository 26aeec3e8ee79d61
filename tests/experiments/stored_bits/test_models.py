"""Shapes, numbers of facts, and logits by a second way."""

import math

import numpy as np
import pytest
import torch

from empirics.errors import UsageError
from empirics.experiments.stored_bits.config import Model, Settings, World
from empirics.experiments.stored_bits.models import answers_of, facts, given, logits, parameters, shapes

MEMORY = Settings(world=World(answers=5), model=Model(inputs=6, outputs=3))
TRANSFORMER = Settings(world=World(answers=5), model=Model(kind="transformer", tokens=7, positions=3, width=4))


@pytest.mark.parametrize(
    ("settings", "hidden", "number"),
    [(MEMORY, 0, 18), (MEMORY, 10, 90), (TRANSFORMER, 0, 28 + 12 + 20 + 64), (TRANSFORMER, 9, 28 + 12 + 20 + 64 + 72)],
)
def test_parameters_and_facts(settings: Settings, hidden: int, number: int) -> None:
    assert parameters(settings.model, hidden, 5) == number
    drawn = given(settings, 1.0, hidden, 3)
    assert sum(value.numel() for value in drawn.initial.values()) == number
    assert {name: tuple(value.shape) for name, value in drawn.initial.items()} == shapes(settings.model, hidden, 5)
    S = facts(settings, 1.0, hidden)
    assert len(drawn.subjects) == S
    assert abs(S * math.log2(5) - number) <= math.log2(5) / 2


def test_names_are_distinct_and_not_more_than_there_are() -> None:
    drawn = given(TRANSFORMER, 2.0, 9, 0)
    assert len(drawn.subjects.unique(dim=0)) == len(drawn.subjects)
    assert int(drawn.subjects.max()) < 7
    with pytest.raises(
        UsageError, match=r"world.load=9 is refused: it needs \d+ facts, and there are 7\^3 = 343 names"
    ):
        facts(TRANSFORMER, 9.0, 9)


def test_codes_of_two_answers_with_one_output_are_signs() -> None:
    two = Settings(world=World(answers=2), model=Model(inputs=6, outputs=1))
    assert sorted(given(two, 1.0, 0, 0).codes.flatten().tolist()) == [-1.0, 1.0]


def test_answers_are_uniform_and_nothing_else_of_a_seed_depends_on_them() -> None:
    answers = answers_of(MEMORY, 20_000, 1)
    counts = np.bincount(answers.numpy(), minlength=5)
    assert counts.sum() == 20_000
    assert ((counts - 4000) ** 2 / 4000).sum() < 18.5  # chi-squared, 4 degrees of freedom: p = 0.001
    assert torch.equal(answers_of(MEMORY, 10, 1), answers[:10])
    assert not torch.equal(answers_of(MEMORY, 10, 2), answers[:10])
    first, again = given(MEMORY, 1.0, 4, 1), given(MEMORY, 1.0, 4, 1)
    assert torch.equal(first.subjects, again.subjects)
    assert not torch.equal(first.subjects, given(MEMORY, 1.0, 4, 2).subjects)
    assert all(torch.equal(first.initial[name], again.initial[name]) for name in first.initial)


def weights_of(settings: Settings, hidden: int) -> dict[str, np.ndarray]:
    return {name: value.double().numpy() for name, value in given(settings, 1.0, hidden, 4).initial.items()}


@pytest.mark.parametrize("hidden", [0, 10])
def test_logits_of_a_memory(hidden: int) -> None:
    drawn, W = given(MEMORY, 1.0, hidden, 4), weights_of(MEMORY, hidden)
    found = logits(MEMORY.model, drawn, drawn.initial)
    for i, x in enumerate(drawn.subjects.double().numpy()):
        for a, u in enumerate(drawn.codes.double().numpy()):
            if hidden:
                value = sum(u @ W["out"][:, j] * max(W["in"][j] @ x, 0.0) for j in range(hidden))
            else:
                value = u @ W["memory"] @ x
            assert float(found[i, a]) == pytest.approx(value, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("hidden", [0, 9])
def test_logits_of_the_transformer(hidden: int) -> None:
    drawn, W = given(TRANSFORMER, 1.0, hidden, 4), weights_of(TRANSFORMER, hidden)
    found = logits(TRANSFORMER.model, drawn, drawn.initial).double().numpy()

    def normed(v: np.ndarray) -> np.ndarray:
        return v / np.sqrt((v * v).mean() + 1e-6)

    for i, name in enumerate(drawn.subjects.numpy()):
        x = [W["token"][token] + W["position"][place] for place, token in enumerate(name)]
        query = W["query"] @ normed(x[-1])
        scores = np.array([query @ (W["key"] @ normed(v)) for v in x]) / 2.0  # sqrt(width)
        attention = np.exp(scores) / np.exp(scores).sum()
        last = x[-1] + W["attended"] @ sum(w * (W["value"] @ normed(v)) for w, v in zip(attention, x, strict=True))
        if hidden:
            last = last + W["out"] @ np.maximum(W["in"] @ normed(last), 0.0)
        assert found[i] == pytest.approx(W["answer"] @ normed(last), rel=1e-4, abs=1e-5)
