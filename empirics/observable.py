"""Observables: the measured quantities that claims speak of, by name.

A claim and an experiment meet only here. The range decides which confidence
limits exist: means of bounded observables get distribution-free limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

__all__ = ["OBSERVABLES", "Observable"]


@dataclass(frozen=True)
class Observable:
    """A measured quantity of a finished run.

    Attributes:
        name: its key in results, claims and the user's own tables.
        definition: what exactly is measured.
        unit: the unit in words.
        lower: least possible value.
        upper: greatest possible value, or infinity.
        trivial: the value that needs no theorem (1 for an error), or None.
        better: whether lower or higher values are better, or neither.
        sampling: ``"seed"`` if it varies between seeds; ``"exact"`` if it is a
            probability computed exactly from the cell's symbols.
        per: ``"unit"`` if it belongs to the pre-trained model, hence is the same
            for every N_f; else ``"cell"``.
    """

    name: str
    definition: str
    unit: str
    lower: float
    upper: float
    trivial: float | None = None
    better: Literal["lower", "higher", "neither"] = "neither"
    sampling: Literal["seed", "exact"] = "seed"
    per: Literal["cell", "unit"] = "cell"

    @property
    def bounded(self) -> bool:
        """Whether both ends of the range are finite."""
        return math.isfinite(self.lower) and math.isfinite(self.upper)


_SHARE = "share of 1"
_NATS = "nats"

OBSERVABLES: Final = MappingProxyType(
    {
        o.name: o
        for o in (
            Observable(
                "ood_error",
                "Share of the facts not fine-tuned whose arg max at [s, p] over the whole vocabulary is not a(s); "
                "a tie counts as an error.",
                _SHARE,
                0,
                1,
                trivial=1.0,
                better="lower",
            ),
            Observable(
                "ood_loss",
                "Mean -log p(a(s)|s,p) over the facts not fine-tuned.",
                _NATS,
                0,
                math.inf,
                better="lower",
            ),
            Observable(
                "finetuning_error",
                "Share of the fine-tuned facts whose arg max at [s, p] is not a(s); a tie counts as an error.",
                _SHARE,
                0,
                1,
                trivial=1.0,
                better="lower",
            ),
            Observable(
                "pretraining_gap",
                "L_PT - log K after pre-training: how far the loss is above its floor, evaluated in float64.",
                _NATS,
                0,
                math.inf,
                better="lower",
                per="unit",
            ),
            Observable(
                "pretraining_floor",
                "L_PT less the mean KL(uniform on T(s) || p(.|s)) and less the mean answer loss, in float64; "
                "the identity says log K.",
                _NATS,
                0,
                math.inf,
                per="unit",
            ),
            Observable(
                "pretraining_accuracy",
                "Share of the pairs (s, r), r in T(s), whose arg max at [s, r] is a(s); a tie counts as an error.",
                _SHARE,
                0,
                1,
                trivial=0.0,
                better="higher",
                per="unit",
            ),
            Observable(
                "subject_attention",
                "Mean attention weight on the subject at the template's position after pre-training, over all "
                "pairs (s, r), r in T(s).",
                _SHARE,
                0,
                1,
                per="unit",
            ),
            Observable(
                "own_template_error_share",
                "Among the wrong held-out answers, the share whose arg max is one of the fact's own templates; "
                "undefined without errors.",
                _SHARE,
                0,
                1,
            ),
            Observable(
                "unseen_own_templates",
                "Mean over held-out facts of the number of own templates that no fine-tuned fact was written with.",
                "templates per fact",
                0,
                math.inf,
            ),
            Observable(
                "some_template_unseen",
                "Share of held-out facts with at least one own template that no fine-tuned fact was written with.",
                _SHARE,
                0,
                1,
            ),
            Observable(
                "no_template_seen",
                "Share of held-out facts none of whose own templates a fine-tuned fact was written with.",
                _SHARE,
                0,
                1,
            ),
            Observable(
                "templates_below_half",
                "Share of the templates r with C_r <= N_f K / (2|R|), C_r the number of fine-tuned facts with r.",
                _SHARE,
                0,
                1,
            ),
            Observable(
                "covering_some_unseen",
                "P[some own template unseen] averaged over worlds, by the covering Markov chain in float64.",
                "probability",
                0,
                1,
                trivial=1.0,
                sampling="exact",
            ),
            Observable(
                "covering_none_seen",
                "P[no own template seen] averaged over worlds, as a product of hypergeometric factors in float64.",
                "probability",
                0,
                1,
                trivial=1.0,
                sampling="exact",
            ),
            Observable(
                "coverage_half_mean_tail",
                "P[C_r <= N_f K / (2|R|)] for C_r ~ Binomial(N_f, K/|R|), summed in exact integers.",
                "probability",
                0,
                1,
                trivial=1.0,
                sampling="exact",
            ),
        )
    }
)
