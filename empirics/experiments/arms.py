"""Arms: variants of the main configuration, each by the keys in which it differs.

An arm is an overlay of dotted configuration keys, never a fork of the code. Its
runs go through the same sweep, store, adaptive seeds and judge as the main
arm's, with the same seeds, so that arms are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar

from empirics.experiments.one_layer.config import Arms, Config, validate_config
from empirics.errors import UsageError
from empirics.experiments.protocol import ExperimentConfig
from empirics.judging.table import MAIN

__all__ = ["ARMS", "Arm", "arms_of", "overlaid"]

_AXES = ("templates", "multiplicity", "finetuned")

_LORA: Final = {"finetuning.method": "lora", "finetuning.targets": ["input"]}

ARMS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        # Arms that claims speak of.
        "linear-memory": {
            # The reference setting of the rate's documentation; a step below 1/beta in nearly every such world.
            "world.subjects": 30,
            "world.answers": 30,
            "world.distractors": 0,
            "world.templates": [8],
            "world.multiplicity": [1, 3],
            "world.finetuned": [6, 10],
            "world.answers_shared": False,
            "model.mlp": False,
            "model.attention": False,
            "model.residual": False,
            "model.trained_embeddings": False,
            "model.train_output": True,
            "model.init_scale": 0.0,
            "pretraining.optimizer": "gd",
            "pretraining.batch_size": 0,
            "pretraining.learning_rate": 10.0,
            "pretraining.schedule": "constant",
            "pretraining.steps": 4000,
            "pretraining.target_gap": 0.0,
            # The largest step that the theorem on its extraction allows.
            "finetuning.method": "full",
            "finetuning.optimizer": "gd",
            "finetuning.batch_size": 0,
            "finetuning.learning_rate": 8.0,
            "finetuning.steps": 200,
            "compute.dtype": "float64",
        },
        "low-rank": {**_LORA, "finetuning.rank": 1},
        "distractors": {
            # A world of its own: nothing is compared with the main arm.
            "world.subjects": 30,
            "world.answers": 30,
            "world.distractors": 2,
            "world.distractor_vocabulary": 10,
            "world.templates": [8],
            "world.multiplicity": [3],
            "world.finetuned": [5],
        },
        "attention-only": {"model.mlp": False},
        "mlp-only": {"model.attention": False},
        "decayed-rate": {"pretraining.schedule": "cosine"},
        # Arms that no claim speaks of: further premises, reported beside the others. LoRA starts with rows of
        # squared length m / rank, which multiplies its step; a rate of 1/64 matches full fine-tuning's at m = 64.
        "low-rank-small-step": {**_LORA, "finetuning.rank": 1, "finetuning.learning_rate": 1 / 64},
        "low-rank-4": {**_LORA, "finetuning.rank": 4, "finetuning.learning_rate": 1 / 64},
        "low-rank-16": {**_LORA, "finetuning.rank": 16, "finetuning.learning_rate": 1 / 64},
        "frozen-output": {"model.train_output": False},
        "distractors-large": {"world.distractors": 2, "world.distractor_vocabulary": 10},
        "attention-only-large-step": {"model.mlp": False, "pretraining.learning_rate": 10.0},
        "residual": {"model.residual": True},
        "trained-embeddings": {"model.trained_embeddings": True},
        "smoothed-relu": {"model.activation": "smoothed-relu"},
        "identity-activation": {"model.activation": "identity"},
        "shared-answers": {"world.answers_shared": True},
        "equal-attention-step": {
            "pretraining.attention_learning_rate": 1.0,
            "finetuning.attention_learning_rate": 1.0,
        },
        "adam-finetuning": {"finetuning.optimizer": "adam", "finetuning.learning_rate": 0.01},
        "large-step-finetuning": {"finetuning.learning_rate": 5.0},
    }
)
"""Overlays by name. Grid axes in an overlay are the arm's own; else it takes part of the main grid."""


@dataclass(frozen=True)
class Arm:
    """One arm of a verification.

    Attributes:
        name: the variant's name in results.
        overlay: the keys in which it differs from the main configuration, and their values.
        config: the effective configuration, with the arm's own grid and no further arms.
    """

    name: str
    overlay: Mapping[str, Any]
    config: ExperimentConfig


class _Configuration(ExperimentConfig, Protocol):
    @property
    def arms(self) -> Arms: ...

    def model_copy(self, *, update: Mapping[str, Any]) -> Any: ...


_Kind = TypeVar("_Kind", bound=_Configuration)


def arms_of(config: Config) -> tuple[Arm, ...]:
    """The main arm, then those that ``arms.run`` names.

    An arm without a grid of its own runs at those cells of the main grid that
    ``[arms]`` selects; it is left out where there are none, and where its
    overlay changes nothing.

    Raises:
        UsageError: an unknown arm, or an overlay that the main configuration makes impossible.
    """
    return overlaid(config, ARMS, MAIN, validate_config)


def overlaid(
    config: _Kind,
    overlays: Mapping[str, Mapping[str, Any]],
    leading: str,
    validate: Callable[[Mapping[str, Any]], _Kind],
) -> tuple[Arm, ...]:
    """The leading arm, then those of ``overlays`` that ``arms.run`` names; see :func:`arms_of`."""
    main: _Kind = config.model_copy(update={"arms": Arms()})
    found = [Arm(leading, {}, main)]
    for name in config.arms.run:
        if name not in overlays:
            raise UsageError(f"arms.run={name!r} is refused: allowed are {', '.join(overlays)}")
        arm = _arm(name, overlays[name], main, config.arms, validate)
        if arm is not None:
            found.append(arm)
    return tuple(found)


def _arm(
    name: str,
    keys: Mapping[str, Any],
    main: _Kind,
    selection: Arms,
    validate: Callable[[Mapping[str, Any]], _Kind],
) -> Arm | None:
    data = main.model_dump(mode="python")
    for axis in _AXES:
        chosen = getattr(selection, axis)
        if chosen and f"world.{axis}" not in keys:
            data["world"][axis] = tuple(v for v in data["world"][axis] if v in chosen)
            if not data["world"][axis]:
                return None
    overlay = {}
    for key, value in keys.items():
        section, _, entry = key.partition(".")
        if _plain(data[section][entry]) != value:
            overlay[key] = value
            data[section][entry] = value
    if not overlay:
        return None
    try:
        return Arm(name, overlay, validate(data))
    except UsageError as error:
        raise UsageError(f"arm {name} is impossible here: {error}; leave it out of arms.run") from None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
