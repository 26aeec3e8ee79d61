"""What a map runs: a grid, and variations of it, one thing at a time.

A variation is an arm like any other: an overlay of configuration keys at the
cells that ``[arms]`` selects from the main grid, with the same seeds. Where
subjects vary, answers keep their surplus over them, and fine-tuning sets that no
longer fit are left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from empirics.errors import UsageError
from empirics.experiments.arms import Arm
from empirics.experiments.one_layer.config import Config, gathered, parse_setting, validate_config
from empirics.judging.table import MAIN

__all__ = ["VARIATIONS", "Variation", "load_map_config", "map_arms", "parse_variation"]

_AXES: Final = ("templates", "multiplicity", "finetuned")
_SECTIONS: Final = ("world", "model", "pretraining", "finetuning")
_TOGETHER: Final = MappingProxyType(
    {"attention_step": ("pretraining.attention_learning_rate", "finetuning.attention_learning_rate")}
)
"""Names under which several keys vary together."""


@dataclass(frozen=True)
class Variation:
    """One key (or name of several, ``attention_step``) and the values it takes beside the main configuration's."""

    key: str
    values: tuple[Any, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The configuration keys that vary."""
        return _TOGETHER.get(self.key, (self.key,))


VARIATIONS: Final[Mapping[str, tuple[Variation, ...]]] = MappingProxyType(
    {
        "quick": (Variation("world.subjects", (15,)), Variation("pretraining.steps", (400,))),
        "default": (
            Variation("world.subjects", (30, 120)),
            Variation("pretraining.steps", (500, 1000, 4000)),
            Variation("model.width", (16, 32, 128)),
            Variation("attention_step", (0.0, 0.2, 1.0)),
        ),
    }
)
"""What each preset of ``factbound map`` varies."""


def load_map_config(preset: str = "default", file: Path | None = None, settings: Iterable[str] = ()) -> Config:
    """The main configuration of a map from a preset of its own, an optional TOML file and ``KEY=VALUE`` settings.

    Raises:
        UsageError: anything wrong, in one line.
    """
    if preset not in VARIATIONS:
        raise UsageError(f"preset={preset} is unknown: allowed is {', '.join(VARIATIONS)}")
    data = tomllib.loads((resources.files("empirics.presets") / f"map-{preset}.toml").read_text(encoding="utf-8"))
    return validate_config(gathered(Config, data, file, settings))


def parse_variation(text: str) -> Variation:
    """A variation from ``KEY=[VALUE, ...]``.

    Raises:
        UsageError: not of that form, an axis of the grid, or a section that no run depends on.
    """
    key, separator, values = text.partition("=")
    key = key.strip()
    parsed = parse_setting(values) if separator else None
    if not separator or not isinstance(parsed, list) or not parsed:
        raise UsageError(f"--vary {text!r} is not of the form KEY=[VALUE, ...], as in model.width=[16,32]")
    section, _, name = key.partition(".")
    if key not in _TOGETHER and (section not in _SECTIONS or not name):
        raise UsageError(
            f"--vary {key} is refused: allowed are {', '.join(_TOGETHER)} and keys of "
            + ", ".join(f"[{s}]" for s in _SECTIONS)
        )
    if section == "world" and name in _AXES:
        raise UsageError(f"--vary {key} is refused: it is an axis of the grid; allowed is --set {key}=[...]")
    return Variation(key, tuple(parsed))


def map_arms(config: Config, variations: Sequence[Variation]) -> tuple[Arm, ...]:
    """The main grid, and one arm for each value of each variation that differs from the main configuration.

    Raises:
        UsageError: a value that the configuration refuses, or arms that a map does not run.
    """
    if config.arms.run:
        raise UsageError(f"arms.run={list(config.arms.run)} is refused: a map varies by --vary; allowed is []")
    main = config.model_copy(update={"arms": type(config.arms)()})
    arms = [Arm(MAIN, {}, main)]
    for variation in variations:
        for value in variation.values:
            arm = _arm(config, main, variation, value)
            if arm is not None and all(arm.name != other.name for other in arms):
                arms.append(arm)
    return tuple(arms)


def _arm(config: Config, main: Config, variation: Variation, value: Any) -> Arm | None:
    data = main.model_dump()
    before = {key: _get(data, key) for key in variation.keys}
    if all(current == value and type(current) is type(value) for current in before.values()):
        return None
    for axis in _AXES:
        chosen = getattr(config.arms, axis)
        if chosen:
            kept = tuple(v for v in data["world"][axis] if v in chosen)
            if not kept:
                allowed = list(data["world"][axis])
                raise UsageError(f"arms.{axis}={list(chosen)} is refused: allowed are values of world.{axis}={allowed}")
            data["world"][axis] = kept
    for key in variation.keys:
        section, _, name = key.partition(".")
        data[section][name] = value
    if variation.key == "world.subjects" and isinstance(value, int):
        data["world"]["answers"] = max(1, value + main.world.answers - main.world.subjects)
        data["world"]["finetuned"] = tuple(n for n in data["world"]["finetuned"] if n < value)
    return Arm(f"{variation.key}={value}", dict.fromkeys(variation.keys, value), validate_config(data))


def _get(data: Mapping[str, Any], key: str) -> Any:
    section, _, name = key.partition(".")
    if name not in data[section]:
        raise UsageError(f"unknown key {key}; allowed in [{section}] are {', '.join(data[section])}")
    return data[section][name]
