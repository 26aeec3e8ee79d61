"""The law as it ships: its constants, and features of pre-trained models at the sizes at which they were measured.

``law.json`` is written by ``make law`` (``tests/studies/law.py``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.predict.features import Features
from empirics.experiments.one_layer.predict.law import Constants

FILE = Path(__file__).parent / "law.json"


@dataclass(frozen=True)
class StoredLaw:
    """What ``law.json`` says.

    Attributes:
        deviation: 95 % of the cells that were held out have an arcsin sqrt(error) within this of the law's.
        ranges: the smallest and largest S, R, K and N_f to which the law was fitted.
        settings: the sections ``model``, ``pretraining`` and ``finetuning`` of what was run.
    """

    constants: Constants
    deviation: float
    ranges: dict[str, tuple[int, int]]
    settings: dict[str, Any]
    features: RegularGridInterpolator

    def features_at(self, subjects: int, templates: int, multiplicity: int) -> Features:
        """Interpolated linearly in log S, log |R| and log K; beyond the sizes measured, those of the nearest."""
        point = [
            float(np.clip(math.log(number), axis[0], axis[-1]))
            for number, axis in zip((subjects, templates, multiplicity), self.features.grid, strict=True)
        ]
        return Features.of_vector(self.features(point)[0])

    def outside(self, settings: Config, subjects: int, cell: dict[str, int]) -> tuple[str, ...]:
        """What of a cell lies outside what the law was fitted to, in words."""
        found = []
        for symbol, (low, high) in self.ranges.items():
            number = subjects if symbol == "S" else cell[symbol]
            if not low <= number <= high:
                found.append(f"{symbol}={number} (the data have {low} to {high})")
        if cell["R"] > subjects:
            found.append(f"R={cell['R']} above S={subjects}")
        if 4 * cell["N_f"] >= 3 * subjects:
            found.append(f"N_f={cell['N_f']}, three quarters of S={subjects} or more")
        if settings.world.answers != subjects:
            found.append(f"A={settings.world.answers} (the data have A = S)")
        return (*found, *self.other_training(settings, ("pretraining", "finetuning", "model")))

    def other_training(self, settings: Config, sections: tuple[str, ...]) -> tuple[str, ...]:
        """The settings in which training differs from what was run, each with both values."""
        given = settings.model_dump(mode="json")
        return tuple(
            f"{section}.{key}={value} (the data have {self.settings[section][key]})"
            for section in sections
            for key, value in given[section].items()
            if value != self.settings[section][key]
        )


def law_of(document: Mapping[str, Any]) -> StoredLaw:
    """The law that a document like ``law.json`` describes."""
    axes = [np.log(document["sizes"][symbol]) for symbol in ("S", "R", "K")]
    features = np.array(document["features"]).reshape(*(len(axis) for axis in axes), -1)
    return StoredLaw(
        constants=Constants(**document["constants"]),
        deviation=document["deviation"],
        ranges={symbol: (low, high) for symbol, (low, high) in document["ranges"].items()},
        settings=document["settings"],
        features=RegularGridInterpolator(axes, features),
    )


@cache
def stored_law() -> StoredLaw:
    """The law that ships."""
    return law_of(json.loads(FILE.read_text(encoding="utf-8")))
