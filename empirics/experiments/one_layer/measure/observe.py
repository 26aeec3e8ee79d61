"""What is measured on a trained model; definitions in :mod:`empirics.observables.shared`.

All logits are evaluated in float64 from the trained weights, in blocks of rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from empirics.experiments.coverage import unseen_templates
from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows, answer_rows, finetuning_corpus, held_out_rows, subject_rows
from empirics.experiments.one_layer.forward import last_logits
from empirics.experiments.one_layer.measure.attention import pretraining_attention, prompt_attention
from empirics.experiments.one_layer.measure.failures import Answers, failure_observables
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import World

__all__ = ["finetuning_observables", "pretraining_observables"]

_BLOCK = 1 << 22  # logits evaluated at a time


def pretraining_observables(weights: Parameters, world: World, config: configuration.Model) -> dict[str, float | None]:
    """Loss against its floor, accuracy and attention after pre-training."""
    weights = weights.one_hot().to(torch.float64)
    multiplicity = world.multiplicity
    loss = divergence = 0.0
    rows = subject_rows(world)
    for logits, targets in _blocks(weights, rows, config):
        log_p = torch.log_softmax(logits, dim=1).gather(1, targets)
        loss += rows.weight * float(-log_p.mean(dim=1).sum())
        # KL(uniform on T || p) = sum_T (1/K) (log(1/K) - log p)
        uniform = torch.full_like(log_p, 1.0 / multiplicity)
        divergence += rows.weight * float((uniform * (uniform.log() - log_p)).sum())
    rows = answer_rows(world)
    answer_loss = correct = 0.0
    for logits, targets in _blocks(weights, rows, config):
        p = torch.softmax(logits, dim=1).gather(1, targets)
        loss += rows.weight * float((torch.logsumexp(logits, dim=1) - logits.gather(1, targets)[:, 0]).sum())
        answer_loss += rows.weight * float(-p.log().sum()) if bool((p > 0).all()) else math.nan
        correct += float(_is_argmax(logits, targets[:, 0]).sum())
    attention = pretraining_attention(weights, world, config)
    return {
        "pretraining_gap": _finite(loss - math.log(multiplicity)),
        "pretraining_floor": _finite(loss - divergence - answer_loss),
        "pretraining_accuracy": correct / len(rows.tokens),
        **{name: _finite(value) for name, value in attention.items()},
    }


def finetuning_observables(
    weights: Parameters, world: World, config: configuration.Model, finetuned: int
) -> dict[str, float | None]:
    """Errors on fine-tuned and held-out facts, and what the wrong answers are."""
    weights = weights.one_hot().to(torch.float64)
    (trained,) = finetuning_corpus(world, finetuned)
    wrong = sum(float((~_is_argmax(x, t[:, 0])).sum()) for x, t in _blocks(weights, trained, config))
    held_out = held_out_rows(world, finetuned)
    own = torch.from_numpy(world.template_tokens[world.finetuning_order[finetuned:]])
    loss, done = 0.0, 0
    missed, is_own = [], []
    for logits, targets in _blocks(weights, held_out, config):
        missed.append((~_is_argmax(logits, targets[:, 0])).cpu())
        loss += float((torch.logsumexp(logits, dim=1) - logits.gather(1, targets)[:, 0]).sum())
        mine = own[done : done + len(logits)].to(logits.device)
        is_own.append((logits.argmax(dim=1, keepdim=True) == mine).any(dim=1).cpu())
        done += len(logits)
    answers = Answers(torch.cat(missed).numpy(), torch.cat(is_own).numpy())
    return {
        "ood_error": int(answers.wrong.sum()) / done,
        "ood_loss": _finite(loss / done),
        "finetuning_error": wrong / finetuned,
        "prompt_subject_attention": _finite(prompt_attention(weights, world, config, finetuned)),
        **failure_observables(world, finetuned, answers),
        **_coverage_observables(world, finetuned),
    }


def _coverage_observables(world: World, finetuned: int) -> dict[str, float | None]:
    coverage = world.coverage(finetuned)
    unseen = unseen_templates(world, finetuned)
    templates = world.vocabulary.templates
    return {
        "unseen_own_templates": float(unseen.mean()),
        "some_template_unseen": float((unseen > 0).mean()),
        "no_template_seen": float((unseen == world.multiplicity).mean()),
        "templates_below_half": float(np.mean(2 * templates * coverage <= finetuned * world.multiplicity)),
    }


def _blocks(weights: Parameters, rows: Rows, config: configuration.Model) -> Iterator[tuple[Tensor, Tensor]]:
    device = weights.output.device
    size = max(1, _BLOCK // weights.output.shape[0])
    for start in range(0, len(rows.tokens), size):
        tokens = torch.from_numpy(rows.tokens[start : start + size]).to(device)
        yield last_logits(weights, tokens, config), torch.from_numpy(rows.targets[start : start + size]).to(device)


def _is_argmax(logits: Tensor, target: Tensor) -> Tensor:
    """Whether the target's logit is strictly greater than every other; a tie or NaN is not."""
    own = logits.gather(1, target[:, None])
    others = logits.scatter(1, target[:, None], -math.inf)
    return own[:, 0] > others.amax(dim=1)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
