"""Observables of extraction: errors after fine-tuning, and the coverage that they go with."""

from __future__ import annotations

import math
from functools import partial

from empirics.observables.definition import NATS, SHARE, Observable

_share = partial(Observable, unit=SHARE, lower=0, upper=1)
_not_negative = partial(Observable, lower=0, upper=math.inf)
_BY_UNSEEN = {
    "0": "all of whose K templates are covered",
    "1": "with exactly one of their K templates uncovered",
    "2": "with exactly two of their K templates uncovered",
    "3_or_more": "with three or more of their K templates uncovered",
}

OBSERVABLES = (
    _share(
        "ood_error",
        "Fraction of the held-out facts whose arg max at [s, p] over the whole vocabulary is not a(s). A tie counts "
        "as an error. For language models: fraction whose greedy answer to the question is none of the accepted "
        "answers.",
        trivial=1.0,
        better="lower",
    ),
    _not_negative("ood_loss", "Mean -log p(a(s)|s,p) over the held-out facts.", unit=NATS, better="lower"),
    _share(
        "finetuning_error",
        "Fraction of the fine-tuned facts whose arg max at [s, p] is not a(s). A tie counts as an error.",
        trivial=1.0,
        better="lower",
    ),
    _share(
        "own_template_error_share",
        "Among the wrong held-out answers, the fraction whose arg max is one of the fact's K templates. "
        "Undefined if there are no errors.",
    ),
    _not_negative(
        "unseen_own_templates",
        "Mean over held-out facts of the number of the fact's K templates that no fine-tuned fact was written with.",
        unit="templates per fact",
    ),
    *(
        _share(
            f"ood_error_unseen_{number}",
            f"OOD error over the held-out facts {which}. Undefined if there are none.",
            better="lower",
        )
        for number, which in _BY_UNSEEN.items()
    ),
    _share(
        "some_template_unseen",
        "Fraction of held-out facts with at least one of their K templates that no fine-tuned fact was written with.",
    ),
    _share(
        "uncovered_extracted",
        "Fraction of held-out facts that are answered correctly although no fine-tuned fact was written with at least "
        "one of their K templates: extraction without coverage.",
    ),
    _not_negative(
        "finetuning_step",
        "Step size of fine-tuning. Defined for full-batch gradient descent on the whole linear memory with uniform "
        "attention, if all answers are distinct.",
        unit="step size",
    ),
    _share(
        "no_template_seen",
        "Fraction of held-out facts such that no fine-tuned fact was written with any of their K templates.",
    ),
    _share(
        "templates_below_half",
        "Fraction of the templates r with C_r <= N_f K / (2|R|). C_r is the number of fine-tuned facts with r.",
    ),
    Observable(
        "coverage_auc_excess",
        "Area under the ROC curve minus 1/2. The predictor of failure is the number of a fact's K templates that are "
        "uncovered, over the held-out facts of one run. Ties count one half. Undefined unless some facts fail and "
        "some do not.",
        "area",
        -0.5,
        0.5,
        trivial=0.0,
    ),
    _share(
        "own_template_error_excess",
        "own_template_error_share minus its chance level K / (V - 1): how much more often a wrong answer is one of "
        "the fact's K templates than a wrong token drawn at random would be.",
        lower=-1,
        trivial=0.0,
    ),
    _share(
        "prompt_subject_attention",
        "Mean attention weight on the subject at the prompt's position after fine-tuning, over the held-out facts.",
    ),
)
