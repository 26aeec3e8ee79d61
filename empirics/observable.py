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
            Observable(
                "coverage_union",
                "P[some own template has C_r <= N_f K / (2|R|)] averaged over worlds, by the chain on counts "
                "in float64 (theory.covering.some_below_half_by_chain); undefined where the chain is too "
                "large.",
                "probability",
                0,
                1,
                trivial=1.0,
                sampling="exact",
            ),
            Observable(
                "linear_memory_gap",
                "L_PT - log K of the linear memory with uniform attention after t steps of full-batch "
                "gradient descent from 0, in float64. Its bound holds in every world, so every run is judged "
                "and not their mean.",
                _NATS,
                0,
                math.inf,
                better="lower",
                sampling="exact",
                per="unit",
            ),
            Observable(
                "pretraining_smoothness",
                "beta = lambda_max of (1/S) sum phi(s) phi(s)^T + (1/(SK)) sum phi(s,r) phi(s,r)^T, halved; "
                "phi(s) = e_s, phi(s,r) = (e_s + e_r)/2: the smoothness constant of the linear memory's loss "
                "in this world.",
                "1 / step size",
                0,
                math.inf,
                per="unit",
            ),
            Observable(
                "pretraining_gap_slope",
                "Least-squares slope of log(gap t / log^2 t) on log t over the last decade of steps, gap = "
                "L_PT - log K; clipped to [-10, 10].",
                "1",
                -10,
                10,
                better="lower",
                per="unit",
            ),
            Observable(
                "pretraining_gap_left",
                "L_PT - log K after pre-training divided by its value at initialisation, at most 1.",
                _SHARE,
                0,
                1,
                better="lower",
                per="unit",
            ),
            Observable(
                "coverage_auc_excess",
                "Area under the ROC curve, over the held-out facts of one run, of the number of uncovered own "
                "templates as a predictor of failure (ties count one half), less 1/2; undefined unless some "
                "facts fail and some do not.",
                "area",
                -0.5,
                0.5,
                trivial=0.0,
            ),
            Observable(
                "own_template_error_excess",
                "own_template_error_share less its chance level K / (V - 1): how much oftener a wrong answer "
                "is an own template than a wrong token drawn at random would be.",
                _SHARE,
                -1,
                1,
                trivial=0.0,
            ),
            Observable(
                "distractor_attention",
                "Mean attention weight on all distractors at the template's position after pre-training, over "
                "all sequences of the corpus.",
                _SHARE,
                0,
                1,
                better="lower",
                per="unit",
            ),
            Observable(
                "distractor_attention_drop",
                "distractor_attention at initialisation less distractor_attention after pre-training.",
                _SHARE,
                -1,
                1,
                trivial=0.0,
                better="higher",
                per="unit",
            ),
            Observable(
                "feature_alignment_covered",
                "Mean of cos(Delta_p, h_r) over the templates r that some fine-tuned fact was written with; "
                "h_r = W e_r after pre-training, Delta_p the change of W e_p in fine-tuning.",
                "cosine",
                -1,
                1,
            ),
            Observable(
                "feature_alignment_uncovered",
                "Mean of cos(Delta_p, h_r) over the templates that no fine-tuned fact was written with; "
                "undefined if there are none.",
                "cosine",
                -1,
                1,
            ),
            Observable(
                "feature_alignment_contrast",
                "feature_alignment_covered less feature_alignment_uncovered; undefined where one of them is.",
                "cosine",
                -2,
                2,
                trivial=0.0,
                better="higher",
            ),
            Observable(
                "rank_one_share",
                "Share of the squared Frobenius norm of the fine-tuning gradient of W at its first step that "
                "lies in the column of the prompt's embedding, in float64.",
                _SHARE,
                0,
                1,
            ),
            Observable(
                "gradient_coherence",
                "c = |mean w_i|^2 / mean |w_i|^2 over the fine-tuned facts, w_i = (1 - alpha_i) delta_i: "
                "delta_i the gradient at the hidden layer's input, alpha_i the attention on the subject.",
                "1",
                0,
                1,
            ),
            Observable(
                "gradient_norm_ratio",
                "tau = sum alpha_i^2 |delta_i|^2 / sum |w_i|^2 over the fine-tuned facts, as in gradient_coherence.",
                "1",
                0,
                math.inf,
            ),
            Observable(
                "rank_one_deficit",
                "c (1/share - 1) / tau, share from the assembled gradient, c and tau from the per-fact "
                "gradients, in float64; the identity says 1 / N_f.",
                "1",
                0,
                math.inf,
            ),
            Observable(
                "top_singular_share",
                "sigma_1^2 / |G|_F^2 of the fine-tuning gradient of W at its first step.",
                _SHARE,
                0,
                1,
            ),
            Observable(
                "prompt_cosine",
                "Squared cosine of the angle between the top right singular vector of that gradient and the "
                "prompt's embedding.",
                _SHARE,
                0,
                1,
            ),
        )
    }
)
