"""The fine-tuned model: errors on the facts shown and on those held out, beside the coverage of their templates."""

from __future__ import annotations

import numpy as np
import torch

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import finetuning_corpus, held_out_rows
from empirics.experiments.one_layer.measure.attention import prompt_attention
from empirics.experiments.one_layer.measure.evaluate import finite, is_argmax, logits_and_targets
from empirics.experiments.one_layer.measure.failures import Answers, failure_observables
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import World, unseen_templates

__all__ = ["finetuning_observables"]


def finetuning_observables(
    weights: Parameters, world: World, config: configuration.Model, finetuned: int
) -> dict[str, float | None]:
    """Errors on fine-tuned and held-out facts, and what the wrong answers are."""
    (trained,) = finetuning_corpus(world, finetuned)
    wrong = sum(float((~is_argmax(x, t[:, 0])).sum()) for x, t in logits_and_targets(weights, trained, config))
    held_out = held_out_rows(world, finetuned)
    own = torch.from_numpy(world.template_tokens[world.finetuning_order[finetuned:]])
    loss, done = 0.0, 0
    missed, is_own = [], []
    for logits, targets in logits_and_targets(weights, held_out, config):
        missed.append((~is_argmax(logits, targets[:, 0])).cpu())
        loss += float((torch.logsumexp(logits, dim=1) - logits.gather(1, targets)[:, 0]).sum())
        mine = own[done : done + len(logits)].to(logits.device)
        is_own.append((logits.argmax(dim=1, keepdim=True) == mine).any(dim=1).cpu())
        done += len(logits)
    answers = Answers(torch.cat(missed).numpy(), torch.cat(is_own).numpy())
    return {
        "ood_error": int(answers.wrong.sum()) / done,
        "ood_loss": finite(loss / done),
        "finetuning_error": wrong / finetuned,
        "prompt_subject_attention": finite(prompt_attention(weights, world, config, finetuned)),
        **failure_observables(world, finetuned, answers),
        **_coverage(world, finetuned),
    }


def _coverage(world: World, finetuned: int) -> dict[str, float | None]:
    coverage = world.coverage(finetuned)
    unseen = unseen_templates(world, finetuned)
    templates = world.vocabulary.templates
    return {
        "unseen_own_templates": float(unseen.mean()),
        "some_template_unseen": float((unseen > 0).mean()),
        "no_template_seen": float((unseen == world.multiplicity).mean()),
        "templates_below_half": float(np.mean(2 * templates * coverage <= finetuned * world.multiplicity)),
    }
