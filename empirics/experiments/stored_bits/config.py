"""The settings: the world of facts, the model, its training, and how its weights are written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from empirics.experiments.settings import Arms, Compute, ExperimentSettings
from empirics.settings import Axis, Count, Positive, Section, Whole, refuse

FLOAT = 32
"""Bits of a weight as trained; up to 16 bits it is rounded."""

MARGIN = 0.05
"""Bits per parameter that rounding may lose and be said to lose nothing."""

Bits = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32]


class World(Section):
    """Facts: S subjects with independent answers, uniform over ``answers`` values; S from the load and the model."""

    answers: Annotated[int, Field(ge=2, le=10**4)] = 16
    load: Annotated[tuple[Positive, ...], Field(min_length=1)] = (2.0, 2.5, 3.0)


class Model(Section):
    """A memory with fixed random embeddings, or a transformer whose embeddings are trained.

    ``hidden`` is the width of the hidden layer (0: a linear memory). A memory maps ``inputs`` dimensions to
    ``outputs``; the transformer reads names of ``positions`` tokens out of ``tokens`` and is ``width`` wide.
    """

    kind: Literal["memory", "transformer"] = "memory"
    hidden: Annotated[tuple[Whole, ...], Field(min_length=1)] = (0, 32)
    inputs: Count = 32
    outputs: Count = 8
    tokens: Count = 40
    positions: Count = 2
    width: Count = 8


class Training(Section):
    """Full batches, so that each step is one exposure of every fact; Adam, its rate falling linearly to 0.

    With ``binary`` every weight is +1 or -1 (a linear memory alone); single signs that lower the loss are flipped at
    the end.
    """

    exposures: Axis = (100, 1000)
    learning_rate: Positive = 0.1
    binary: bool = False


class Storage(Section):
    """Bits in which one parameter is written; 32: as trained."""

    bits: Annotated[tuple[Bits, ...], Field(min_length=1)] = (32, 8, 4, 2, 1)


class StoredArms(Arms):
    """The cells of the main grid at which arms run."""

    load: tuple[Positive, ...] = ()
    hidden: tuple[Whole, ...] = ()
    exposures: tuple[Count, ...] = ()
    bits: tuple[Bits, ...] = ()


class StoredCompute(Compute):
    """Arithmetic and device."""

    dtype: Literal["float32"] = "float32"
    device: Literal["cpu"] = "cpu"


class Settings(ExperimentSettings):
    """A complete configuration."""

    world: World = World()
    model: Model = Model()
    training: Training = Training()
    storage: Storage = Storage()
    arms: StoredArms = StoredArms()
    compute: StoredCompute = StoredCompute()

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        for key, axis in (
            ("world.load", self.world.load),
            ("model.hidden", self.model.hidden),
            ("training.exposures", self.training.exposures),
            ("storage.bits", self.storage.bits),
        ):
            if len(set(axis)) != len(axis):
                refuse(key, list(axis), "distinct values")
        if self.training.binary and (self.model.kind != "memory" or set(self.model.hidden) != {0}):
            refuse("training.binary", True, 'false, or model.kind="memory" with model.hidden=[0]')
        if self.training.binary and set(self.storage.bits) != {1}:
            refuse("storage.bits", list(self.storage.bits), "[1] with training.binary=true")
        return self
