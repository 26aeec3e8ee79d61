"""One run of one cell of an experiment, for people who want to look inside."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any, get_args

from empirics.errors import UsageError
from empirics.experiments.load import load_settings, settings_from
from empirics.experiments.memory import check_run
from empirics.experiments.presentation import FigureData
from empirics.experiments.protocol import Experiment, Inspected, Point
from empirics.experiments.registry import experiment_of
from empirics.files import prepare_directory, write_atomically
from theory.spelling import near


def run(config: Any = None, *, seed: int = 0, experiment: str | None = None, **axes: int | float) -> Any:
    """One run of the cell at these values of the axes, with the other settings as they are.

    Args:
        config: settings, by whose kind the experiment is told; the default preset if None.
        seed: everything random derives from it.
        experiment: its name, if not told by the settings.
        axes: a value for each column of the grid, as in ``templates=60, multiplicity=3, finetuned=20``.

    Raises:
        UsageError: an argument that is no axis, an impossible cell or seed, or an experiment that cannot be inspected.

    Example:
        >>> from empirics import load_config
        >>> config = load_config("quick", settings=["pretraining.steps=50"])
        >>> result = run(config, templates=10, multiplicity=2, finetuned=3, seed=0)
        >>> 0 <= result.observables["ood_error"] <= 1, result.world.own_templates.shape
        (True, (40, 2))
    """
    chosen = experiment_of(experiment, config)
    return inspect(chosen, config if config is not None else load_settings(chosen), axes, seed)


def inspect(experiment: Experiment, settings: Any, axes: Mapping[str, int | float], seed: int) -> Inspected:
    """The run at values of the grid's columns; see :func:`run`."""
    check_inspected(experiment)
    if not isinstance(seed, Integral) or not 0 <= seed <= 2**53:
        raise UsageError(f"seed={seed!r} is refused: allowed is an integer from 0 to 2^53")
    found, cell = at_cell(experiment, settings, axes)
    check_run(experiment, found, cell.on(experiment.run_axes))
    return experiment.inspect(found, cell, seed)


def check_inspected(experiment: Experiment) -> None:
    """UsageError if the experiment has no single runs to look into."""
    if type(experiment).inspect is Experiment.inspect:
        experiment.inspect(None, Point(()), 0)  # says so


def check_pictured(experiment: Experiment) -> None:
    """UsageError if the experiment has no pictures of a run."""
    if type(experiment).pictures is Experiment.pictures:
        experiment.pictures(None, Point(()), None)  # says so


def pictures(
    experiment: Experiment, settings: Any, axes: Mapping[str, int | float], finished: Inspected
) -> tuple[FigureData, ...]:
    """Pictures of the run at values of the grid's columns, as data."""
    found, cell = at_cell(experiment, settings, axes)
    return experiment.pictures(found, cell, finished)


def at_cell(experiment: Experiment, settings: Any, axes: Mapping[str, int | float]) -> tuple[Any, Point]:
    """The settings with the grid made the one cell at these values of its columns, and that cell.

    Raises UsageError: a column that is missing or unknown, or an impossible cell.
    """
    _check(experiment, axes)
    data = settings.model_dump()
    values = {symbol: _value(experiment, symbol, axes) for symbol in experiment.axes}
    for symbol, key in experiment.axes.items():
        section, _, name = key.partition(".")
        data[section][name] = (values[symbol],)
    return settings_from(experiment, data), Point(tuple(values.items()))


def settings_at(experiment: Experiment, axes: Mapping[str, int | float]) -> list[str]:
    """Single settings that make the grid the one cell at these values of its columns, without arms."""
    _check(experiment, axes)
    grid = [f"{key}=[{str(_value(experiment, symbol, axes)).lower()}]" for symbol, key in experiment.axes.items()]
    return [*grid, "arms.run=[]"]


def parsed(experiment: Experiment, axes: Mapping[str, str]) -> dict[str, int | float]:
    """Values of the grid's columns from text, as the notation says (UsageError: a text is none, or no column)."""
    _check(experiment, axes)
    found: dict[str, int | float] = {}
    for symbol in experiment.axes:
        name, known = experiment.column(symbol), experiment.notation[symbol]
        text, switch = axes[name], _is_switch(experiment, symbol)
        try:
            found[name] = _SWITCH[text.lower()] if switch else int(text) if known.integer else float(text)
        except (KeyError, ValueError):
            allowed = ", ".join(_SWITCH) if switch else known.domain
            raise UsageError(f"--{name.replace('_', '-')}={text} is refused: allowed is {allowed}") from None
    return found


def document(finished: Inspected) -> dict[str, Any]:
    """Observables and curves as one JSON document; a value that is not finite is null."""
    curves = {
        name: {"steps": list(curve.steps), "values": [v if math.isfinite(v) else None for v in curve.values]}
        for name, curve in finished.curves.items()
    }
    return {"observables": dict(finished.observables), "curves": curves}


def save(finished: Inspected, directory: Path) -> None:
    """Save arrays (safetensors, a file for each group), and world, observables and curves (run.json)."""
    from safetensors.numpy import save_file

    arrays = finished.arrays()
    prepare_directory(directory, files=(*(f"{name}.safetensors" for name in arrays), "run.json"))
    for name, group in arrays.items():
        save_file({key: value.copy() for key, value in group.items()}, directory / f"{name}.safetensors")
    text = json.dumps(document(finished) | {"world": finished.drawn()}, indent=1, allow_nan=False)
    write_atomically(directory / "run.json", text + "\n")


_SWITCH = {"0": False, "1": True, "false": False, "true": True}


def _is_switch(experiment: Experiment, symbol: str) -> bool:
    """Whether the settings hold truth values on this axis."""
    section, _, name = experiment.axes[symbol].partition(".")
    fields = getattr(experiment.settings.model_fields[section].annotation, "model_fields", {})
    return name in fields and bool in get_args(fields[name].annotation)


def _value(experiment: Experiment, symbol: str, axes: Mapping[str, int | float]) -> int | float:
    value = axes[experiment.column(symbol)]
    return bool(value) if value in (0, 1) and _is_switch(experiment, symbol) else value


def _check(experiment: Experiment, axes: Mapping[str, Any]) -> None:
    """Refuse what is no column of the grid, then a column without a value."""
    columns = [experiment.column(symbol) for symbol in experiment.axes]
    grid = f"the grid of {experiment.name} has {', '.join(columns)}"
    for name in (name for name in axes if name not in columns):
        like = near(name, [*columns, "seed", "experiment", "config"])
        raise UsageError(f"{name} is not an axis; {f'{like} ' if like else ''}{grid}")
    for name in (column for column in columns if column not in axes):
        raise UsageError(f"{name} is missing; {grid}")
