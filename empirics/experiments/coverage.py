"""Coverage in a world that was drawn: whose templates fine-tuning showed, and how well that predicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.world import IntArray, World

__all__ = ["area_under_curve", "unseen_templates"]

BoolArray = NDArray[np.bool_]


def unseen_templates(world: World, finetuned: int) -> IntArray:
    """For each fact not fine-tuned, its own templates that no fine-tuned fact was written with; shape [S - N_f]."""
    held_out = world.own_templates[world.finetuning_order[finetuned:]]
    return np.asarray((world.coverage(finetuned)[held_out] == 0).sum(axis=1), dtype=np.int64)


def area_under_curve(score: IntArray, positive: BoolArray) -> float | None:
    """P[a random positive scores above a random negative], ties one half; None if either class is empty."""
    ups, downs = score[positive], score[~positive]
    if len(ups) == 0 or len(downs) == 0:
        return None
    order = np.sort(downs)
    below = np.searchsorted(order, ups, side="left")
    upto = np.searchsorted(order, ups, side="right")
    return float((below + upto).sum()) / (2 * len(ups) * len(downs))
