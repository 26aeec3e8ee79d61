"""One pre-training step of the one-layer transformer, as a user would write it with other tools.

Each contender is made for one world and returns a function that runs a given
number of full-batch gradient steps for its number of models.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from empirics.experiments.one_layer.config import Model, Pretraining, World
from empirics.experiments.one_layer.corpus import pretraining_corpus
from empirics.experiments.one_layer.engine.compiled import CompiledEngine
from empirics.experiments.one_layer.optimise import optimizer
from empirics.experiments.one_layer.parameters import Parameters, initial_parameters
from empirics.experiments.world import World as DrawnWorld
from empirics.experiments.world import draw_world

Steps = Callable[[int], None]
RATE, ATTENTION_RATE = 1.0, 0.05


def world_of(size: tuple[int, int, int, int], seed: int = 0) -> DrawnWorld:
    """The world of (S = A, |R|, K, m)."""
    subjects, templates, multiplicity, _ = size
    return draw_world(World(subjects=subjects, answers=subjects), templates, multiplicity, seed)


def weights_of(size: tuple[int, int, int, int], seed: int = 0, *, merged: bool = False) -> Parameters:
    """Initial weights."""
    model = Model(width=size[3], merge_never_targets=merged)
    return initial_parameters(model, world_of(size, seed).vocabulary, seed, torch.float32)


def engine(size: tuple[int, int, int, int], *, merged: bool = False) -> Steps:
    """This project's engine, one model."""
    model = Model(width=size[3], merge_never_targets=merged)
    trained = CompiledEngine(weights_of(size, merged=merged), pretraining_corpus(world_of(size)), model)
    stage = Pretraining(learning_rate=RATE, attention_learning_rate=ATTENTION_RATE)
    descent = optimizer(trained.trained, stage)

    def run(steps: int) -> None:
        for _ in range(steps):
            trained.gradients()
            descent.step(1.0)

    return run


def _arrays(world: DrawnWorld) -> dict[str, Any]:
    subjects, multiplicity = world.own_templates.shape
    s = np.repeat(np.arange(subjects), multiplicity)
    return {
        "own": world.template_tokens,
        "s": s,
        "r": world.template_tokens.reshape(-1),
        "a": world.answer_tokens[s],
        "subjects": subjects,
    }


def _torch_loss(parameters: Any, data: dict[str, torch.Tensor], subjects: int) -> torch.Tensor:
    attention, input_, output = parameters
    alone = torch.relu(input_[:subjects]) @ output.T
    first = torch.log_softmax(alone, dim=1).gather(1, data["own"]).mean()
    scores = torch.stack([attention[data["r"], data["s"]], attention[data["r"], data["r"]]], dim=1)
    alpha = torch.softmax(scores, dim=1)
    mixed = alpha[:, :1] * input_[data["s"]] + alpha[:, 1:] * input_[data["r"]]
    logits = torch.relu(mixed) @ output.T
    second = torch.log_softmax(logits, dim=1).gather(1, data["a"][:, None]).mean()
    return -first - second


def _torch_data(world: DrawnWorld) -> tuple[dict[str, torch.Tensor], int]:
    arrays = _arrays(world)
    subjects = arrays.pop("subjects")
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}, subjects


class _PlainTransformer(torch.nn.Module):
    """The model as a user writes it: a module with parameters, gathering the rows that one-hot inputs select."""

    def __init__(self, start: Parameters) -> None:
        super().__init__()
        self.attention = torch.nn.Parameter(start.attention.clone())
        self.input = torch.nn.Parameter(start.input.clone())
        self.output = torch.nn.Parameter(start.output.clone())

    def forward(self, context: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        tokens = torch.stack([context, last], dim=1)
        alpha = torch.softmax(self.attention[last[:, None], tokens], dim=1)
        mixed = (alpha[:, :, None] * self.input[tokens]).sum(dim=1)
        return torch.relu(mixed) @ self.output.T

    def alone(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.input[tokens]) @ self.output.T


def plain_loop(size: tuple[int, int, int, int]) -> Steps:
    """A plain PyTorch loop: module, cross-entropy, backward, torch.optim.SGD; one model."""
    data, subjects = _torch_data(world_of(size))
    model = _PlainTransformer(weights_of(size))
    optimizer = torch.optim.SGD(
        [{"params": [model.input, model.output]}, {"params": [model.attention], "lr": ATTENTION_RATE}], lr=RATE
    )
    everyone = torch.arange(subjects)
    uniform = torch.zeros(subjects, model.output.shape[0]).scatter_(1, data["own"], 1.0 / data["own"].shape[1])

    def run(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model.alone(everyone), uniform)
            loss = loss + torch.nn.functional.cross_entropy(model(data["s"], data["r"]), data["a"])
            loss.backward()
            optimizer.step()

    return run


def tuned_loop(size: tuple[int, int, int, int]) -> Steps:
    """A PyTorch loop tuned by hand, still with autograd: no module, no optimiser, sparse targets; one model."""
    data, subjects = _torch_data(world_of(size))
    start = weights_of(size)
    parameters = [t.clone().requires_grad_() for t in (start.attention, start.input, start.output)]

    def run(steps: int) -> None:
        for _ in range(steps):
            gradients = torch.autograd.grad(_torch_loss(parameters, data, subjects), parameters)
            with torch.no_grad():
                for parameter, gradient, rate in zip(parameters, gradients, (ATTENTION_RATE, RATE, RATE), strict=True):
                    parameter -= rate * gradient

    return run


def vmap_grad(size: tuple[int, int, int, int], models: int) -> Steps:
    """torch.func.vmap(grad) over models."""
    worlds = [_torch_data(world_of(size, seed)) for seed in range(models)]
    subjects = worlds[0][1]
    data = {name: torch.stack([w[0][name] for w in worlds]) for name in worlds[0][0]}
    starts = [weights_of(size, seed) for seed in range(models)]
    parameters = tuple(torch.stack([getattr(w, n) for w in starts]) for n in ("attention", "input", "output"))
    gradient = torch.func.vmap(torch.func.grad(lambda p, d: _torch_loss(p, d, subjects)))
    state = [parameters]

    def run(steps: int) -> None:
        with torch.no_grad():
            for _ in range(steps):
                found = gradient(state[0], data)
                rates = (ATTENTION_RATE, RATE, RATE)
                state[0] = tuple(p - rate * g for p, g, rate in zip(state[0], found, rates, strict=True))

    return run


def jax_scan(size: tuple[int, int, int, int], models: int, steps_per_call: int) -> Steps:
    """JAX: jit of a scan of steps, vmap over models. ``run`` takes multiples of ``steps_per_call``."""
    import jax
    import jax.numpy as jnp

    arrays = [_arrays(world_of(size, seed)) for seed in range(models)]
    subjects = arrays[0]["subjects"]
    data = {n: jnp.stack([jnp.asarray(a[n]) for a in arrays]) for n in ("own", "s", "r", "a")}
    starts = [weights_of(size, seed) for seed in range(models)]
    parameters = tuple(
        jnp.stack([jnp.asarray(getattr(w, n).numpy()) for w in starts]) for n in ("attention", "input", "output")
    )

    def loss(parameters: Any, data: Any) -> Any:
        attention, input_, output = parameters
        first = jax.nn.log_softmax(jax.nn.relu(input_[:subjects]) @ output.T)
        first = jnp.take_along_axis(first, data["own"], axis=1).mean()
        scores = jnp.stack([attention[data["r"], data["s"]], attention[data["r"], data["r"]]], axis=1)
        alpha = jax.nn.softmax(scores, axis=1)
        mixed = alpha[:, :1] * input_[data["s"]] + alpha[:, 1:] * input_[data["r"]]
        second = jax.nn.log_softmax(jax.nn.relu(mixed) @ output.T)
        second = jnp.take_along_axis(second, data["a"][:, None], axis=1).mean()
        return -first - second

    gradient = jax.vmap(jax.grad(loss))

    def body(parameters: Any, _: Any) -> Any:
        found = gradient(parameters, data)
        rates = (ATTENTION_RATE, RATE, RATE)
        return tuple(p - rate * g for p, g, rate in zip(parameters, found, rates, strict=True)), None

    many = jax.jit(lambda p: jax.lax.scan(body, p, None, length=steps_per_call)[0])
    state = [parameters]

    def run(steps: int) -> None:
        for _ in range(steps // steps_per_call):
            state[0] = many(state[0])
        jax.block_until_ready(state[0])

    return run
