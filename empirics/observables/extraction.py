"""Observables of extraction: errors after fine-tuning, and the coverage that they go with."""

from __future__ import annotations

import math
from functools import partial

from empirics.observables.definition import NATS, SHARE, Observable

_share = partial(Observable, unit=SHARE, lower=0, upper=1)
_not_negative = partial(Observable, lower=0, upper=math.inf)
_BY_UNSEEN = {
    "0": "none of whose own templates is uncovered",
    "1": "with exactly one uncovered own template",
    "2": "with exactly two uncovered own templates",
    "3_or_more": "with three or more uncovered own templates",
}

OBSERVABLES = (
    _share(
        "ood_error",
        "Share of the facts not fine-tuned whose arg max at [s, p] over the whole vocabulary is not a(s); a tie counts "
        "as an error. For language models: whose greedy answer to the question is none of the accepted answers.",
        trivial=1.0,
        better="lower",
    ),
    _not_negative("ood_loss", "Mean -log p(a(s)|s,p) over the facts not fine-tuned.", unit=NATS, better="lower"),
    _share(
        "finetuning_error",
        "Share of the fine-tuned facts whose arg max at [s, p] is not a(s); a tie counts as an error.",
        trivial=1.0,
        better="lower",
    ),
    _share(
        "own_template_error_share",
        "Among the wrong held-out answers, the share whose arg max is one of the fact's own templates; "
        "undefined without errors.",
    ),
    _not_negative(
        "unseen_own_templates",
        "Mean over held-out facts of the number of own templates that no fine-tuned fact was written with.",
        unit="templates per fact",
    ),
    *(
        _share(
            f"ood_error_unseen_{number}",
            f"OOD error over the held-out facts {which}; undefined without any.",
            better="lower",
        )
        for number, which in _BY_UNSEEN.items()
    ),
    _share(
        "some_template_unseen",
        "Share of held-out facts with at least one own template that no fine-tuned fact was written with.",
    ),
    _share(
        "uncovered_extracted",
        "Share of held-out facts that are answered right although some own template is one that no fine-tuned fact "
        "was written with: extraction without coverage.",
    ),
    _not_negative(
        "finetuning_step",
        "Step size of fine-tuning, where it is full-batch gradient descent on the whole linear memory with uniform "
        "attention and every fact has an answer of its own.",
        unit="step size",
    ),
    _share(
        "no_template_seen", "Share of held-out facts none of whose own templates a fine-tuned fact was written with."
    ),
    _share(
        "templates_below_half",
        "Share of the templates r with C_r <= N_f K / (2|R|), C_r the number of fine-tuned facts with r.",
    ),
    Observable(
        "coverage_auc_excess",
        "Area under the ROC curve, over the held-out facts of one run, of the number of uncovered own templates as a "
        "predictor of failure (ties count one half), less 1/2; undefined unless some facts fail and some do not.",
        "area",
        -0.5,
        0.5,
        trivial=0.0,
    ),
    _share(
        "own_template_error_excess",
        "own_template_error_share less its chance level K / (V - 1): how much more often a wrong answer "
        "is an own template than a wrong token drawn at random would be.",
        lower=-1,
        trivial=0.0,
    ),
    _share(
        "prompt_subject_attention",
        "Mean attention weight on the subject at the prompt's position after fine-tuning, over the facts not "
        "fine-tuned.",
    ),
)
