"""Observables of the mechanism: relation features, the fine-tuning gradient and update."""

from __future__ import annotations

import math

from empirics.observables.definition import SHARE, Observable

__all__ = ["OBSERVABLES"]

OBSERVABLES = (
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
        "feature_similarity",
        "Mean of cos(h_r, h_r') over pairs of different templates after pre-training, h_r = W e_r: near 1 the "
        "features share one direction, near 0 each template has its own.",
        "cosine",
        -1,
        1,
        per="unit",
    ),
    Observable(
        "rank_one_share",
        "Share of the squared Frobenius norm of the fine-tuning gradient of W at its first step that "
        "lies in the column of the prompt's embedding, in float64.",
        SHARE,
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
        SHARE,
        0,
        1,
    ),
    Observable(
        "prompt_cosine",
        "Squared cosine of the angle between the top right singular vector of that gradient and the "
        "prompt's embedding.",
        SHARE,
        0,
        1,
    ),
    Observable(
        "second_singular_share",
        "sigma_2^2 / |G|_F^2 of the fine-tuning gradient of W at its first step.",
        SHARE,
        0,
        1,
    ),
    Observable(
        "update_prompt_share",
        "Share of the squared Frobenius norm of Delta W, the change of W in fine-tuning, that lies in the "
        "column of the prompt's embedding.",
        SHARE,
        0,
        1,
    ),
    Observable(
        "update_top_singular_share",
        "sigma_1^2 / |Delta W|_F^2, Delta W the change of W in fine-tuning.",
        SHARE,
        0,
        1,
    ),
    Observable(
        "update_second_singular_share",
        "sigma_2^2 / |Delta W|_F^2, Delta W the change of W in fine-tuning.",
        SHARE,
        0,
        1,
    ),
    Observable(
        "update_prompt_cosine",
        "Squared cosine of the angle between the top right singular vector of Delta W and the prompt's embedding.",
        SHARE,
        0,
        1,
    ),
)
