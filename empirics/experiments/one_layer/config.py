"""The settings of the one-layer transformer's experiment: world, model, training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from empirics.experiments import settings as shared
from empirics.settings import Axis, Count, NonNegative, Positive, Section, Whole, refuse
from theory.plural import counted

Schedule = Literal["constant", "cosine", "step"]
Optimizer = Literal["gd", "sgd", "adam"]


class World(Section):
    """The world, and the grid: the product of templates, multiplicity and finetuned.

    ``answer_of`` fixes a(s), drawn at random if empty; ``facts`` names the file that it comes from.
    """

    subjects: Count = 60
    answers: Count = 60
    templates: Axis = (20, 60)
    multiplicity: Axis = (1, 3, 6)
    finetuned: Axis = (2, 5, 10, 20, 40)
    distractors: Whole = 0
    distractor_vocabulary: Whole = 0
    answers_shared: bool = False
    answer_of: tuple[Whole, ...] = ()
    facts: str = ""


class Model(Section):
    """The one-layer transformer."""

    width: Count = 64
    activation: Literal["relu", "smoothed-relu", "identity"] = "relu"
    smoothing: Positive = 0.1
    attention: bool = True
    mlp: bool = True
    residual: bool = False
    trained_embeddings: bool = False
    train_input: bool = True
    train_output: bool = True
    init_scale: NonNegative = 0.1
    merge_never_targets: bool = False


class Pretraining(Section):
    """Next-token prediction on the facts, each in its K templates."""

    optimizer: Optimizer = "gd"
    learning_rate: Positive = 1.0
    attention_learning_rate: NonNegative = 0.05
    steps: Count = 4000
    batch_size: Whole = 0
    schedule: Schedule = "constant"
    target_gap: NonNegative = 0.0


class Finetuning(Section):
    """Question answering on N_f facts, through the prompt token."""

    method: Literal["full", "lora"] = "full"
    rank: Count = 1
    targets: Annotated[tuple[Literal["input", "output"], ...], Field(min_length=1)] = ("input",)
    optimizer: Optimizer = "gd"
    learning_rate: Positive = 1.0
    attention_learning_rate: NonNegative = 0.05
    steps: Count = 200
    batch_size: Whole = 0
    schedule: Schedule = "constant"

    @property
    def is_gradient_descent(self) -> bool:
        """Whether it is full-batch gradient descent on whole matrices."""
        return self.method == "full" and self.optimizer != "adam" and self.batch_size == 0


class Compute(shared.Compute):
    """Arithmetic and device."""

    dtype: Literal["float32", "float64"] = "float32"


class Config(shared.ExperimentSettings):
    """A complete configuration of a verification."""

    world: World = World()
    model: Model = Model()
    pretraining: Pretraining = Pretraining()
    finetuning: Finetuning = Finetuning()
    arms: shared.GridArms = shared.GridArms()
    compute: Compute = Compute()

    follows: ClassVar[Mapping[str, str]] = {"world.answers": "world.subjects"}
    limits: ClassVar[tuple[shared.Limit, ...]] = (
        shared.MULTIPLICITY,
        shared.Limit("world.finetuned", "world.subjects", "N_f < S", below=True),
    )

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        world = self.world
        shared.check_grid(world.templates, world.multiplicity, world.finetuned)
        if world.answers < world.subjects and not world.answers_shared:
            least = f"A >= S, here at least {world.subjects} (world.subjects), or world.answers_shared=true"
            refuse("world.answers", world.answers, least)
        if world.answer_of:
            given = list(world.answer_of)
            if len(given) != world.subjects:
                refuse("world.answer_of", given, f"one answer for each of {counted(world.subjects, 'subject')}")
            if max(given) >= world.answers:
                refuse("world.answer_of", given, f"numbers below world.answers={world.answers}")
            if len(set(given)) < world.subjects and not world.answers_shared:
                refuse("world.answer_of", given, "a different answer for each subject, or shared ones")
        if world.distractors and not world.distractor_vocabulary:
            refuse("world.distractor_vocabulary", 0, "at least 1 when world.distractors > 0")
        for name, stage in (("pretraining", self.pretraining), ("finetuning", self.finetuning)):
            if stage.batch_size and stage.optimizer == "gd":
                refuse(f"{name}.batch_size", stage.batch_size, '0 (the full batch) with optimizer "gd"')
        model, targets = self.model, list(self.finetuning.targets)
        if model.merge_never_targets and model.trained_embeddings:
            refuse("model.merge_never_targets", True, "false with model.trained_embeddings=true")
        if self.finetuning.method == "lora":
            if not model.mlp and "input" in targets:
                refuse("finetuning.targets", targets, '["output"] when model.mlp=false')
            if model.trained_embeddings or self.finetuning.batch_size:
                refuse("finetuning.method", "lora", '"full" with trained embeddings or mini-batches')
            if len(set(targets)) != len(targets):
                refuse("finetuning.targets", targets, "each target once")
            for target in targets:
                if not getattr(model, f"train_{target}"):
                    refuse("finetuning.targets", targets, f"matrices that model.train_{target} trains")
        if not (model.attention or model.train_output or model.trained_embeddings or (model.mlp and model.train_input)):
            refuse("model.train_output", False, "true when nothing else is trained")
        return self
