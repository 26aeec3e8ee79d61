"""The fine-tuned model: errors on the facts shown and on those held out; coverage, and guessing, beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool
from scipy.special import bdtr

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import finetuning_corpus, held_out_rows
from empirics.experiments.one_layer.forward import finite, is_argmax, logits_and_targets
from empirics.experiments.one_layer.measure.attention import prompt_attention
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import World, coverage_observables, unseen_templates

_COUNTED = 3  # the last class holds this many unseen templates or more
_GUESSED = 0.95  # guessing alone gives at most this quantile of right answers with this probability


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
    }


@dataclass(frozen=True)
class Answers:
    """What the model answers on the facts not fine-tuned, in the order of the fine-tuning order."""

    wrong: Bool[np.ndarray, " held_out"]  # whether the arg max is not a(s); a tie is wrong
    own_template: Bool[np.ndarray, " held_out"]  # whether the arg max is one of the fact's own templates


def failure_observables(world: World, finetuned: int, answers: Answers) -> dict[str, float | None]:
    """Errors by number of unseen templates, what the errors are, coverage as a predictor, and what exceeds guessing."""
    unseen = unseen_templates(world, finetuned)
    errors = int(answers.wrong.sum())
    share = float((answers.wrong & answers.own_template).sum()) / errors if errors else None
    chance = world.multiplicity / (world.vocabulary.size - 1)
    coverage = coverage_observables(world, finetuned, answers.wrong)
    found: dict[str, float | None] = {
        "own_template_error_share": share,
        "own_template_error_excess": None if share is None else share - chance,
        "coverage_auc_excess": coverage.pop("coverage_auc_excess"),
        "uncovered_extracted": float((~answers.wrong & (unseen > 0)).mean()),
    }
    shown = unseen < world.multiplicity
    for name, members in (("unseen", ~shown), ("shown", shown), ("held_out", np.ones_like(shown))):
        found[f"{name}_right_excess"] = _right_excess(~answers.wrong[members], world.vocabulary.answers)
    for count in range(_COUNTED + 1):
        members = unseen == count if count < _COUNTED else unseen >= count
        name = f"ood_error_unseen_{count}" + ("" if count < _COUNTED else "_or_more")
        found[name] = float(answers.wrong[members].mean()) if members.any() else None
    below_half = 2 * world.vocabulary.templates * world.coverage(finetuned) <= finetuned * world.multiplicity
    return {**found, **coverage, "templates_below_half": float(np.mean(below_half))}


def _right_excess(right: Bool[np.ndarray, " facts"], choices: int) -> float | None:
    """Right answers less the 95 % quantile of Binomial(facts, 1 / choices), the number that guessing gives.

    None where guessing may give them all, so that they could not be too many: no facts, or few with few choices.
    """
    n = len(right)
    guessed = int((bdtr(np.arange(n + 1), n, 1.0 / choices) < _GUESSED).sum())
    return None if guessed >= n else float(right.sum() - guessed)
