"""Dependent defaults: what the user did not set follows what he set, and what was left out is told in one line.

A preset's values are defaults too. What the user set is what pydantic counts as set in each section
(``model_fields_set``), so that it is still known when facts or a device settle more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from empirics.experiments.arms import arms_of
from empirics.experiments.protocol import Experiment
from empirics.experiments.settings import ExperimentSettings, Limit
from empirics.settings import listed, validated

__all__ = ["adapted", "fitted", "quiet", "tell"]

Nested = Mapping[str, Mapping[str, Any]]


def tell(line: str) -> None:
    """A line on standard error."""
    print(f"factbound: {line}", file=sys.stderr)


def quiet(line: str) -> None:
    """No line: of settings whose grid and arms do not matter."""


def fitted(experiment: Experiment, preset: Nested, own: Nested, say: Callable[[str], None] = tell) -> Any:
    """The experiment's settings from a preset and from what the user set; in one line what was left out of the preset.

    Keys in ``follows`` of the settings take the value of another one, axes are clipped to ``limits``, and cells of arms
    that the grid no longer has become its last; all of this only to what the user did not set. Raises UsageError: what
    he set is impossible.
    """
    kind = experiment.settings
    data = {name: {**preset.get(name, {}), **own.get(name, {})} for name in {**preset, **own}}
    given = {f"{section}.{name}" for section, values in own.items() for name in values}
    changes = []
    for key, other in kind.follows.items():
        if other in given and key not in given:
            _put(data, key, _value(kind, data, other))
    for limit in kind.limits:
        before, kept = ([], []) if limit.key in given else _clipped(kind, data, limit)
        if kept != before:
            _put(data, limit.key, kept)
            out = ", ".join(str(n) for n in before if n not in kept)
            by = listed(_value(kind, data, limit.by))
            changes.append(f"{limit.key}={listed(kept)}, without {out} ({limit.text}, {limit.by}={by})")
    for key in experiment.axes.values():
        cells = f"arms.{key.partition('.')[2]}"
        chosen, grid = _value(kind, data, cells), _value(kind, data, key)
        if chosen and cells not in given and _numbers(grid) and not any(v in grid for v in chosen):
            _put(data, cells, [grid[-1]])
            changes.append(f"{cells}={listed([grid[-1]])}, since {listed(chosen)} is not in {key}")
    found = validated(kind, data)
    arms_of(experiment, found)
    if changes:
        say("defaults that follow your settings: " + "; ".join(changes))
    sections = {name: getattr(found, name) for name in kind.model_fields}
    return found.model_copy(
        update={
            name: type(section).model_construct(_fields_set=set(own.get(name, {})), **dict(section))
            for name, section in sections.items()
        }
    )


def adapted(experiment: Experiment, settings: ExperimentSettings, own: Nested) -> Any:
    """The settings with further values, as those of a table of facts; what the user did not set follows them too."""
    before = {name: getattr(settings, name) for name in type(settings).model_fields}
    mine = {name: {key: getattr(part, key) for key in part.model_fields_set} for name, part in before.items()}
    return fitted(experiment, settings.model_dump(), {name: {**mine[name], **own.get(name, {})} for name in mine})


def _value(kind: type[ExperimentSettings], data: Nested, key: str) -> Any:
    """What a key is to become, not yet validated; None where the settings have no such key."""
    section, _, name = key.partition(".")
    if name in data.get(section, {}):
        return data[section][name]
    field = kind.model_fields.get(section)
    return None if field is None else getattr(field.get_default(call_default_factory=True), name, None)


def _put(data: dict[str, dict[str, Any]], key: str, value: Any) -> None:
    section, _, name = key.partition(".")
    data.setdefault(section, {})[name] = value


def _numbers(value: Any) -> bool:
    """Whether it is an axis; of anything else validation says what is wrong."""
    return isinstance(value, list | tuple) and bool(value) and all(type(n) in (int, float) and n > 0 for n in value)


def _clipped(kind: type[ExperimentSettings], data: Nested, limit: Limit) -> tuple[list[int], list[int]]:
    """An axis, and those of its values that a limit allows (the greatest possible if none of them).

    Both empty where either is no integers: validation says so.
    """
    axis, by = _value(kind, data, limit.key), _value(kind, data, limit.by)
    numbers = [*axis, *(by if isinstance(by, list | tuple) else [by])] if isinstance(axis, list | tuple) else []
    if not axis or not all(type(n) is int for n in numbers) or not numbers[len(axis) :]:
        return [], []
    most = limit.most(by)
    return list(axis), [n for n in axis if most is None or n <= most] or [most]
