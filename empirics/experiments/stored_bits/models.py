"""The models: shapes of their matrices, what is given independently of the answers, and logits of the answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from empirics.errors import UsageError
from empirics.experiments.stored_bits.config import Model, Settings
from empirics.experiments.world import stream
from theory.plural import counted

Weights = Mapping[str, Tensor]


def shapes(model: Model, hidden: int, answers: int) -> dict[str, tuple[int, int]]:
    """The trained matrices."""
    if model.kind == "memory":
        if not hidden:
            return {"memory": (model.outputs, model.inputs)}
        return {"in": (hidden, model.inputs), "out": (model.outputs, hidden)}
    width = model.width
    attention = dict.fromkeys(("query", "key", "value", "attended"), (width, width))
    embeddings = {"token": (model.tokens, width), "position": (model.positions, width), "answer": (answers, width)}
    return embeddings | attention | ({"in": (hidden, width), "out": (width, hidden)} if hidden else {})


def parameters(model: Model, hidden: int, answers: int) -> int:
    """P, how many numbers are trained."""
    return sum(rows * columns for rows, columns in shapes(model, hidden, answers).values())


def facts(settings: Settings, load: float, hidden: int) -> int:
    """S, so that S log2(A) is as near as possible to ``load`` bits per parameter (UsageError: too many names)."""
    model, answers = settings.model, settings.world.answers
    found = max(1, round(load * parameters(model, hidden, answers) / math.log2(answers)))
    if model.kind == "transformer" and found > model.tokens**model.positions:
        names = f"{model.tokens}^{model.positions} = {model.tokens**model.positions} names"
        raise UsageError(f"world.load={load:g} is refused: it needs {counted(found, 'fact')}, and there are {names}")
    return found


@dataclass(frozen=True)
class Given:
    """What is drawn independently of the answers, hence not counted: embeddings or names, and initial weights.

    Attributes:
        subjects: of a memory the embedding of each subject, shape [S, inputs]; of a transformer each name's tokens,
            shape [S, positions].
        codes: of a memory the embedding of each answer, each column centred with variance 1; shape [A, outputs].
        initial: the weights at the start of training.
    """

    subjects: Tensor
    codes: Tensor
    initial: dict[str, Tensor]


def given(settings: Settings, load: float, hidden: int, seed: int) -> Given:
    """Embeddings or names, and initial weights, of a seed."""
    model, answers = settings.model, settings.world.answers
    number = facts(settings, load, hidden)
    if model.kind == "memory":
        embedded = stream(seed, "subjects").standard_normal((number, model.inputs))
        subjects = torch.from_numpy(embedded).float()
    else:
        names = stream(seed, "names").permutation(model.tokens**model.positions)[:number]
        subjects = torch.from_numpy(names[:, None] // model.tokens ** torch.arange(model.positions).numpy())
        subjects = subjects % model.tokens
    codes = stream(seed, "codes").standard_normal((answers, model.outputs))
    codes = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    draw, initial = stream(seed, "initial"), {}
    for name, (rows, columns) in shapes(model, hidden, answers).items():
        scale = 1.0 if name in ("token", "position") else columns**-0.5
        initial[name] = torch.from_numpy(scale * draw.standard_normal((rows, columns))).float()
    return Given(subjects, torch.from_numpy(codes).float(), initial)


def answers_of(settings: Settings, number: int, seed: int) -> Tensor:
    """The answers of a seed: independent, uniform; shape [S]."""
    return torch.from_numpy(stream(seed, "answers").integers(0, settings.world.answers, size=number))


def logits(model: Model, given: Given, weights: Weights) -> Tensor:
    """Logits of every answer for every subject, shape [S, A]."""
    return _memory(given, weights) if model.kind == "memory" else _transformer(given, weights)


def _memory(given: Given, weights: Weights) -> Tensor:
    if "memory" in weights:
        return given.subjects @ weights["memory"].T @ given.codes.T
    return torch.relu(given.subjects @ weights["in"].T) @ weights["out"].T @ given.codes.T


def _transformer(given: Given, weights: Weights) -> Tensor:
    """One layer, one head; only the last position is asked."""
    stream_ = weights["token"][given.subjects] + weights["position"]  # [S, positions, width]
    read = _normalised(stream_)
    query, keys = read[:, -1] @ weights["query"].T, read @ weights["key"].T
    scores = (keys @ query[:, :, None])[:, :, 0] / query.shape[1] ** 0.5
    attended = (torch.softmax(scores, dim=1)[:, None] @ read)[:, 0]
    last = stream_[:, -1] + attended @ weights["value"].T @ weights["attended"].T
    if "in" in weights:
        last = last + torch.relu(_normalised(last) @ weights["in"].T) @ weights["out"].T
    return _normalised(last) @ weights["answer"].T


def _normalised(values: Tensor) -> Tensor:
    return values * torch.rsqrt(values.square().mean(dim=-1, keepdim=True) + 1e-6)
