"""Observables of language models, beside those that they share with the one-layer model."""

from __future__ import annotations

import math

from empirics.observables.definition import NATS, SHARE, Observable

OBSERVABLES = (
    Observable(
        "statement_accuracy",
        "Fraction of the statements of a language model's corpus whose answer greedy decoding produces from the text "
        "before it, token by token.",
        SHARE,
        0,
        1,
        trivial=0.0,
        better="higher",
        per="unit",
    ),
    Observable(
        "statement_gap",
        "Mean negative log probability of the statements of a language model's corpus minus log(S K). log(S K) is the "
        "entropy of that corpus, so no model can go below it.",
        NATS + " per statement",
        0,
        math.inf,
        better="lower",
        per="unit",
    ),
    Observable(
        "passage_loss_rise",
        "Mean negative log probability a token of a fixed text that ships with factbound, after fine-tuning, minus "
        "that of the pre-trained model as it was given: what the model has forgotten. Not for models from scratch.",
        NATS + " per token",
        -math.inf,
        math.inf,
        better="lower",
    ),
    Observable(
        "answer_reciprocal_rank",
        "Mean reciprocal rank over the held-out facts: the rank of the correct answer by log probability among "
        "evaluation.candidates answers of its relation, itself included. A tie counts against it.",
        SHARE,
        0,
        1,
        better="higher",
    ),
)
