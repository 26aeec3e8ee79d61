"""The runs of one seed: the world is drawn once, and each arm's model meets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from empirics.experiments.protocol import Point, UnitRun
from empirics.experiments.singletons import models
from empirics.experiments.singletons.config import Config
from empirics.experiments.singletons.measure import measured
from empirics.experiments.singletons.transformer import transformer
from empirics.experiments.singletons.world import World, draw_world

_COUNTING: Final[Mapping[str, Callable[[World, int], models.Behaviour]]] = {
    "back-off": models.back_off,
    "abstaining": models.abstaining,
    "guessing": models.guessing,
}


def runs(arms: Sequence[Config], unit: Point, seed: int) -> list[UnitRun]:
    """One run for each arm."""
    world = draw_world(arms[0].world, unit["N"], unit["s"], seed)
    return [UnitRun(unit, seed, {unit: measured(world, _behaviour(arm, world, seed))}) for arm in arms]


def _behaviour(settings: Config, world: World, seed: int) -> models.Behaviour:
    if settings.model.kind == "transformer":
        return transformer(world, settings.model, seed)
    return _COUNTING[settings.model.kind](world, seed)
