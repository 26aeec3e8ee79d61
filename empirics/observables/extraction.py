"""Observables of extraction: errors after fine-tuning, and the coverage that they go with."""

from __future__ import annotations

import math

from empirics.observables.definition import NATS, SHARE, Observable

__all__ = ["OBSERVABLES"]

OBSERVABLES = (
    Observable(
        "ood_error",
        "Share of the facts not fine-tuned whose arg max at [s, p] over the whole vocabulary is not a(s); "
        "a tie counts as an error. For language models: whose greedy answer to the question is none of the accepted "
        "answers.",
        SHARE,
        0,
        1,
        trivial=1.0,
        better="lower",
    ),
    Observable(
        "ood_loss",
        "Mean -log p(a(s)|s,p) over the facts not fine-tuned.",
        NATS,
        0,
        math.inf,
        better="lower",
    ),
    Observable(
        "finetuning_error",
        "Share of the fine-tuned facts whose arg max at [s, p] is not a(s); a tie counts as an error.",
        SHARE,
        0,
        1,
        trivial=1.0,
        better="lower",
    ),
    Observable(
        "own_template_error_share",
        "Among the wrong held-out answers, the share whose arg max is one of the fact's own templates; "
        "undefined without errors.",
        SHARE,
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
        "ood_error_unseen_0",
        "OOD error over the held-out facts none of whose own templates is uncovered; undefined without any.",
        SHARE,
        0,
        1,
        better="lower",
    ),
    Observable(
        "ood_error_unseen_1",
        "OOD error over the held-out facts with exactly one uncovered own template; undefined without any.",
        SHARE,
        0,
        1,
        better="lower",
    ),
    Observable(
        "ood_error_unseen_2",
        "OOD error over the held-out facts with exactly two uncovered own templates; undefined without any.",
        SHARE,
        0,
        1,
        better="lower",
    ),
    Observable(
        "ood_error_unseen_3_or_more",
        "OOD error over the held-out facts with three or more uncovered own templates; undefined without any.",
        SHARE,
        0,
        1,
        better="lower",
    ),
    Observable(
        "some_template_unseen",
        "Share of held-out facts with at least one own template that no fine-tuned fact was written with.",
        SHARE,
        0,
        1,
    ),
    Observable(
        "uncovered_extracted",
        "Share of held-out facts that are answered right although some own template is one that no fine-tuned fact "
        "was written with: extraction without coverage.",
        SHARE,
        0,
        1,
    ),
    Observable(
        "finetuning_step",
        "Step size of fine-tuning, where it is full-batch gradient descent on the whole linear memory with uniform "
        "attention and every fact has an answer of its own.",
        "step size",
        0,
        math.inf,
    ),
    Observable(
        "no_template_seen",
        "Share of held-out facts none of whose own templates a fine-tuned fact was written with.",
        SHARE,
        0,
        1,
    ),
    Observable(
        "templates_below_half",
        "Share of the templates r with C_r <= N_f K / (2|R|), C_r the number of fine-tuned facts with r.",
        SHARE,
        0,
        1,
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
        "own_template_error_share less its chance level K / (V - 1): how much more often a wrong answer "
        "is an own template than a wrong token drawn at random would be.",
        SHARE,
        -1,
        1,
        trivial=0.0,
    ),
    Observable(
        "prompt_subject_attention",
        "Mean attention weight on the subject at the prompt's position after fine-tuning, over the facts not "
        "fine-tuned.",
        SHARE,
        0,
        1,
    ),
)
