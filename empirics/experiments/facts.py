"""What all experiments on facts share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from empirics.experiments import world
from empirics.experiments.protocol import Experiment, Point, UnitRun


class FactExperiment(Experiment):
    """Pre-trains a model on facts and fine-tunes it on questions about N_f of them; one pre-trained model for all N_f.

    Its settings hold ``[world]``, ``[model]``, ``[pretraining]`` and ``[finetuning]``.
    """

    axes = {"R": "world.templates", "K": "world.multiplicity", "N_f": "world.finetuned"}  # noqa: RUF012 - read only
    sources = (Path(__file__), Path(world.__file__))

    def run(self, settings: Any, unit: Point, seeds: Sequence[int], device: str) -> list[UnitRun]:
        """Observables of all N_f for each seed."""
        return next(self.run_arms([settings], unit, seeds, device))

    def facts_and_answers(self, settings: Any) -> tuple[int, int]:
        """S and A."""
        return settings.world.subjects, settings.world.answers

    def symbols(self, settings: Any, cell: Point) -> dict[str, float]:
        """All symbols of the paper's notation but epsilon."""
        subjects, answers = self.facts_and_answers(settings)
        return {
            "S": subjects,
            "A": answers,
            **dict(cell.values),
            "m": settings.model.width,
            "eta": settings.pretraining.learning_rate,
            "t": settings.pretraining.steps,
        }

    def start(self, settings: Any) -> str:
        """What decides a pre-trained model: all but ``[finetuning]`` and N_f."""
        found = self.deciding(settings)
        found.pop("finetuning")
        found["world"].pop("finetuned")
        return json.dumps(found, sort_keys=True)
