"""Fine-tuning to first order in the weights: the network linearised where pre-training left it.

With J the Jacobian of the logits at the pre-trained weights, gradient descent on
the linearised network moves its N logits by the tangent kernel,

    F_{t+1} = F_t - J H J^T r_t,    r_t = weight (softmax(F_t) - one-hot target),

H holding the step of each matrix. All contexts end with one token p. With alpha
the attention of p, x~ the mixed embedding, u = W x~ (W (x~ + x_p) with the
residual stream), h = sigma(u) and gate = sigma'(u), the three parts of the kernel are

    V:  eta  <h_i, h_j> I
    W:  eta  <x~_i, x~_j> V gate_i gate_j V^T
    Z:  eta_Z  sum over shared context tokens l of (V gate_i q_il) (V gate_j q_jl)^T,   q_il = alpha_il (W x_l - W x~_i)

so that sums of residuals are all that need be carried along. The sums give the
weights' displacement, and with it the logits of any other context.

:func:`relinearised_finetuning` takes J again at a few points of the path that it predicts itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.config import Finetuning
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.forward import last_attention
from empirics.experiments.one_layer.model import activate, activation_slope
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.schedule import schedule_factor


@dataclass(frozen=True)
class Displacement:
    """A change of the weights: of the row ``query`` of Z, of W transposed, of the output matrix."""

    query: int
    attention: Float[Tensor, " V"]
    input: Float[Tensor, "V m"]
    output: Float[Tensor, "V m"]

    def applied(self, weights: Parameters) -> Parameters:
        """The weights after the change (copies; one-hot embeddings)."""
        attention = weights.attention.clone()
        attention[self.query] += self.attention
        return Parameters(attention, weights.input + self.input, weights.output + self.output)


class Linearisation:
    """The logits at the last position of some contexts, to first order in the weights (one-hot embeddings).

    Raises ValueError: the contexts end with different tokens.
    """

    def __init__(self, weights: Parameters, tokens: Int64[Tensor, "N n"], config: configuration.Model) -> None:
        if bool((tokens[:, -1] != tokens[0, -1]).any()):
            raise ValueError("contexts to linearise must end with one token")
        self.tokens = tokens
        self.output = weights.output
        alpha = last_attention(weights, tokens, config)
        rows = weights.input[tokens]
        attended = torch.einsum("nl,nlm->nm", alpha, rows)
        self.mixed = torch.zeros(len(tokens), len(weights.input), dtype=alpha.dtype).scatter_add_(1, tokens, alpha)
        before = attended
        if config.residual:
            self.mixed.scatter_add_(1, tokens[:, -1:], torch.ones_like(alpha[:, :1]))
            before = attended + rows[:, -1]
        self.by_score = alpha[:, :, None] * (rows - attended[:, None, :])
        activation = config.activation if config.mlp else "identity"
        self.gate = activation_slope(before, activation, config.smoothing)
        self.hidden = activate(before, activation, config.smoothing)

    def logits(self, change: Displacement) -> Float[Tensor, "N V"]:
        """F + dF for a change of the weights."""
        before = self.mixed @ change.input + torch.einsum("nl,nlm->nm", change.attention[self.tokens], self.by_score)
        return self.hidden @ (self.output + change.output).T + (self.gate * before) @ self.output.T


def linearised_finetuning(
    weights: Parameters, rows: Rows, model: configuration.Model, stage: Finetuning, steps: range | None = None
) -> Displacement:
    """Where full-batch gradient descent on the linearised network takes pre-trained ``weights``.

    These are in float64, with one-hot embeddings; ``rows``, the fine-tuning corpus, has one target each. Only the
    Jacobian at ``weights`` is used; no gradient of the network at any other point. ``steps`` are those made, by their
    numbers in the stage; None: all of them.

    Example:
        >>> import empirics, torch
        >>> from empirics.experiments.one_layer.corpus import finetuning_corpus
        >>> config = empirics.load_config("quick", settings=["pretraining.steps=50"])
        >>> run = empirics.run(config, templates=10, multiplicity=2, finetuned=3)
        >>> weights, (rows,) = run.pretrained.to(torch.float64, torch.device("cpu")), finetuning_corpus(run.world, 3)
        >>> linearised_finetuning(weights, rows, config.model, config.finetuning).applied(weights).input.shape
        torch.Size([91, 64])
    """
    tokens, targets = torch.from_numpy(rows.tokens), torch.from_numpy(rows.targets)
    at = Linearisation(weights, tokens, model)
    target = torch.zeros(len(tokens), len(weights.output), dtype=weights.output.dtype).scatter_(1, targets, 1.0)
    rate = {
        "input": stage.learning_rate if model.mlp and model.train_input else 0.0,
        "output": stage.learning_rate if model.train_output else 0.0,
        "attention": stage.attention_learning_rate if model.attention else 0.0,
    }
    start = at.hidden @ at.output.T
    by_output = rate["output"] * (at.hidden @ at.hidden.T)
    by_input = rate["input"] * (at.mixed @ at.mixed.T)
    residuals, before, scores = torch.zeros_like(start), torch.zeros_like(at.hidden), start.new_zeros(start.shape[1])
    for step in range(stage.steps) if steps is None else steps:
        moved = torch.einsum("nl,nlm->nm", scores[tokens], at.by_score) - by_input @ before
        logits = start - by_output @ residuals + (at.gate * moved) @ at.output.T
        factor = schedule_factor(stage.schedule, step, stage.steps)
        residual = (torch.softmax(logits, dim=1) - target) * (rows.weight * factor)
        back = at.gate * (residual @ at.output)
        residuals += residual
        before += back
        pull = torch.einsum("nm,nlm->nl", back, at.by_score)
        scores.index_add_(0, tokens.reshape(-1), pull.reshape(-1), alpha=-rate["attention"])
    return Displacement(
        query=int(tokens[0, -1]),
        attention=scores,
        input=-rate["input"] * (at.mixed.T @ before),
        output=-rate["output"] * (residuals.T @ at.hidden),
    )


def doublings(steps: int) -> list[int]:
    """0, 1, 2, 4, 8, ... below ``steps``: linearised again whenever the steps made have doubled; nine for 200 steps.

    Example:
        >>> doublings(20)
        [0, 1, 2, 4, 8, 16]
    """
    return [0, *(1 << power for power in range((steps - 1).bit_length()))] if steps > 1 else [0]


def relinearised_finetuning(
    weights: Parameters, rows: Rows, model: configuration.Model, stage: Finetuning, starts: Sequence[int]
) -> Parameters:
    """The weights after :func:`linearised_finetuning` in parts, each linearised where the one before it ends.

    ``starts`` are the numbers of the steps with which a part begins, increasing, the first one 0. The Jacobians are
    taken on the predicted path. One part is one linearisation; with a part for each step this is gradient descent.

    Example:
        >>> import empirics, torch
        >>> from empirics.experiments.one_layer.corpus import finetuning_corpus
        >>> config = empirics.load_config("quick", settings=["pretraining.steps=50", "finetuning.steps=8"])
        >>> run = empirics.run(config, templates=10, multiplicity=2, finetuned=3)
        >>> weights, (rows,) = run.pretrained.to(torch.float64, torch.device("cpu")), finetuning_corpus(run.world, 3)
        >>> relinearised_finetuning(weights, rows, config.model, config.finetuning, doublings(8)).input.shape
        torch.Size([91, 64])
    """
    for start, end in zip(starts, [*starts[1:], stage.steps], strict=True):
        weights = linearised_finetuning(weights, rows, model, stage, range(start, end)).applied(weights)
    return weights
