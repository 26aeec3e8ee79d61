"""What a configuration asks of language models: facts, runs, and the time they take, from a few steps timed here."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

import torch

from empirics.experiments.arms import Arm
from empirics.experiments.language_models.config import LMConfig
from empirics.experiments.language_models.known import taking_part
from empirics.experiments.language_models.run import finetune, prepare, pretrain_steps
from empirics.experiments.language_models.train import answer_examples
from empirics.experiments.protocol import Experiment, Plan, Point
from empirics.experiments.wording import duration
from theory.plural import counted

_WARM, _TIMED = 2, 4
_Result = TypeVar("_Result")


def plan_of(experiment: Experiment, config: LMConfig, arms: Sequence[Arm], device: str, workers: int) -> Plan:
    """The plan of settled settings, timed at the unit with the largest multiplicity."""
    selection = taking_part(config)
    timing = calibrate(config, max(experiment.units(config), key=lambda u: (u["K"], u["R"])), device)
    runs = sum(len(experiment.units(arm.settings)) for arm in arms)
    alone, trained = 0.0, set[tuple[str, Point]]()  # seconds of all runs at one seed
    for arm in arms:
        assert isinstance(arm.settings, LMConfig)
        for unit in experiment.units(arm.settings):
            model = (experiment.start(arm.settings), unit)
            alone += timing.run(arm.settings, unit, len(selection.facts), pretrained=model in trained)
            trained.add(model)
    looks = {"minimum": config.seeds.minimum, "maximum": config.seeds.maximum}
    models = {look: runs * seeds for look, seeds in looks.items()}
    seconds = {look: alone * seeds / min(workers, max(1, runs * seeds)) for look, seeds in looks.items()}
    several = looks["minimum"] < looks["maximum"]
    span = (f"{models['minimum']} to " if several else "") + counted(models["maximum"], "run")
    longest = f", up to {duration(seconds['maximum'])} if more seeds can decide" if several else ""
    grid, names = config.world, [arm.name for arm in arms]
    lines = (
        *selection.lines,
        f"arms: {', '.join(names)}; |R| in {list(grid.templates)}, K in {list(grid.multiplicity)}, "
        f"N_f in {list(grid.finetuned)}; {span} on {counted(workers, 'process', 'processes')}",
        f"a step on statements takes {timing.pretraining_step * 1000:.0f} ms, on questions "
        f"{timing.finetuning_step * 1000:.0f} ms, a batch of greedy answers {timing.decoding_batch * 1000:.0f} ms here",
        f"estimated time: {duration(seconds['minimum'])}{longest}",
    )
    document = {
        "facts": {
            "source": selection.source,
            "taking_part": len(selection.facts),
            "available": selection.available,
            "relations": selection.relations,
            "left_out": selection.left_out,
            "read": list(selection.read),
        },
        "arms": names,
        "grid": grid.model_dump(mode="json"),
        "runs": models,
        "workers": workers,
        "seconds": asdict(timing) | {f"estimate_{look}": value for look, value in seconds.items()},
    }
    return Plan(workers, lines, document)


@dataclass(frozen=True)
class Timing:
    """Seconds on this machine, on one thread."""

    preparing: float  # world, tokenizer and model of one run
    pretraining_step: float
    finetuning_step: float
    scoring_batch: float
    decoding_batch: float

    def run(self, config: LMConfig, unit: Point, facts: int, *, pretrained: bool = False) -> float:
        """Seconds of one run; ``pretrained`` if it finds the weights of another arm."""
        size = config.evaluation.batch_size
        statements = facts * int(unit["K"])
        scored = min(statements, config.evaluation.sentences or statements)
        seconds = self.preparing + 2 * math.ceil(scored / size) * self.scoring_batch
        if not pretrained:
            seconds += config.pretraining.steps * self.pretraining_step
        for count in config.world.finetuned:
            held_out = facts - count
            seconds += config.finetuning.steps * self.finetuning_step
            if config.pretraining.target == "answer":  # a look at each prompt tells all
                seconds += (math.ceil(held_out / size) + math.ceil(count / size)) * self.scoring_batch
                continue
            decoded = math.ceil(held_out / size) + math.ceil(count / size)
            ranked = math.ceil(held_out * config.evaluation.candidates / size) + math.ceil(held_out / size)
            seconds += decoded * self.decoding_batch + ranked * self.scoring_batch
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
    scorer = at.scorer(at.model)
    scorer.log_likelihoods(asked)
    forward, _ = _timed(lambda: scorer.log_likelihoods(asked))
    decoding = forward if at.cut else _timed(lambda: scorer.greedy_answers(prompts, longest))[0]

    def train(steps: int) -> None:
        pretrain_steps(at, config.pretraining.model_copy(update={"steps": steps}), "calibration")

    def tune(steps: int) -> None:
        short = config.model_copy(update={"finetuning": config.finetuning.model_copy(update={"steps": steps})})
        tuned, _ = finetune(replace(at, config=short), max(config.world.finetuned))
        if tuned is not at.model:
            tuned.unload()

    return Timing(preparing, _per_step(train), _per_step(tune), forward, decoding)


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
