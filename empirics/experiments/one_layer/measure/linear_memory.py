"""The linear memory with uniform attention, from zero: the setting of the proved rate and of the proved failure."""

from __future__ import annotations

import numpy as np
import torch

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.forward import last_logits
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import World


def is_linear_memory(config: Config) -> bool:
    """Whether pre-training is full-batch gradient descent with a constant step on F = V x~, in float64.

    Uniform attention, V = 0 at the start, no distractors, no residual, fixed
    embeddings, all steps run: what the claim on its rate asks for.
    """
    model, stage = config.model, config.pretraining
    return (
        not model.mlp
        and not model.attention
        and not model.residual
        and not model.trained_embeddings
        and model.train_output
        and model.init_scale == 0.0
        and config.world.distractors == 0
        and config.world.distractor_vocabulary == 0
        and stage.optimizer in ("gd", "sgd")
        and stage.batch_size == 0
        and stage.schedule == "constant"
        and stage.target_gap == 0.0
        and config.compute.dtype == "float64"
    )


def smoothness(world: World) -> float:
    """beta = (1/2) lambda_max of (1/S) sum phi(s) phi(s)^T + (1/(SK)) sum phi(s,r) phi(s,r)^T.

    phi(s) = e_s and phi(s,r) = (e_s + e_r)/2, over subjects and templates only: the other tokens have no feature.
    """
    subjects, multiplicity = world.own_templates.shape
    size = subjects + world.vocabulary.templates
    second = np.zeros((size, size))
    s = np.repeat(np.arange(subjects), multiplicity)
    r = subjects + world.own_templates.ravel()
    np.fill_diagonal(second[:subjects, :subjects], 1.0 / subjects + 1.0 / (4 * subjects))
    np.add.at(second, (r, r), 1.0 / (4 * subjects * multiplicity))
    second[s, r] = second[r, s] = 1.0 / (4 * subjects * multiplicity)
    return 0.5 * float(np.linalg.eigvalsh(second)[-1])


def template_dominance(weights: Parameters, world: World, config: Config) -> float:
    """Least excess of a fact's vote for an own template over the votes that fine-tuning can pass on against it.

    With u_s(v) the logit of v at [s], the minimum over facts s', own templates r of s' and other facts s that do not
    own r of u_s'(r) - u_s'(a(s')) - max(0, u_s(r) - u_s(a(s'))), in nats.
    """
    subjects = torch.arange(world.vocabulary.subjects, device=weights.output.device)[:, None]
    votes = last_logits(weights.one_hot().to(torch.float64), subjects, config.model).cpu().numpy()
    owned = np.zeros((world.vocabulary.subjects, world.vocabulary.templates), dtype=bool)
    np.put_along_axis(owned, world.own_templates, True, axis=1)
    least = np.inf
    for fact, own in enumerate(world.own_templates):
        preferred = votes[:, world.template_tokens[fact]] - votes[:, [world.answer_tokens[fact]]]  # [S, K]
        passed_on = np.where(owned[:, own], 0.0, np.maximum(preferred, 0.0)).max(axis=0)
        least = min(least, float((preferred[fact] - passed_on).min()))
    return least
