"""Arms: variants of the main settings, each by the keys in which it differs.

An arm is an overlay of dotted settings keys, never a fork of the code. Its runs go through the same pool, store and
judge as the leading arm's, with the same seeds at the same looks, so that arms are paired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.protocol import Experiment
from empirics.experiments.settings import ExperimentSettings
from empirics.settings import validated
from theory.spelling import meant


@dataclass(frozen=True)
class Arm:
    """One arm of a verification."""

    name: str
    overlay: Mapping[str, Any]  # the keys in which it differs from the main settings, and their values
    settings: ExperimentSettings  # the effective ones, with the arm's own grid and no further arms


def arms_of(experiment: Experiment, settings: ExperimentSettings) -> tuple[Arm, ...]:
    """The leading arm, then those that ``arms.run`` names.

    An arm without a grid of its own runs at those cells of the main grid that ``[arms]`` selects; it is left out where
    there are none, and where its overlay changes nothing. Raises UsageError: an unknown arm, or an overlay that the
    main settings make impossible.
    """
    main = settings.model_copy(update={"arms": type(settings.arms)()})
    for name in settings.arms.run:
        if name not in experiment.overlays:
            known = meant(name, experiment.overlays) if experiment.overlays else f"{experiment.name} has none"
            raise UsageError(f"unknown arm arms.run={name!r}; {known}")
    others = (_arm(experiment, name, main, settings) for name in settings.arms.run)
    return (Arm(experiment.leading, {}, main), *(arm for arm in others if arm is not None))


def _arm(experiment: Experiment, name: str, main: ExperimentSettings, settings: ExperimentSettings) -> Arm | None:
    keys = experiment.overlays[name]
    data = main.model_dump(mode="python")
    for key in experiment.axes.values():
        section, _, axis = key.partition(".")
        chosen = getattr(settings.arms, axis, ())
        if chosen and key not in keys:
            data[section][axis] = tuple(v for v in data[section][axis] if v in chosen)
            if not data[section][axis]:
                return None
    overlay = {}
    for key, value in keys.items():
        section, _, entry = key.partition(".")
        present = data[section][entry]
        if (list(present) if isinstance(present, tuple) else present) != value:
            overlay[key] = value
            data[section][entry] = value
    if not overlay:
        return None
    try:
        return Arm(name, overlay, validated(type(settings), data))
    except UsageError as error:
        raise UsageError(f"arm {name} is impossible here: {error}; leave it out of arms.run") from None
