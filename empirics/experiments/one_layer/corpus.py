"""Sequences and targets: what the model is trained on, as arrays of tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from empirics.experiments.world import World


@dataclass(frozen=True)
class Rows:
    """Prediction tasks of one shape: a context, and targets that share the mass equally.

    The loss of a set of rows is ``weight * sum_i [logsumexp(F_i) - mean_q F_i[target_iq]]``.
    """

    tokens: Int64[np.ndarray, "N n"]  # contexts; the last token is the querying position
    targets: Int64[np.ndarray, "N q"]  # tokens between which the target mass is shared
    weight: float


def subject_rows(world: World) -> Rows:
    """The subject's position predicts a template, uniform on T(s).

    Without distractors one row per subject ([s]); with them one row for each of the S K sequences ([d_1 .. d_L, s]),
    each with the target uniform on T(s), so that the loss floor stays log K.
    """
    subjects, multiplicity = world.own_templates.shape
    s = np.arange(subjects, dtype=np.int64)
    targets = world.template_tokens
    if world.pretraining_distractors.shape[2] == 0:
        return Rows(s[:, None], targets, 1.0 / subjects)
    before = _before(world)
    tokens = np.concatenate([before, np.repeat(s, multiplicity)[:, None]], axis=1)
    return Rows(tokens, np.repeat(targets, multiplicity, axis=0), 1.0 / (subjects * multiplicity))


def answer_rows(world: World) -> Rows:
    """The template's position predicts the answer: one row for each pair (s, r), r in T(s)."""
    subjects, multiplicity = world.own_templates.shape
    s = np.repeat(np.arange(subjects, dtype=np.int64), multiplicity)
    tokens = np.concatenate([_before(world), s[:, None], world.template_tokens.reshape(-1, 1)], axis=1)
    return Rows(tokens, world.answer_tokens[s][:, None], 1.0 / (subjects * multiplicity))


def pretraining_corpus(world: World) -> tuple[Rows, ...]:
    """All pre-training rows; their loss is L_PT."""
    return subject_rows(world), answer_rows(world)


def finetuning_corpus(world: World, finetuned: int) -> tuple[Rows, ...]:
    """[s, p] -> a(s) for the first ``finetuned`` facts of the fine-tuning order."""
    return (_question_rows(world, world.finetuning_order[:finetuned]),)


def held_out_rows(world: World, finetuned: int) -> Rows:
    """[s, p] -> a(s) for the facts not fine-tuned."""
    return _question_rows(world, world.finetuning_order[finetuned:])


def _question_rows(world: World, s: Int64[np.ndarray, " N"]) -> Rows:
    before = world.finetuning_distractors[s] + world.vocabulary.first_distractor
    prompt = np.full((len(s), 1), world.vocabulary.prompt, dtype=np.int64)
    tokens = np.concatenate([before, s[:, None], prompt], axis=1)
    return Rows(tokens, world.answer_tokens[s][:, None], 1.0 / max(len(s), 1))


def _before(world: World) -> Int64[np.ndarray, "N L"]:
    """Tokens of the pre-training distractors, one row for each of the S K sequences."""
    subjects, multiplicity, length = world.pretraining_distractors.shape
    tokens = world.pretraining_distractors + world.vocabulary.first_distractor
    return tokens.reshape(subjects * multiplicity, length)
