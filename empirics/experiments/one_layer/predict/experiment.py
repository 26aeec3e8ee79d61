"""The experiment, with what was predicted of each held-out fact before fine-tuning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.experiment import EXPERIMENT, OneLayer
from empirics.experiments.protocol import Point, UnitRun

__all__ = ["PREDICTED", "PredictedOneLayer"]


class PredictedOneLayer(OneLayer):
    """The one-layer transformer; per fact ``margin``, measured, and the scores of every predictor."""

    name = "one-layer-predicted"
    default = False

    def run_arms(
        self, settings: Sequence[Config], unit: Point, seeds: Sequence[int], device: str
    ) -> Iterator[list[UnitRun]]:
        """Runs with predicted errors, and the measured margin and predicted scores of each held-out fact."""
        from empirics.experiments.one_layer.predict.facts import measured_and_predicted
        from empirics.experiments.one_layer.run import run_arms

        return run_arms(settings, unit, seeds, device, measured_and_predicted)

    @property
    def folder(self) -> Path:
        """The whole experiment's."""
        return EXPERIMENT.folder


PREDICTED: Final = PredictedOneLayer()
