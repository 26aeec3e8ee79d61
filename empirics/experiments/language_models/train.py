"""AdamW on token sequences: statements in pre-training, answers in fine-tuning."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics.experiments.language_models.config import LMCompute, Training
from empirics.experiments.language_models.extra import library
from empirics.experiments.language_models.layers import predicted
from empirics.experiments.language_models.tokenizer import Encoded
from empirics.experiments.protocol import Curve, logarithmic_steps

_IGNORED = -100  # the label that transformers leaves out of the loss
_BUCKET = 8  # batches of this many at a time are sorted by length, so that padding is short


@dataclass(frozen=True)
class Example:
    """A sequence and the position from which its tokens are to be predicted."""

    tokens: tuple[int, ...]
    first_target: int


@dataclass(frozen=True)
class Arithmetic:
    """Where and how precisely a model computes; weights stay in float32."""

    device: torch.device
    mixed: bool

    @classmethod
    def of(cls, compute: LMCompute, device: torch.device) -> Arithmetic:
        """Mixed precision if it is asked for, or if the device is an accelerator and the choice is left open."""
        return cls(device, compute.dtype == "bfloat16" or (compute.dtype == "auto" and device.type != "cpu"))

    def __call__(self) -> contextlib.AbstractContextManager[Any]:
        """The context in which the model is to be run."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.mixed else contextlib.nullcontext()


def statement_examples(statements: Sequence[Encoded]) -> list[Example]:
    """Every token after the begin mark is predicted."""
    return [Example(text.tokens, 1) for text in statements]


def answer_examples(questions: Sequence[Encoded]) -> list[Example]:
    """The answer and the end mark are predicted."""
    return [Example(text.tokens, text.answer[0]) for text in questions]


def cut_examples(texts: Sequence[Encoded]) -> list[Example]:
    """The answer alone is predicted, and the text ends with it."""
    return [Example(text.tokens[: text.answer[1]], text.answer[0]) for text in texts]


def batch(examples: Sequence[Example], pad: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Tokens and labels, padded at the end, where a causal model needs no mask; both of shape [batch, longest]."""
    longest = max(len(example.tokens) for example in examples)
    tokens = torch.full((len(examples), longest), pad)
    labels = torch.full((len(examples), longest), _IGNORED)
    for row, example in enumerate(examples):
        whole = torch.tensor(example.tokens)
        tokens[row, : len(whole)] = whole
        labels[row, example.first_target : len(whole)] = whole[example.first_target :]
    return tokens.to(device), labels.to(device)


def train(
    model: Any,
    examples: Sequence[Example],
    settings: Training,
    *,
    pad: int,
    arithmetic: Arithmetic,
    order: np.random.Generator,
) -> Curve:
    """Train in place; the loss (nats a token, on the step's batch) at logarithmic steps, while it is finite."""
    weights = [p for p in model.parameters() if p.requires_grad]
    betas = (0.9, settings.beta2)
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, betas=betas, weight_decay=settings.weight_decay)
    name = "constant_with_warmup" if settings.schedule == "constant" else settings.schedule
    schedule = library("transformers").get_scheduler(
        name, optimizer, num_warmup_steps=round(settings.warmup * settings.steps), num_training_steps=settings.steps
    )
    recorded = set(logarithmic_steps(settings.steps))
    steps, losses = [], []
    model.train()
    for step, members in enumerate(_batches(examples, settings, order), start=1):
        tokens, labels = batch(members, pad, arithmetic.device)
        with arithmetic():
            logits, targets, _ = predicted(model, tokens, labels)
        loss = torch.nn.functional.cross_entropy(logits.float(), targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        if step in recorded:
            steps.append(step)
            losses.append(float(loss.detach()))
            if not math.isfinite(losses[-1]):
                break
    model.eval()
    return Curve(tuple(steps), tuple(losses))


def _batches(examples: Sequence[Example], settings: Training, order: np.random.Generator) -> Iterator[list[Example]]:
    """``settings.steps`` batches: passes over shuffled examples; within a few batches sorted by length.

    Never more batches than a pass has are sorted together: one of like lengths could otherwise repeat the same example.
    """
    size = min(settings.batch_size, len(examples))
    together = min(_BUCKET, len(examples) // size)
    lengths = np.array([len(example.tokens) for example in examples])
    queue: list[np.ndarray[Any, Any]] = []
    left = np.empty(0, dtype=np.int64)
    for _ in range(settings.steps):
        if not queue:
            while len(left) < size * together:
                left = np.concatenate([left, order.permutation(len(examples))])
            chunk, left = left[: size * together], left[size * together :]
            chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
            parts = chunk.reshape(together, size)
            queue = [parts[i] for i in order.permutation(together)]
        yield [examples[i] for i in queue.pop()]
