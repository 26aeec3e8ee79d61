"""The observables that no other experiment measures: definitions, without the code that measures them.

``measure`` fills all groups but the last, ``predict`` that one.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Final

from empirics.observables.definition import NATS, SHARE, Observable

_share = partial(Observable, unit=SHARE, lower=0, upper=1)
_nats = partial(Observable, unit=NATS, lower=0, upper=math.inf)
_ratio = partial(Observable, unit="1", lower=0, upper=math.inf)
_cosine = partial(Observable, unit="cosine", lower=-1, upper=1)

# The pre-trained model: how far its loss is from the floor, how fast it got there, where attention goes.
_PRETRAINED = (
    _nats(
        "pretraining_gap",
        "L_PT - log K after pre-training: how far the loss is above its floor, evaluated in float64.",
        better="lower",
    ),
    _nats(
        "pretraining_floor",
        "L_PT minus the mean KL(uniform on T(s) || p(.|s)) and minus the mean answer loss, in float64. "
        "By the identity it equals log K.",
    ),
    _share(
        "pretraining_accuracy",
        "Fraction of the pairs (s, r), r in T(s), whose arg max at [s, r] is a(s). A tie counts as an error.",
        trivial=0.0,
        better="higher",
    ),
    _share(
        "subject_attention",
        "Mean attention weight on the subject at the template's position after pre-training, over all "
        "pairs (s, r), r in T(s).",
    ),
    _nats(
        "linear_memory_gap",
        "L_PT - log K of the linear memory with uniform attention after t steps of full-batch gradient descent from "
        "0, in float64. Its bound holds in every world, so each run is judged, not their mean.",
        better="lower",
        sampling="exact",
    ),
    _ratio(
        "pretraining_smoothness",
        "The smoothness constant of the linear memory's loss in this world: beta = 1/2 lambda_max((1/S) sum phi(s) "
        "phi(s)^T + (1/(SK)) sum phi(s,r) phi(s,r)^T), where phi(s) = e_s and phi(s,r) = (e_s + e_r)/2.",
        unit="1 / step size",
    ),
    Observable(
        "template_dominance",
        "For the linear memory with uniform attention: the minimum of u_s'(r) - u_s'(a(s')) - max(0, u_s(r) - "
        "u_s(a(s'))) over facts s', templates r of s', and facts s that were not written with r. "
        "u_s(v) is the logit of v at [s] after pre-training.",
        NATS,
        -math.inf,
        math.inf,
    ),
    Observable(
        "pretraining_gap_slope",
        "Least-squares slope of log(gap t / log^2 t) on log t over the recorded steps t in [T/10, T]. T is the "
        "last step and gap = L_PT - log K. The slope is clipped to [-1, 1]. A constant gap has a slope below 1, so "
        "the upper clip affects only runs whose gap rises. The lower clip can only raise the mean.",
        "1",
        -1,
        1,
        better="lower",
    ),
    Observable(
        "pretraining_gap_exponent",
        "Least-squares slope of log gap on log t over the recorded steps t in [T/10, T].",
        "1",
        -math.inf,
        math.inf,
        better="lower",
    ),
    _share(
        "pretraining_gap_left",
        "L_PT - log K after pre-training, divided by its value at initialisation. It lies between 0 and 1 and ranges "
        "over orders of magnitude.",
        better="lower",
    ),
    _share(
        "distractor_attention",
        "Mean attention weight on all distractors at the template's position after pre-training, over "
        "all sequences of the corpus.",
        better="lower",
    ),
    _share(
        "template_attention",
        "Mean attention weight on the template at its own position after pre-training, over all sequences of "
        "the corpus.",
    ),
    _share(
        "subject_distractor_attention",
        "Mean attention weight on all distractors at the subject's position after pre-training, over all "
        "sequences of the corpus.",
        better="lower",
    ),
    _share(
        "distractor_attention_drop",
        "distractor_attention at initialisation minus distractor_attention after pre-training.",
        lower=-1,
        trivial=0.0,
        better="higher",
    ),
)

# The mechanism: relation features, the first fine-tuning gradient of W and the change that fine-tuning makes.
_MECHANISM = (
    _cosine(
        "feature_alignment_covered",
        "Mean of cos(Delta_p, h_r) over the templates r that some fine-tuned fact was written with. "
        "h_r = W e_r after pre-training; Delta_p is the change of W e_p in fine-tuning.",
    ),
    _cosine(
        "feature_alignment_uncovered",
        "Mean of cos(Delta_p, h_r) over the templates that no fine-tuned fact was written with. "
        "Undefined if there are none.",
    ),
    _cosine(
        "feature_alignment_contrast",
        "feature_alignment_covered minus feature_alignment_uncovered. Undefined where one of them is.",
        lower=-2,
        upper=2,
        trivial=0.0,
        better="higher",
    ),
    _cosine(
        "feature_similarity",
        "Mean of cos(h_r, h_r') over pairs of different templates after pre-training, with h_r = W e_r. Near 1, all "
        "features share one direction. Near 0, each template has its own.",
        per="unit",
    ),
    _share(
        "rank_one_share",
        "Fraction of the squared Frobenius norm of the fine-tuning gradient of W at its first step that "
        "lies in the column of the prompt's embedding, in float64.",
    ),
    _share(
        "gradient_coherence",
        "c = |mean w_i|^2 / mean |w_i|^2 over the fine-tuned facts, with w_i = (1 - alpha_i) delta_i. "
        "delta_i is the gradient at the hidden layer's input; alpha_i is the attention on the subject.",
        unit="1",
    ),
    _ratio(
        "gradient_norm_ratio",
        "tau = sum alpha_i^2 |delta_i|^2 / sum |w_i|^2 over the fine-tuned facts, as in gradient_coherence.",
    ),
    _ratio(
        "rank_one_deficit",
        "c (1/share - 1) / tau in float64. The share is computed from the assembled gradient, c and tau from the "
        "per-fact gradients. By the identity it equals 1 / N_f.",
    ),
    _share("top_singular_share", "sigma_1^2 / |G|_F^2 of the fine-tuning gradient of W at its first step."),
    _share(
        "prompt_cosine",
        "Squared cosine of the angle between the top right singular vector of that gradient and the "
        "prompt's embedding.",
    ),
    _share("second_singular_share", "sigma_2^2 / |G|_F^2 of the fine-tuning gradient of W at its first step."),
    _share(
        "update_prompt_share",
        "Fraction of the squared Frobenius norm of Delta W, the change of W in fine-tuning, that lies in the "
        "column of the prompt's embedding.",
    ),
    _share("update_top_singular_share", "sigma_1^2 / |Delta W|_F^2, Delta W the change of W in fine-tuning."),
    _share("update_second_singular_share", "sigma_2^2 / |Delta W|_F^2, Delta W the change of W in fine-tuning."),
    _share(
        "update_prompt_cosine",
        "Squared cosine of the angle between the top right singular vector of Delta W and the prompt's embedding.",
    ),
)

_CRITERION = (
    "by the two-sided criterion for the linear memory, which uses the pre-trained memory and the fine-tuning set "
    "alone, without running fine-tuning"
)
# The linear memory: what is decided of each held-out fact before fine-tuning, and whether fine-tuning agrees.
_TWO_SIDED = (
    _share("surely_extracted_share", f"Fraction of the held-out facts that are surely extracted {_CRITERION}."),
    _share("surely_failed_share", f"Fraction of the held-out facts that are surely answered wrongly {_CRITERION}."),
    _share("undecided_share", f"Fraction of the held-out facts that are left undecided {_CRITERION}.", better="lower"),
    _share(
        "two_sided_agreement",
        "Fraction of the held-out facts that are undecided or answered as the two-sided criterion decided: 1 less the "
        "fraction of exceptions.",
    ),
    _share(
        "half_mean_missed",
        "Fraction of the held-out facts that are not surely extracted by the two-sided criterion although each of "
        "their K templates appears in more than N_f K / (2|R|) fine-tuned facts.",
        better="lower",
    ),
    _share(
        "once_covered_missed",
        "Fraction of the held-out facts that are not surely failed by the two-sided criterion although one of their K "
        "templates appears in at most one fine-tuned fact.",
        better="lower",
    ),
    _nats(
        "two_sided_radius",
        "Proved bound on the error of the reduced system of the two-sided criterion: any difference of two entries of "
        "the prompt's column after fine-tuning lies within it of the reduced system's.",
        better="lower",
    ),
)


def _right_excess(name: str, which: str) -> Observable:
    definition = (
        f"Number of correct answers among the {which}, minus the 95 % quantile of Binomial(n, 1/A), where n is the "
        "number of these facts. Above 0, they are answered better than by guessing. Undefined if that quantile is n "
        "(as for n = 0)."
    )
    return Observable(f"{name}_right_excess", definition, "facts", -math.inf, math.inf)


# Right answers beyond what guessing gives.
_GUESSING = (
    _right_excess("unseen", "held-out facts that share no template with any fine-tuned fact"),
    _right_excess("shown", "held-out facts that share at least one template with a fine-tuned fact"),
    _right_excess("held_out", "held-out facts"),
)


def _predicted(name: str, how: str) -> Observable:
    definition = f"Fraction of the held-out facts that {how} predicts to fail. It uses no fine-tuning run."
    return Observable(f"predicted_ood_error_{name}", definition, SHARE, 0, 1, better="lower")


# What was predicted before fine-tuning.
_PREDICTIONS = (
    _predicted("coverage", "coverage (extracted if and only if all of the fact's K templates are covered)"),
    _predicted("prompt", "fine-tuning of the prompt's row of the MLP alone, W e_p,"),
    _predicted("linearised", "fine-tuning of the network linearised at its pre-trained weights"),
    _predicted("displaced", "the network at the weights that fine-tuning of the linearised network reaches"),
    _predicted("relinearised", "the same with the network linearised again after 1, 2, 4, ... predicted steps"),
)

OBSERVABLES: Final[tuple[Observable, ...]] = (
    *(replace(one, per="unit") for one in _PRETRAINED),
    *_MECHANISM,
    *_TWO_SIDED,
    *_GUESSING,
    *_PREDICTIONS,
)
