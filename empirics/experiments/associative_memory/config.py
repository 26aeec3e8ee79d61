"""Settings of the experiment on associative memories."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from empirics.experiments.settings import Arms, ExperimentSettings
from empirics.settings import Count, NonNegative, Positive, Section

Sizes = tuple[Positive, ...]


class World(Section):
    """The grid: numbers of facts, and sizes c, which give the least dimension with d^2 >= c N log N."""

    facts: Annotated[tuple[Annotated[int, Field(ge=2, le=10**4)], ...], Field(min_length=1)] = (50, 100, 200, 400, 800)
    size: Annotated[Sizes, Field(min_length=1)] = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
    decoupled: bool = False


class Memory(Section):
    """How the memory is made: its rule; hidden units per dimension (0: linear); at most so many steps of training."""

    rule: Literal["hebbian", "trained", "best"] = "hebbian"
    width: NonNegative = 0.0
    steps: Count = 2000


class MemoryArms(Arms):
    """The cells of the main grid at which arms run (empty: all)."""

    facts: tuple[Count, ...] = (50, 100)
    size: Sizes = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)


class Config(ExperimentSettings):
    """A complete configuration."""

    world: World = World()
    memory: Memory = Memory()
    arms: MemoryArms = MemoryArms(run=("trained", "best", "decoupled", "mlp"))


def dimension(facts: int, size: float) -> int:
    """The least d with d^2 >= size N log N."""
    return math.ceil(math.sqrt(size * facts * math.log(facts)))


def hidden_width(config: Config, d: int) -> int:
    """The number of hidden units in dimension d; 0 for a linear memory."""
    return round(config.memory.width * d)
