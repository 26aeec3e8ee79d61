"""What identifies a run: equal keys mean equal results, bit for bit, on this machine."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from empirics.experiments import protocol
from empirics.experiments.protocol import Experiment, Point
from empirics.experiments.settings import ExperimentSettings
from empirics.files import hash_of
from empirics.runs.device import resolved_device
from empirics.runs.environment import processor

__all__ = ["run_key"]

_version = lru_cache(maxsize=64)(version)


def run_key(experiment: Experiment, settings: ExperimentSettings, unit: Point, seed: int) -> str:
    """The key of one run: settings (without seeds, verdicts, and axes that it does not touch), sources, versions."""
    parts = {
        "experiment": experiment.name,
        "settings": experiment.deciding(settings),
        "device": resolved_device(settings.compute.device),
        "unit": unit.values,
        "seed": seed,
        "machine": [platform.machine(), processor()],
        "code": _code(experiment.folder, experiment.aside, experiment.sources),
        "libraries": {name: _version(name) for name in experiment.libraries},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=16)
def _code(folder: Path, aside: tuple[str, ...], sources: tuple[Path, ...]) -> str:
    places = (folder, *sources, Path(protocol.__file__))
    return hash_of(found for place in places for found in _files(place, aside if place == folder else ()))


def _files(place: Path, aside: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    if not place.is_dir():
        yield place.name, place
        return
    for file in sorted(place.rglob("*")):
        name = file.relative_to(place)
        compiled = "__pycache__" in name.parts or file.suffix == ".pyc"
        if file.is_file() and not compiled and not {name.parts[0], name.as_posix()} & set(aside):
            yield name.as_posix(), file
