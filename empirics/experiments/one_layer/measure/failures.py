"""Which held-out facts fail, and with what: coverage as the predictor of failure, and guessing beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from scipy.stats import binom

from empirics.experiments.world import World, area_under_curve, unseen_templates

__all__ = ["Answers", "failure_observables"]

_COUNTED = 3  # the last class holds this many unseen templates or more
_GUESSED = 0.95  # guessing alone gives at most this quantile of right answers with this probability


@dataclass(frozen=True)
class Answers:
    """What the model answers on the facts not fine-tuned, in the order of the fine-tuning order.

    Attributes:
        wrong: whether the arg max is not a(s); a tie is wrong.
        own_template: whether the arg max is one of the fact's own templates.
    """

    wrong: Bool[np.ndarray, " held_out"]
    own_template: Bool[np.ndarray, " held_out"]


def failure_observables(world: World, finetuned: int, answers: Answers) -> dict[str, float | None]:
    """Errors by number of unseen templates, what the errors are, coverage as a predictor, and what exceeds guessing."""
    unseen = unseen_templates(world, finetuned)
    area = area_under_curve(unseen, answers.wrong)
    errors = int(answers.wrong.sum())
    share = float((answers.wrong & answers.own_template).sum()) / errors if errors else None
    chance = world.multiplicity / (world.vocabulary.size - 1)
    found: dict[str, float | None] = {
        "own_template_error_share": share,
        "own_template_error_excess": None if share is None else share - chance,
        "coverage_auc_excess": None if area is None else area - 0.5,
    }
    found["uncovered_extracted"] = float((~answers.wrong & (unseen > 0)).mean())
    shown = unseen < world.multiplicity
    for name, members in (("unseen", ~shown), ("shown", shown), ("held_out", np.ones_like(shown))):
        found[f"{name}_right_excess"] = _right_excess(~answers.wrong[members], world.vocabulary.answers)
    for count in range(_COUNTED + 1):
        members = unseen == count if count < _COUNTED else unseen >= count
        name = f"ood_error_unseen_{count}" + ("" if count < _COUNTED else "_or_more")
        found[name] = float(answers.wrong[members].mean()) if members.any() else None
    return found


def _right_excess(right: Bool[np.ndarray, " facts"], choices: int) -> float | None:
    """Right answers less the 95 % quantile of Binomial(facts, 1 / choices), the number that guessing gives.

    None where guessing may give them all, so that they could not be too many: no facts, or few with few choices.
    """
    guessed = int(binom.ppf(_GUESSED, len(right), 1.0 / choices)) if len(right) else 0
    return None if guessed >= len(right) else float(right.sum() - guessed)
