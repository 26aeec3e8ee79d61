"""A one-layer transformer on the sequence (prompt, question mark): one softmax attention, one MLP, an answer."""

from __future__ import annotations

import numpy as np
import torch

from empirics.experiments.singletons.config import Model
from empirics.experiments.singletons.models import Behaviour, of_probabilities
from empirics.experiments.singletons.world import Floats, World
from empirics.experiments.world import stream

_SHAPES = ("embedding", "query", "key", "value", "inner", "outer", "unembedding")


def transformer(world: World, settings: Model, seed: int) -> Behaviour:
    """Trained on the N examples, then asked every prompt: its error is exact, no answer is sampled."""
    return of_probabilities(world, probabilities(world, settings, seed), np.zeros(len(world.masses)))


def probabilities(world: World, settings: Model, seed: int) -> Floats:
    """The probability of each answer to each prompt after training; shape [M, A]."""
    torch.set_num_threads(1)
    weights = _initial(world, settings, seed)
    seen = torch.from_numpy(np.flatnonzero(world.counts))
    right = torch.from_numpy(world.answers)[seen]
    often = torch.from_numpy(world.counts)[seen] / world.examples
    optimiser = torch.optim.Adam(weights.values(), lr=settings.learning_rate)
    for _ in range(settings.steps):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(_logits(weights, seen), right, reduction="none")
        (often * loss).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        found = torch.softmax(_logits(weights, torch.arange(len(world.masses))).double(), dim=1)
    return np.asarray(found.numpy())


def _initial(world: World, settings: Model, seed: int) -> dict[str, torch.Tensor]:
    width, random = settings.width, stream(seed, "initialisation")
    tokens, answers = len(world.masses) + 1, world.number_of_answers
    shapes = dict.fromkeys(_SHAPES, (width, width))
    shapes |= {"embedding": (tokens, width), "unembedding": (width, answers)}
    return {
        name: torch.tensor(random.standard_normal(shape) / np.sqrt(width), dtype=torch.float32, requires_grad=True)
        for name, shape in shapes.items()
    }


def _logits(weights: dict[str, torch.Tensor], prompts: torch.Tensor) -> torch.Tensor:
    """One row for each prompt: the question mark attends to the prompt and to itself."""
    mark = weights["embedding"][-1]
    tokens = torch.stack([weights["embedding"][prompts], mark.expand(len(prompts), -1)], dim=1)
    scores = tokens @ weights["key"] @ (mark @ weights["query"]) / len(mark) ** 0.5
    attended = (torch.softmax(scores, dim=1).unsqueeze(2) * (tokens @ weights["value"])).sum(dim=1)
    state = mark + attended
    state = state + torch.relu(state @ weights["inner"]) @ weights["outer"]
    return state @ weights["unembedding"]
