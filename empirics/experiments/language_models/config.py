"""The configuration of the language-model experiment; the same rules as for the one-layer model's.

Everything that both share (the grid's axes, arms, seeds, verdicts) has the same
keys, so that ``--set world.multiplicity=[1,4]`` means the same in both commands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from empirics.experiments.one_layer.config import (
    Arms,
    Axis,
    Count,
    NonNegative,
    Positive,
    Section,
    Seeds,
    Verdict,
    Whole,
    gathered,
    refuse,
    validated,
)
from empirics.errors import UsageError

if TYPE_CHECKING:
    from empirics.experiments.protocol import Cell, Unit

__all__ = ["EMBEDDED", "LMConfig", "digest_of", "load_lm_config", "settled", "validate_lm_config"]

EMBEDDED = "embedded"
"""The facts, or the templates, that ship with the package."""


class FactSource(Section):
    """Which facts, and the sentences that state them."""

    source: str = EMBEDDED
    templates: str = EMBEDDED
    relations: tuple[str, ...] = ()
    number: Whole = 160
    answers_shared: bool = False


class Grid(Section):
    """The grid: the product of templates (of each relation), multiplicity and finetuned."""

    templates: Axis = (24,)
    multiplicity: Axis = (1, 4, 16)
    finetuned: Axis = (8, 80)


class Architecture(Section):
    """A causal language model: one by name, or a small one from scratch."""

    name: str = ""
    architecture: Literal["gpt2", "llama"] = "gpt2"
    layers: Annotated[int, Field(ge=1, le=64)] = 2
    width: Annotated[int, Field(ge=8, le=8192)] = 64
    heads: Annotated[int, Field(ge=1, le=128)] = 4
    tokenizer: Literal["word", "bpe"] = "word"
    vocabulary_size: Annotated[int, Field(ge=300, le=10**6)] = 2000


class Training(Section):
    """AdamW with warm-up, gradient norms clipped at 1."""

    learning_rate: Positive = 5e-3
    steps: Count = 600
    batch_size: Count = 32
    weight_decay: NonNegative = 0.01
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.05
    schedule: Literal["constant", "linear", "cosine"] = "cosine"


class QuestionTraining(Training):
    """Question answering on N_f facts, of all weights or of low-rank adapters."""

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


class LMCompute(Section):
    """Arithmetic and device; dtype "auto" means mixed precision (bfloat16) on an accelerator."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    device: Literal["cpu", "cuda", "auto"] = "auto"


class LMConfig(Section):
    """A complete configuration of ``factbound lm``."""

    facts: FactSource = FactSource()
    world: Grid = Grid()
    model: Architecture = Architecture()
    pretraining: Training = Training()
    finetuning: QuestionTraining = QuestionTraining()
    evaluation: Evaluation = Evaluation()
    arms: Arms = Arms(run=("lm-low-rank",))
    seeds: Seeds = Seeds(minimum=8, maximum=12, base=1)
    verdict: Verdict = Verdict()
    compute: LMCompute = LMCompute()

    @model_validator(mode="after")
    def _consistent(self) -> LMConfig:
        for name in ("templates", "multiplicity", "finetuned"):
            axis = getattr(self.world, name)
            if len(set(axis)) != len(axis):
                refuse(f"world.{name}", list(axis), "values that differ from each other")
        if max(self.world.multiplicity) > min(self.world.templates):
            refuse(
                "world.multiplicity",
                max(self.world.multiplicity),
                f"K <= |R|, here at most {min(self.world.templates)} (the least of world.templates)",
            )
        if self.facts.number and max(self.world.finetuned) >= self.facts.number:
            refuse(
                "world.finetuned",
                max(self.world.finetuned),
                f"N_f < facts, here at most {self.facts.number - 1} (facts.number - 1)",
            )
        if not self.model.name and self.model.width % self.model.heads:
            refuse("model.width", self.model.width, f"a multiple of model.heads, here {self.model.heads}")
        if not self.model.name and self.model.architecture == "llama" and self.model.width // self.model.heads % 2:
            refuse("model.heads", self.model.heads, "such that model.width / model.heads is even (rotary positions)")
        if self.seeds.maximum < self.seeds.minimum:
            refuse("seeds.maximum", self.seeds.maximum, f"at least seeds.minimum, here {self.seeds.minimum}")
        for name in ("source", "templates"):
            if not getattr(self.facts, name).strip():
                refuse(f"facts.{name}", getattr(self.facts, name), f'a file, or "{EMBEDDED}"')
        if len(set(self.arms.run)) != len(self.arms.run):
            refuse("arms.run", list(self.arms.run), "names that differ from each other")
        return self

    def symbols(self, cell: Cell) -> dict[str, float]:
        """The notation's symbols at a cell; S and A as they stand in the configuration's facts."""
        from empirics.experiments.language_models.facts.selection import selected

        facts = selected(self.facts).facts
        return {
            "S": len(facts),
            "A": len({fact.answer for fact in facts}),
            "R": cell.templates,
            "K": cell.multiplicity,
            "N_f": cell.finetuned,
            "m": self.model.width,
            "eta": self.pretraining.learning_rate,
            "t": self.pretraining.steps,
        }

    def exact(self, cell: Cell) -> Mapping[str, float | None]:
        """None: the covering laws speak of one universe of templates, here every relation has its own."""
        return {}

    def deciding(self) -> dict[str, Any]:
        """What decides the result of a run; files by their contents."""
        sections = {
            name: getattr(self, name).model_dump(mode="json")
            for name in ("facts", "model", "pretraining", "finetuning", "evaluation")
        }
        contents = {
            name: digest_of(value)
            for name, value in (("source", self.facts.source), ("templates", self.facts.templates))
            if value != EMBEDDED
        }
        if self.model.name:
            from empirics.experiments.language_models.model import resolve_model

            contents["model"] = digest_of(str(resolve_model(self.model.name)))
        return {**sections, "world": {"finetuned": list(self.world.finetuned)}, "contents": contents}

    def relative_cost(self, unit: Unit) -> float:
        """All units cost the same number of steps."""
        return float(self.pretraining.steps)


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


def settled(config: LMConfig) -> LMConfig:
    """The configuration with its open choices made: the relations that take part, and the arithmetic."""
    from empirics.runs.device import resolved_device
    from empirics.experiments.language_models.facts.selection import selected

    relations = tuple(selected(config.facts).relations)
    dtype = config.compute.dtype
    if dtype == "auto":
        dtype = "float32" if resolved_device(config.compute.device)[0] == "cpu" else "bfloat16"
    return config.model_copy(
        update={
            "facts": config.facts.model_copy(update={"relations": relations}),
            "compute": config.compute.model_copy(update={"dtype": dtype}),
        }
    )


def load_lm_config(file: Path | None = None, settings: Iterable[str] = ()) -> LMConfig:
    """The default configuration, with a TOML file and ``KEY=VALUE`` settings over it.

    Raises:
        UsageError: anything wrong, in one line.
    """
    return validate_lm_config(gathered(LMConfig, LMConfig().model_dump(), file, settings))


def validate_lm_config(data: Mapping[str, Any]) -> LMConfig:
    """A configuration from nested mappings; arms are checked too."""
    from empirics.experiments.language_models.arms import lm_arms

    config = validated(LMConfig, data)
    lm_arms(config)
    return config
