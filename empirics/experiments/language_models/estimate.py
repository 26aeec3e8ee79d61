"""How long runs will take, from a few steps of the largest unit on this machine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import torch

from empirics.experiments.language_models.config import LMConfig, Training
from empirics.experiments.language_models.run import Prepared, finetune, prepare
from empirics.experiments.language_models.score import greedy_answers, log_likelihoods
from empirics.experiments.language_models.train import answer_examples, statement_examples, train
from empirics.experiments.protocol import Point
from empirics.experiments.world import stream

__all__ = ["Timing", "calibrate"]

_WARM, _TIMED = 2, 4
_Stage = TypeVar("_Stage", bound=Training)
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Timing:
    """Seconds on this machine, on one thread.

    Attributes:
        preparing: world, tokenizer and model of one run.
        pretraining_step: one step on statements.
        finetuning_step: one step on questions.
        forward: one batch of scored sequences.
        decoding: one batch of greedy answers.
    """

    preparing: float
    pretraining_step: float
    finetuning_step: float
    forward: float
    decoding: float

    def run(self, config: LMConfig, unit: Point, facts: int, *, pretrained: bool = False) -> float:
        """Seconds of one run; ``pretrained`` if it finds the weights of another arm."""
        size = config.evaluation.batch_size
        statements = facts * int(unit["K"])
        scored = min(statements, config.evaluation.sentences or statements)
        seconds = self.preparing + 2 * math.ceil(scored / size) * self.forward
        if not pretrained:
            seconds += config.pretraining.steps * self.pretraining_step
        for count in config.world.finetuned:
            held_out = facts - count
            decoded = math.ceil(held_out / size) + math.ceil(count / size)
            ranked = math.ceil(held_out * config.evaluation.candidates / size) + math.ceil(held_out / size)
            seconds += config.finetuning.steps * self.finetuning_step + decoded * self.decoding + ranked * self.forward
        return seconds


def calibrate(config: LMConfig, unit: Point, device: str) -> Timing:
    """Time a few training steps and one batch of each kind of scoring, at a unit of the grid."""
    torch.set_num_threads(1)  # as the workers
    prepare(config, unit, config.seeds.base, device)  # libraries are loaded, files are read
    preparing, at = _timed(lambda: prepare(config, unit, config.seeds.base, device))
    size = config.evaluation.batch_size
    prompts = [text.prompt for text in (list(at.questions) * size)[:size]]
    asked = answer_examples((list(at.questions) * size)[:size])
    longest = 2 + max(len(text.tokens) - text.answer[0] for text in at.questions)
    score = (at.tokens, at.arithmetic, size)
    log_likelihoods(at.model, asked, *score)
    forward, _ = _timed(lambda: log_likelihoods(at.model, asked, *score))
    decoding, _ = _timed(lambda: greedy_answers(at.model, prompts, longest, *score))
    pretraining = _per_step(lambda steps: _pretrain(at, steps))
    count = max(config.world.finetuned)
    finetuning = _per_step(lambda steps: _finetune(at, steps, count))
    return Timing(preparing, pretraining, finetuning, forward, decoding)


def _pretrain(at: Prepared, steps: int) -> None:
    train(
        at.model,
        statement_examples(at.statements),
        _short(at.config.pretraining, steps),
        pad=at.tokens.pad,
        arithmetic=at.arithmetic,
        order=stream(at.seed, "calibration"),
    )


def _finetune(at: Prepared, steps: int, count: int) -> None:
    config = at.config.model_copy(update={"finetuning": _short(at.config.finetuning, steps)})
    tuned, _ = finetune(replace(at, config=config), count)
    if tuned is not at.model:
        tuned.unload()


def _short(settings: _Stage, steps: int) -> _Stage:
    return settings.model_copy(update={"steps": steps})


def _per_step(work: Callable[[int], None]) -> float:
    work(_WARM)
    return _timed(lambda: work(_TIMED))[0] / _TIMED


def _timed(work: Callable[[], _Result]) -> tuple[float, _Result]:
    """The median time of three calls, and the last result."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[1], result
