"""Relation features: does fine-tuning point the prompt along the features of the templates that it covers?"""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import World

__all__ = ["alignments", "feature_observables", "feature_similarity"]


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
