"""The map of regimes: what it runs, and the making of it.

It runs a grid, and variations of it, one thing at a time. A variation is an arm like any other: an overlay of settings
keys at the cells that ``[arms]`` selects from the main grid, with the same seeds.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.arms import Arm
from empirics.experiments.defaults import fitted
from empirics.experiments.load import unknown_preset
from empirics.experiments.map_design import MapDesign, Variation
from empirics.experiments.settings import ExperimentSettings
from empirics.experiments.wording import defects_in
from empirics.regimes.analysis import analyse
from empirics.regimes.document import RegimeMap
from empirics.regimes.regime import Thresholds
from empirics.regimes.survey import Survey
from empirics.runs.pool import available_cores
from empirics.runs.source import Progress, RunSource, wanted
from empirics.runs.store import Store
from empirics.settings import gathered, parse_setting, validated
from empirics.verification.assembly import Runs
from empirics.verification.document import with_machines
from empirics.verification.size import check_size, size_of


def load_map_settings(
    design: MapDesign, preset: str = "default", file: Path | None = None, settings: Iterable[str] = ()
) -> Any:
    """The main settings of a map from a preset of its own, a TOML file and ``KEY=VALUE`` settings; or a UsageError."""
    if preset not in design.presets:
        raise unknown_preset(preset, design.presets, "a map")
    data = tomllib.loads(design.presets[preset].file.read_text(encoding="utf-8"))
    return fitted(design.experiment, data, gathered(design.experiment.settings, {}, file, settings))


def variations_of(design: MapDesign, preset: str, given: Sequence[str] | None = None) -> tuple[Variation, ...]:
    """The preset's variations, or those given as ``KEY=[VALUE, ...]``."""
    return design.presets[preset].variations if given is None else tuple(parse_variation(design, v) for v in given)


def parse_variation(design: MapDesign, text: str) -> Variation:
    """A variation from ``KEY=[VALUE, ...]``; a UsageError if it is not of that form, or no run depends on the key."""
    key, separator, values = text.partition("=")
    key, parsed = key.strip(), parse_setting(values)
    if not separator or not isinstance(parsed, list) or not parsed:
        raise UsageError(f"--vary {text!r} is not of the form KEY=[VALUE, ...], as in section.key=[1,2]")
    if key in design.experiment.axes.values():
        raise UsageError(f"--vary {key} is refused: it is an axis of the grid; allowed is --set {key}=[...]")
    section, _, name = key.partition(".")
    sections = [s for s in design.experiment.settings.model_fields if s not in ExperimentSettings.model_fields]
    if key not in design.together and (section not in sections or not name):
        allowed = [*design.together, "keys of " + ", ".join(f"[{s}]" for s in sections)]
        raise UsageError(f"--vary {key} is refused: allowed are {' and '.join(allowed)}")
    return Variation(key, tuple(parsed))


def map_arms(design: MapDesign, settings: ExperimentSettings, variations: Sequence[Variation]) -> tuple[Arm, ...]:
    """The main grid, and one arm for each varied value that the main settings do not have (UsageError: refused)."""
    if settings.arms.run:
        raise UsageError(f"arms.run={list(settings.arms.run)} is refused: a map varies by --vary; allowed is []")
    main = settings.model_copy(update={"arms": type(settings.arms)()})
    arms = [Arm(design.experiment.leading, {}, main)]
    for variation in variations:
        for value in variation.values:
            arm = _arm(design, settings, main, variation, value)
            if arm is not None and all(arm.name != other.name for other in arms):
                arms.append(arm)
    return tuple(arms)


def _arm(
    design: MapDesign, settings: ExperimentSettings, main: ExperimentSettings, variation: Variation, value: Any
) -> Arm | None:
    """The arm of one value; None if the main settings have it already."""
    data = main.model_dump()
    together = design.together.get(variation.key, (variation.key,))
    keys = [tuple(key.split(".", 1)) for key in together]
    before = [data[section].get(name) for section, name in keys]
    if all(current == value and type(current) is type(value) for current in before):
        return None
    for key in design.experiment.axes.values():
        section, _, axis = key.partition(".")
        chosen = getattr(settings.arms, axis, ())
        if chosen:
            kept = tuple(v for v in data[section][axis] if v in chosen)
            if not kept:
                allowed = list(data[section][axis])
                raise UsageError(f"arms.{axis}={list(chosen)} is refused: allowed are values of {key}={allowed}")
            data[section][axis] = kept
    for section, name in keys:
        data[section][name] = value
    if variation.key in design.adapted:
        design.adapted[variation.key](data, main, value)
    return Arm(f"{variation.key}={value}", dict.fromkeys(together, value), validated(type(settings), data))


def check_resamples(resamples: int) -> None:
    """Refuse a number of bootstrap samples that gives no percentiles, or that never ends."""
    if not 20 <= resamples <= 10**5:
        raise UsageError(f"--resamples={resamples} is refused: allowed is an integer from 20 to 100000")


def make_map(
    design: MapDesign,
    settings: ExperimentSettings,
    variations: Sequence[Variation],
    thresholds: Thresholds | None = None,
    *,
    resamples: int = 100,
    workers: int | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
    fresh: bool = False,
    cluster: str | None = None,
) -> RegimeMap:
    """Run the grid and its variations, and map what they show; what was finished if interrupted.

    Args not listed are those of :func:`empirics.verification.verify.verify`.

    Args:
        design: the experiment's map.
        settings: the main settings (:func:`empirics.regimes.make.load_map_settings`).
        variations: what varies beside them, one thing at a time.
        thresholds: what success and failure are; 0.3 and 0.7 if None.
        resamples: bootstrap samples of seeds behind limits.

    Raises:
        UsageError: impossible settings.
        empirics.runs.store.StoreError: a run could not be stored; what was stored is kept.

    Example:
        >>> from empirics.experiments.registry import experiment
        >>> design = experiment().map_design()
        >>> sizes = ["world.templates=[6]", "world.multiplicity=[2]", "world.finetuned=[2,4]", "arms.templates=[6]"]
        >>> tiny = [*sizes, "arms.multiplicity=[2]", "pretraining.steps=50", "seeds.looks=[3]"]
        >>> found = make_map(design, load_map_settings(design, settings=tiny), [], resamples=20, workers=1)
        >>> [cell.at("finetuned") for cell in found.cells]
        [2, 4]
    """
    check_resamples(resamples)
    start = time.monotonic()
    experiment, seeds = design.experiment, settings.seeds
    arms, runs, complete = map_arms(design, settings, variations), Runs(), True
    check_size(size_of(experiment, arms, workers), None if store is None else store.path.parent)
    source = RunSource(experiment, arms, workers or available_cores(), progress or Progress(), store, fresh, cluster)
    try:
        for variant, finished in source.runs(wanted(experiment, arms, seeds.base, seeds.base + seeds.minimum)):
            runs.add(variant, finished)
    except KeyboardInterrupt:
        complete = False
    found = analyse(
        Survey(design, settings, arms, runs),
        variations,
        thresholds or Thresholds(),
        complete=complete,
        wall_seconds=time.monotonic() - start,
        resamples=resamples,
    )
    found = found.model_copy(update={"broken": defects_in(runs.failures)})
    return found if store is None else with_machines(found, store.used_elsewhere)
