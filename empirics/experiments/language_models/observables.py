"""Observables of language models, beside those that they share with the one-layer model."""

from __future__ import annotations

import math

from empirics.observables.definition import NATS, SHARE, Observable

OBSERVABLES = (
    Observable(
        "statement_accuracy",
        "Share of the statements of a language model's corpus whose answer greedy decoding completes, token by "
        "token, after the text before it.",
        SHARE,
        0,
        1,
        trivial=0.0,
        better="higher",
        per="unit",
    ),
    Observable(
        "statement_gap",
        "Mean negative log probability of the statements of a language model's corpus less log(S K), the entropy of "
        "that corpus, which no model can go below.",
        NATS + " per statement",
        0,
        math.inf,
        better="lower",
        per="unit",
    ),
    Observable(
        "answer_reciprocal_rank",
        "Mean of 1/rank over the facts not fine-tuned, the rank of the answer by log probability among answers of "
        "its relation (evaluation.candidates of them, the answer included); a tie counts against it.",
        SHARE,
        0,
        1,
        better="higher",
    ),
)
