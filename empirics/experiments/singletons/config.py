"""The settings: the law of prompts, the number of answers, the model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from empirics.experiments import settings as shared
from empirics.settings import Axis, Count, NonNegative, Positive, Section, refuse


class World(Section):
    """Prompts 1..M with probability proportional to c^-exponent, each with one of A answers; N training examples."""

    prompts: Count = 1_000_000
    answers: Count = 100
    examples: Axis = (10_000, 100_000, 1_000_000)
    exponent: Annotated[tuple[NonNegative, ...], Field(min_length=1)] = (0.5, 1.0)


class Model(Section):
    """Who answers. What follows ``kind`` is the transformer's, trained by full-batch Adam."""

    kind: Literal["back-off", "abstaining", "guessing", "transformer"] = "back-off"
    width: Count = 32
    steps: Count = 150
    learning_rate: Positive = 0.02


class Arms(shared.Arms):
    """At which cells arms run."""

    examples: tuple[Count, ...] = ()
    exponent: tuple[NonNegative, ...] = ()


class Config(shared.ExperimentSettings):
    """A complete configuration."""

    world: World = World()
    model: Model = Model()
    arms: Arms = Arms()

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        if self.world.answers < 3:
            refuse("world.answers", self.world.answers, "at least 3")
        for name, axis in (("examples", self.world.examples), ("exponent", self.world.exponent)):
            if len(set(axis)) != len(axis):
                refuse(f"world.{name}", list(axis), "distinct values")
        return self
