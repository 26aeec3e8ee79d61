"""One run of one cell of an experiment, for people who want to look inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.load import load_settings, settings_from
from empirics.experiments.protocol import Experiment, Inspected, Point
from empirics.experiments.registry import experiment as registered
from empirics.experiments.registry import experiments
from empirics.files import prepare_directory, write_atomically

__all__ = ["document", "inspect", "run", "save", "settings_at"]


def run(config: Any = None, *, seed: int, experiment: str | None = None, **axes: int | float) -> Any:
    """One run of the cell at these values of the axes, with the other settings as they are.

    Args:
        config: settings, by whose kind the experiment is told; the default preset if None.
        seed: everything random derives from it.
        experiment: its name, if not told by the settings.
        axes: a value for each column of the grid, as in ``templates=60, multiplicity=3, finetuned=20``.

    Raises:
        UsageError: an impossible cell, a negative seed, or an experiment that cannot be inspected.
    """
    chosen = registered(experiment)
    if experiment is None and config is not None:
        chosen = next((e for e in experiments().values() if type(config) is e.settings), chosen)
    return inspect(chosen, config if config is not None else load_settings(chosen), axes, seed)


def inspect(experiment: Experiment, settings: Any, axes: Mapping[str, int | float], seed: int) -> Inspected:
    """The run at values of the grid's columns; see :func:`run`."""
    if not 0 <= seed <= 2**53:
        raise UsageError(f"seed={seed} is refused: allowed is an integer from 0 to 2^53")
    _check(experiment, axes)
    data = settings.model_dump()
    for symbol, key in experiment.axes.items():
        section, _, name = key.partition(".")
        data[section][name] = (axes[experiment.column(symbol)],)
    cell = Point(tuple((symbol, axes[experiment.column(symbol)]) for symbol in experiment.axes))
    return experiment.inspect(settings_from(experiment, data), cell, seed)


def settings_at(experiment: Experiment, axes: Mapping[str, int | float]) -> list[str]:
    """Single settings that make the grid the one cell at these values of its columns."""
    _check(experiment, axes)
    return [f"{key}=[{axes[experiment.column(symbol)]}]" for symbol, key in experiment.axes.items()]


def document(finished: Inspected) -> dict[str, Any]:
    """Observables and curves as one JSON document."""
    return {
        "observables": dict(finished.observables),
        "curves": {
            name: {"steps": list(curve.steps), "values": [_strict(v) for v in curve.values]}
            for name, curve in finished.curves.items()
        },
    }


def save(finished: Inspected, directory: Path) -> None:
    """Save arrays (safetensors, a file for each group), and world, observables and curves (run.json)."""
    from safetensors.numpy import save_file

    arrays = finished.arrays()
    prepare_directory(directory, files=(*(f"{name}.safetensors" for name in arrays), "run.json"))
    for name, group in arrays.items():
        save_file({key: value.copy() for key, value in group.items()}, directory / f"{name}.safetensors")
    text = json.dumps(document(finished) | {"world": finished.drawn()}, indent=1, allow_nan=False)
    write_atomically(directory / "run.json", text + "\n")


def _check(experiment: Experiment, axes: Mapping[str, int | float]) -> None:
    columns = [experiment.column(symbol) for symbol in experiment.axes]
    for name in (*(c for c in columns if c not in axes), *(a for a in axes if a not in columns)):
        state = "not an axis" if name in axes else "missing"
        raise UsageError(f"{name} is {state}; the grid of {experiment.name} has {', '.join(columns)}")


def _strict(value: float) -> float | None:
    return value if value - value == 0.0 else None
