"""From a preset, a TOML file and single settings to the settings of an experiment."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.arms import arms_of
from empirics.experiments.defaults import fitted, tell
from empirics.experiments.protocol import Experiment
from empirics.experiments.registry import experiment as registered
from empirics.experiments.registry import experiments
from empirics.experiments.settings import ExperimentSettings
from empirics.settings import gathered, validated
from theory.spelling import near


def load_config(
    preset: str = "default", file: Path | None = None, settings: Iterable[str] = (), *, experiment: str | None = None
) -> Any:
    """The settings of an experiment by name (the default one if None); see :func:`load_settings`.

    Example:
        >>> load_config("quick", settings=["world.multiplicity=[1,2]"]).world.multiplicity
        (1, 2)
    """
    return load_settings(registered(experiment), preset, file, settings)


def load_settings(
    experiment: Experiment,
    preset: str = "default",
    file: Path | None = None,
    settings: Iterable[str] = (),
    say: Callable[[str], None] = tell,
) -> Any:
    """Settings from a preset, an optional TOML file and ``KEY=VALUE`` settings.

    Of the preset's values those that the others make impossible are left out, and named in one line to ``say``.

    Raises UsageError: anything wrong, in one line.
    """
    known = presets(experiment)
    if preset not in known:
        raise unknown_preset(preset, known, experiment.name)
    place = known[preset]
    data = tomllib.loads(place.read_text(encoding="utf-8")) if place is not None else {}
    single = list(settings)
    if file is not None and single:
        _fitted(experiment, data, file, [], lambda line: None)  # of both, the file's mistakes first
    return _fitted(experiment, data, file, single, say)


def _fitted(
    experiment: Experiment, data: Mapping[str, Any], file: Path | None, settings: list[str], say: Callable[[str], None]
) -> Any:
    """The settings; what is refused of a file alone names it."""
    given = gathered(experiment.settings, {}, file, settings)
    try:
        return fitted(experiment, data, given, say)
    except UsageError as error:
        if file is None or settings:
            raise
        raise UsageError(f"{file}: {error}") from None


def settings_from(experiment: Experiment, data: Mapping[str, Any]) -> ExperimentSettings:
    """Settings from nested mappings, arms checked too, with errors in one line."""
    found = validated(experiment.settings, data)
    arms_of(experiment, found)
    return found


def unknown_preset(preset: str, known: Iterable[str], owner: str) -> UsageError:
    """What is said of a preset that ``owner`` has not: the nearest that it has, all of them, or whose it may be."""
    names = list(known)
    like, theirs = near(preset, names), ""
    for other in experiments().values() if not like else ():
        alike = [name for name in presets(other) if name not in names and near(preset, [name])]
        theirs = theirs or (f"; {alike[0]} is a preset of {other.name}" if alike else "")
    return UsageError(f"preset={preset} is unknown; {f'{like} ' if like else ''}{owner} has {', '.join(names)}{theirs}")


def presets(experiment: Experiment) -> dict[str, Path | None]:
    """Presets by name: TOML files in ``presets/`` of the experiment's folder, and the defaults of the model."""
    files: dict[str, Path | None] = {f.stem: f for f in sorted((experiment.folder / "presets").glob("*.toml"))}
    return {"default": None} | files
