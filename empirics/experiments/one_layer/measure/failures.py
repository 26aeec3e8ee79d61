"""Which held-out facts fail, and with what: coverage as the predictor of failure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from empirics.experiments.coverage import area_under_curve, unseen_templates
from empirics.experiments.world import World

__all__ = ["Answers", "failure_observables"]

_COUNTED = 3  # the last class holds this many unseen templates or more


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
    """Errors by number of unseen own templates; own templates among the errors; coverage as a predictor."""
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
    for count in range(_COUNTED + 1):
        members = unseen == count if count < _COUNTED else unseen >= count
        name = f"ood_error_unseen_{count}" + ("" if count < _COUNTED else "_or_more")
        found[name] = float(answers.wrong[members].mean()) if members.any() else None
    return found
