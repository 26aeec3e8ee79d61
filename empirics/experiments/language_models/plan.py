"""What a configuration asks of language models: facts, runs, and the time they take, from a few steps timed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from empirics.experiments.arms import Arm
from empirics.experiments.language_models.config import LMConfig
from empirics.experiments.language_models.estimate import Timing, calibrate
from empirics.experiments.language_models.facts.selection import Selection, selected
from empirics.experiments.protocol import Experiment, Plan, Point

__all__ = ["LMPlan", "plan_of"]


@dataclass(frozen=True)
class LMPlan:
    """What would run, and how long it would take.

    Attributes:
        experiment: the experiment.
        config: its settings, settled.
        arms: the leading arm and its variants.
        selection: the facts.
        timing: measured here, for the unit with the largest multiplicity.
        workers: processes.
    """

    experiment: Experiment
    config: LMConfig
    arms: Sequence[Arm]
    selection: Selection
    timing: Timing
    workers: int

    def models(self, seeds: int) -> int:
        """Runs of all arms and units at so many seeds."""
        return sum(len(self.experiment.units(arm.settings)) for arm in self.arms) * seeds

    def seconds(self, seeds: int) -> float:
        """Estimated wall time for so many seeds of every unit."""
        facts = len(self.selection.facts)
        total, trained = 0.0, set[tuple[str, Point]]()
        for arm in self.arms:
            config = arm.settings
            assert isinstance(config, LMConfig)
            for unit in self.experiment.units(config):
                model = (self.experiment.start(config), unit)
                total += self.timing.run(config, unit, facts, pretrained=model in trained)
                trained.add(model)
        return total * seeds / min(self.workers, max(1, self.models(seeds)))

    def lines(self) -> tuple[str, ...]:
        """The plan in words."""
        seeds, grid, timing = self.config.seeds, self.config.world, self.timing
        least, most = self.models(seeds.minimum), self.models(seeds.maximum)
        span = f"{least}" if least == most else f"{least} to {most}"
        longest = "" if least == most else f", up to {_duration(self.seconds(seeds.maximum))} if more seeds can decide"
        return (
            *self.selection.lines,
            f"arms: {', '.join(arm.name for arm in self.arms)}; |R| in {list(grid.templates)}, K in "
            f"{list(grid.multiplicity)}, N_f in {list(grid.finetuned)}; {span} runs on {self.workers} "
            f"process{'es' if self.workers > 1 else ''}",
            f"a step on statements takes {timing.pretraining_step * 1000:.0f} ms, on questions "
            f"{timing.finetuning_step * 1000:.0f} ms, a batch of greedy answers {timing.decoding * 1000:.0f} ms here",
            f"estimated time: {_duration(self.seconds(seeds.minimum))}{longest}",
        )

    def document(self) -> dict[str, Any]:
        """The plan as strict JSON."""
        seeds = self.config.seeds
        return {
            "facts": {
                "source": self.selection.source,
                "taking_part": len(self.selection.facts),
                "available": self.selection.available,
                "relations": self.selection.relations,
                "left_out": self.selection.left_out,
                "read": list(self.selection.read),
            },
            "arms": [arm.name for arm in self.arms],
            "grid": self.config.world.model_dump(mode="json"),
            "runs": {"minimum": self.models(seeds.minimum), "maximum": self.models(seeds.maximum)},
            "workers": self.workers,
            "seconds": {
                "preparing": self.timing.preparing,
                "pretraining_step": self.timing.pretraining_step,
                "finetuning_step": self.timing.finetuning_step,
                "scoring_batch": self.timing.forward,
                "decoding_batch": self.timing.decoding,
                "estimate_minimum": self.seconds(seeds.minimum),
                "estimate_maximum": self.seconds(seeds.maximum),
            },
        }


def plan_of(experiment: Experiment, config: LMConfig, arms: Sequence[Arm], device: str, workers: int) -> Plan:
    """The plan of settled settings."""
    unit = max(experiment.units(config), key=lambda u: (u["K"], u["R"]))
    found = LMPlan(experiment, config, arms, selected(config.facts), calibrate(config, unit, device), workers)
    return Plan(workers, found.lines(), found.document())


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
