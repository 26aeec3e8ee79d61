"""Observables of the pre-trained model: how far its loss is from the floor, how fast, and where attention goes."""

from __future__ import annotations

import math

from empirics.observables.definition import NATS, SHARE, Observable

__all__ = ["OBSERVABLES"]

OBSERVABLES = (
    Observable(
        "pretraining_gap",
        "L_PT - log K after pre-training: how far the loss is above its floor, evaluated in float64.",
        NATS,
        0,
        math.inf,
        better="lower",
        per="unit",
    ),
    Observable(
        "pretraining_floor",
        "L_PT less the mean KL(uniform on T(s) || p(.|s)) and less the mean answer loss, in float64; "
        "the identity says log K.",
        NATS,
        0,
        math.inf,
        per="unit",
    ),
    Observable(
        "pretraining_accuracy",
        "Share of the pairs (s, r), r in T(s), whose arg max at [s, r] is a(s); a tie counts as an error.",
        SHARE,
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
        SHARE,
        0,
        1,
        per="unit",
    ),
    Observable(
        "linear_memory_gap",
        "L_PT - log K of the linear memory with uniform attention after t steps of full-batch "
        "gradient descent from 0, in float64. Its bound holds in every world, so every run is judged "
        "and not their mean.",
        NATS,
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
        "template_dominance",
        "Linear memory with uniform attention, u_s(v) the logit of v at [s] after pre-training: the minimum over "
        "facts s', own templates r of s' and other facts s that do not own r of "
        "u_s'(r) - u_s'(a(s')) - max(0, u_s(r) - u_s(a(s'))).",
        NATS,
        -math.inf,
        math.inf,
        per="unit",
    ),
    Observable(
        "pretraining_gap_slope",
        "Least-squares slope of log(gap t / log^2 t) on log t over the recorded steps t in [T/10, T], T the "
        "last one, gap = L_PT - log K; clipped to [-1, 1]. A constant gap has a slope below 1, so the upper "
        "clip touches only runs whose gap rises; the lower one only makes the mean larger.",
        "1",
        -1,
        1,
        better="lower",
        per="unit",
    ),
    Observable(
        "pretraining_gap_exponent",
        "Least-squares slope of log gap on log t over the recorded steps t in [T/10, T].",
        "1",
        -math.inf,
        math.inf,
        better="lower",
        per="unit",
    ),
    Observable(
        "pretraining_gap_left",
        "L_PT - log K after pre-training divided by its value at initialisation, between 0 and 1. It ranges "
        "over decades, so two runs of a seed are compared by the sign of their difference.",
        SHARE,
        0,
        1,
        better="lower",
        per="unit",
        paired="sign",
    ),
    Observable(
        "distractor_attention",
        "Mean attention weight on all distractors at the template's position after pre-training, over "
        "all sequences of the corpus.",
        SHARE,
        0,
        1,
        better="lower",
        per="unit",
    ),
    Observable(
        "template_attention",
        "Mean attention weight on the template at its own position after pre-training, over all sequences of "
        "the corpus.",
        SHARE,
        0,
        1,
        per="unit",
    ),
    Observable(
        "subject_distractor_attention",
        "Mean attention weight on all distractors at the subject's position after pre-training, over all "
        "sequences of the corpus.",
        SHARE,
        0,
        1,
        better="lower",
        per="unit",
    ),
    Observable(
        "distractor_attention_drop",
        "distractor_attention at initialisation less distractor_attention after pre-training.",
        SHARE,
        -1,
        1,
        trivial=0.0,
        better="higher",
        per="unit",
    ),
)
