"""The configuration of the language-model experiment; the same rules as for the one-layer model's.

Everything that both share (the grid's axes, arms, seeds, verdicts) has the same
keys, so that ``--set world.multiplicity=[1,4]`` means the same in both commands.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from empirics.errors import UsageError
from empirics.experiments import settings as shared
from empirics.experiments.language_models.facts.invented import INVENTED, MOST
from empirics.experiments.language_models.facts.selection import EMBEDDED, FactSource
from empirics.settings import Axis, Count, NonNegative, Positive, Section, Seed, Whole, refuse


class Facts(FactSource):
    """Which facts; ``unknown`` those alone that the model, which must be trained already, does not know."""

    unknown: bool = False


class Grid(Section):
    """The grid: the product of templates (of each relation), multiplicity and finetuned."""

    templates: Axis = (24,)
    multiplicity: Axis = (1, 4, 16)
    finetuned: Annotated[tuple[Whole, ...], Field(min_length=1)] = (8, 80)


class Architecture(Section):
    """A causal language model: one that is trained already, or a small one from scratch.

    ``name`` is a name of the hub, or a folder; ``weights`` a folder, a GGUF file, or ``smollm2`` (``make weights``). Of
    a model of Llama's kind the last ``trained_layers`` alone may be trained (0: all of them).
    """

    name: str = ""
    weights: str = ""
    trained_layers: Whole = 0
    architecture: Literal["gpt2", "llama"] = "gpt2"
    layers: Annotated[int, Field(ge=1, le=64)] = 2
    width: Annotated[int, Field(ge=8, le=8192)] = 64
    heads: Annotated[int, Field(ge=1, le=128)] = 4
    tokenizer: Literal["word", "bpe"] = "word"
    vocabulary_size: Annotated[int, Field(ge=300, le=10**6)] = 2000


class Training(Section):
    """AdamW with warm-up, gradient norms clipped at 1."""

    learning_rate: Positive = 5e-3
    steps: Whole = 600
    batch_size: Count = 32
    weight_decay: NonNegative = 0.01
    beta2: Annotated[float, Field(gt=0, lt=1)] = 0.999
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.05
    schedule: Literal["constant", "linear", "cosine"] = "cosine"


class StatementTraining(Training):
    """On whole statements, or up to their answers, with the loss on the answer alone."""

    target: Literal["statement", "answer"] = "statement"


class QuestionTraining(Training):
    """Question answering on N_f facts, of all weights or of low-rank adapters; ``question`` is the number of the form.

    No question is trained on where statements end with their answers: then answers have no end mark.
    """

    question: Count = 1
    learning_rate: Positive = 1e-3
    steps: Count = 100
    batch_size: Count = 32
    method: Literal["full", "lora"] = "full"
    rank: Count = 8
    lora_alpha: Positive = 16.0
    lora_learning_rate: Positive = 5e-3
    targets: Annotated[tuple[str, ...], Field(min_length=1)] = ("all-linear",)


class Evaluation(Section):
    """How held-out facts are scored."""

    candidates: Annotated[int, Field(ge=2, le=10**6)] = 20
    batch_size: Count = 128
    sentences: Whole = 1000


class LMArms(shared.GridArms):
    """Variants that run beside the main configuration, and at which cells of its grid."""

    run: tuple[str, ...] = ("lm-low-rank",)


class LMSeeds(shared.Seeds):
    """How many independent worlds and initialisations; seed 0 was used for pilots."""

    looks: Annotated[tuple[Count, ...], Field(min_length=1)] = (16,)
    base: Seed = 1


class LMCompute(shared.Compute):
    """Arithmetic and device; dtype "auto" means mixed precision (bfloat16) on an accelerator."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    device: Literal["cpu", "cuda", "auto"] = "auto"


class LMConfig(shared.ExperimentSettings):
    """A complete configuration of ``factbound lm``."""

    facts: Facts = Facts()
    world: Grid = Grid()
    model: Architecture = Architecture()
    pretraining: StatementTraining = StatementTraining()
    finetuning: QuestionTraining = QuestionTraining()
    evaluation: Evaluation = Evaluation()
    arms: LMArms = LMArms()
    seeds: LMSeeds = LMSeeds()
    compute: LMCompute = LMCompute()

    limits: ClassVar[tuple[shared.Limit, ...]] = (
        shared.MULTIPLICITY,
        shared.Limit("world.finetuned", "facts.number", "N_f < facts", below=True),
    )

    @model_validator(mode="after")
    def _consistent(self) -> LMConfig:
        shared.check_grid(self.world.templates, self.world.multiplicity, self.world.finetuned)
        model = self.model
        if not (model.name or model.weights) and model.width % model.heads:
            refuse("model.width", model.width, f"a multiple of model.heads, here {model.heads}")
        if not (model.name or model.weights) and model.architecture == "llama" and model.width // model.heads % 2:
            refuse("model.heads", model.heads, "such that model.width / model.heads is even (rotary positions)")
        if model.name and model.weights:
            refuse("model.weights", model.weights, "one of model.name and model.weights")
        if self.facts.unknown and not (model.name or model.weights):
            refuse("facts.unknown", True, "false for a model from scratch, which knows nothing (see model.weights)")
        if self.facts.unknown and self.facts.source == INVENTED:
            refuse("facts.unknown", True, "false for invented facts, which no model knows")
        if self.facts.source == INVENTED and self.facts.number > MOST:
            refuse("facts.number", self.facts.number, f"at most {MOST} invented facts")
        for name in ("source", "templates"):
            if not getattr(self.facts, name).strip():
                refuse(f"facts.{name}", getattr(self.facts, name), f'a file, or "{EMBEDDED}"')
        return self


@lru_cache(maxsize=16)
def digest_of(name: str) -> str:
    """Hash of a file's contents, or of all files of a folder with their names."""
    digest = hashlib.sha256()
    place = Path(name)
    for file in sorted(f for f in place.rglob("*") if f.is_file()) if place.is_dir() else [place]:
        digest.update(str(file.relative_to(place) if place.is_dir() else file.name).encode() + b"\0")
        try:
            with file.open("rb") as stream:
                while part := stream.read(1 << 20):
                    digest.update(part)
        except OSError as error:
            raise UsageError(f"cannot read {file}: {error.strerror}") from None
    return digest.hexdigest()
