"""The mechanism: relation features, the fine-tuning gradient of W at its first step, and what fine-tuning changes.

Does fine-tuning point the prompt along the features of the templates that it covers, by a change of rank one? All in
float64. The gradient comes from autograd on the corpus loss, the per-fact gradients from the chain rule written out,
so that the identity between them compares two routes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows, finetuning_corpus
from empirics.experiments.one_layer.forward import corpus_loss, last_attention
from empirics.experiments.one_layer.model import activate, activation_slope
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import World

_GRADIENT = (
    "rank_one_share",
    "gradient_coherence",
    "gradient_norm_ratio",
    "rank_one_deficit",
    "top_singular_share",
    "second_singular_share",
    "prompt_cosine",
)
_UPDATE = ("update_prompt_share", "update_top_singular_share", "update_second_singular_share", "update_prompt_cosine")


def alignments(before: Parameters, after: Parameters, world: World) -> Float64[Tensor, " R"]:
    """cos(Delta_p, h_r) of every template r; NaN where a vector vanishes.

    h_r = W e_r after pre-training (``before``), Delta_p = W e_p after fine-tuning less W e_p before it.
    """
    start, end = before.one_hot().input.to(torch.float64), after.one_hot().input.to(torch.float64)
    first, prompt = world.vocabulary.first_template, world.vocabulary.prompt
    features = start[first : first + world.vocabulary.templates]
    change = end[prompt] - start[prompt]
    lengths: Tensor = features.norm(dim=1) * change.norm()
    return torch.mv(features, change) / lengths


def feature_observables(
    before: Parameters, after: Parameters, world: World, config: configuration.Model, finetuned: int
) -> dict[str, float | None]:
    """Mean alignment over covered and uncovered templates, and their difference; undefined without an MLP."""
    covered: float | None = None
    uncovered: float | None = None
    if config.mlp:
        cosines = alignments(before, after, world)
        shown = torch.from_numpy(world.coverage(finetuned) > 0).to(cosines.device)
        covered, uncovered = _mean(cosines[shown]), _mean(cosines[~shown])
    return {
        "feature_alignment_covered": covered,
        "feature_alignment_uncovered": uncovered,
        "feature_alignment_contrast": None if covered is None or uncovered is None else covered - uncovered,
    }


def feature_similarity(weights: Parameters, world: World, config: configuration.Model) -> float | None:
    """Mean of cos(h_r, h_r') over pairs of different templates; None without an MLP or with fewer than two."""
    count = world.vocabulary.templates
    if not config.mlp or count < 2:
        return None
    first = world.vocabulary.first_template
    features = weights.one_hot().input.to(torch.float64)[first : first + count]
    total = torch.nn.functional.normalize(features, dim=1).sum(dim=0).square().sum()
    return (float(total) - count) / (count * (count - 1)) if bool((features.norm(dim=1) > 0).all()) else None


def _mean(values: Float64[Tensor, " some"]) -> float | None:
    """Mean, clipped to what a cosine can be; None for an empty set or a vector without direction."""
    if len(values) == 0 or not bool(torch.isfinite(values).all()):
        return None
    return min(max(float(values.mean()), -1.0), 1.0)


def input_gradient(weights: Parameters, corpus: Sequence[Rows], config: configuration.Model) -> Float64[Tensor, "m V"]:
    """G = dL/dW of the corpus loss, assembled by autograd."""
    weights = weights.to(torch.float64).clone()
    weights.input.requires_grad_(True)
    (gradient,) = torch.autograd.grad(corpus_loss(weights, corpus, config), [weights.input])
    return gradient.T


def per_fact(
    weights: Parameters, rows: Rows, config: configuration.Model
) -> tuple[Float64[Tensor, "N m"], Float64[Tensor, " N"]]:
    """delta_i, the gradient of fact i's loss at the hidden layer's input, and alpha_i, its attention on the subject.

    For contexts [s_i, p] without residual stream: x~_i = alpha_i e_s + (1 - alpha_i) e_p,
    delta_i = sigma'(W x~_i) * V^T (softmax(F_i) - e_a).
    """
    weights = weights.to(torch.float64)
    tokens, targets = torch.from_numpy(rows.tokens), torch.from_numpy(rows.targets[:, 0])
    tokens, targets = tokens.to(weights.output.device), targets.to(weights.output.device)
    alpha = last_attention(weights, tokens, config)
    before = torch.einsum("nl,nlm->nm", alpha, weights.input[tokens])
    logits = activate(before, config.activation, config.smoothing) @ weights.output.T
    error = torch.softmax(logits, dim=1)
    error[torch.arange(len(targets)), targets] -= 1.0
    return activation_slope(before, config.activation, config.smoothing) * (error @ weights.output), alpha[:, -2]


def prompt_column(
    matrix: Float[Tensor, "m V"], prompt: int
) -> tuple[float | None, float | None, float | None, float | None]:
    """Share of |.|_F^2 in the prompt's column; sigma_1^2, sigma_2^2 over |.|_F^2; <v_1, e_p>^2; all None for 0."""
    total = float(matrix.square().sum())
    if not (math.isfinite(total) and total > 0):
        return None, None, None, None
    columns = torch.nonzero(matrix.abs().amax(dim=0) > 0)[:, 0]  # the others only add zeros to the singular vectors
    _, sigma, right = torch.linalg.svd(matrix[:, columns], full_matrices=False)
    energy = (sigma.square() / total).tolist()
    at = (columns == prompt).nonzero()
    cosine = float(right[0, at[0, 0]]) ** 2 if len(at) else 0.0
    share = float(matrix[:, prompt].square().sum()) / total
    return _unit(share), _unit(energy[0]), _unit(energy[1] if len(energy) > 1 else 0.0), _unit(cosine)


def gradient_observables(
    weights: Parameters, world: World, config: configuration.Model, finetuned: int
) -> dict[str, float | None]:
    """The claim on rank-one concentration: both sides of its identity, and what it rests on.

    Undefined where W is not an input of one-hot tokens: without an MLP, with trained embeddings. Coherence, norm ratio
    and deficit are undefined too with a residual stream or distractors, whose columns the identity does not speak of.
    """
    found: dict[str, float | None] = dict.fromkeys(_GRADIENT)
    if not config.mlp or weights.embedding is not None:
        return found
    corpus = finetuning_corpus(world, finetuned)
    matrix = input_gradient(weights, corpus, config)
    share, top, second, cosine = prompt_column(matrix, world.vocabulary.prompt)
    found |= {
        "rank_one_share": share,
        "top_singular_share": top,
        "second_singular_share": second,
        "prompt_cosine": cosine,
    }
    if share is None or config.residual or corpus[0].tokens.shape[1] > 2:
        return found
    delta, alpha = per_fact(weights, corpus[0], config)
    w = (1.0 - alpha)[:, None] * delta
    squares = float(w.square().sum())
    if not squares > 0:
        return found
    coherence = len(w) * float(w.mean(dim=0).square().sum()) / squares
    ratio = float((alpha.square()[:, None] * delta.square()).sum()) / squares
    found |= {"gradient_coherence": _unit(coherence), "gradient_norm_ratio": ratio}
    if share > 0 and ratio > 0:
        found["rank_one_deficit"] = coherence * (1.0 / share - 1.0) / ratio
    return found


def update_observables(
    before: Parameters, after: Parameters, world: World, config: configuration.Model
) -> dict[str, float | None]:
    """How far the change of W in fine-tuning is of rank one, and along the prompt; undefined as the gradient's."""
    if not config.mlp or before.embedding is not None:
        return dict.fromkeys(_UPDATE)
    change = (after.input.to(torch.float64) - before.input.to(torch.float64)).T
    return dict(zip(_UPDATE, prompt_column(change, world.vocabulary.prompt), strict=True))


def _unit(value: float) -> float:
    """A share, without the rounding beyond [0, 1]."""
    return min(max(value, 0.0), 1.0)
