"""The configuration: validated, complete, the same keys in TOML and for ``--set``.

A configuration comes from a preset, then a TOML file, then single settings;
each later source overrides the earlier. Unknown keys, wrong types and
impossible values raise :class:`empirics.errors.UsageError` with one line that
names the key, the value and what is allowed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from empirics.errors import UsageError

if TYPE_CHECKING:
    from empirics.experiment import Cell, Unit

__all__ = [
    "PRESETS",
    "Arms",
    "Compute",
    "Config",
    "Finetuning",
    "Model",
    "Pretraining",
    "Section",
    "Seeds",
    "Verdict",
    "World",
    "gathered",
    "load_config",
    "parse_setting",
    "refuse",
    "validate_config",
    "validated",
]

PRESETS = ("quick", "default", "full")

# Upper ends are far beyond anything useful: they keep slips of the hand out of memory and arithmetic.
Count = Annotated[int, Field(ge=1, le=10**7)]
Whole = Annotated[int, Field(ge=0, le=10**7)]
Seed = Annotated[int, Field(ge=0, le=2**53)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
NonNegative = Annotated[float, Field(ge=0, le=1e6)]
Axis = Annotated[tuple[Count, ...], Field(min_length=1)]
Schedule = Literal["constant", "cosine", "step"]
Optimizer = Literal["gd", "sgd", "adam"]


class Section(BaseModel):
    """A section of a configuration: strict types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, validate_default=True)


class World(Section):
    """The world, and the grid: the product of templates, multiplicity and finetuned.

    ``answer_of`` fixes a(s), which is else drawn; ``facts`` names the file that it comes from.
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


class Arms(Section):
    """Variants of the main configuration that run beside it (:mod:`empirics.arms`), and at which cells of its grid."""

    run: tuple[str, ...] = ()
    templates: tuple[Count, ...] = ()
    multiplicity: tuple[Count, ...] = ()
    finetuned: tuple[Count, ...] = ()


class Seeds(Section):
    """How many independent worlds and initialisations."""

    minimum: Count = 8
    maximum: Count = 32
    base: Seed = 0


class Verdict(Section):
    """Confidence and margins."""

    alpha: Annotated[float, Field(ge=1e-12, lt=1)] = 0.05
    premise_gap: Positive = 0.1
    trend_margin: NonNegative = 0.02
    equivalence_margin: Positive = 0.05
    scope_share: Annotated[float, Field(gt=0, le=1)] = 0.8


class Compute(Section):
    """Arithmetic and device; the number of processes is a command line option."""

    dtype: Literal["float32", "float64"] = "float32"
    device: Literal["cpu", "cuda", "auto"] = "cpu"


class Config(Section):
    """A complete configuration of a verification."""

    world: World = World()
    model: Model = Model()
    pretraining: Pretraining = Pretraining()
    finetuning: Finetuning = Finetuning()
    arms: Arms = Arms()
    seeds: Seeds = Seeds()
    verdict: Verdict = Verdict()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        world = self.world
        for name in ("templates", "multiplicity", "finetuned"):
            axis = getattr(world, name)
            if len(set(axis)) != len(axis):
                refuse(f"world.{name}", list(axis), "values that differ from each other")
        if max(world.multiplicity) > min(world.templates):
            refuse(
                "world.multiplicity",
                max(world.multiplicity),
                f"K <= |R|, here at most {min(world.templates)} (the least of world.templates)",
            )
        if max(world.finetuned) >= world.subjects:
            refuse(
                "world.finetuned",
                max(world.finetuned),
                f"N_f < S, here at most {world.subjects - 1} (world.subjects - 1)",
            )
        if world.answers < world.subjects and not world.answers_shared:
            refuse(
                "world.answers",
                world.answers,
                f"A >= S, here at least {world.subjects} (world.subjects), or world.answers_shared=true",
            )
        if world.answer_of:
            if len(world.answer_of) != world.subjects:
                refuse("world.answer_of", list(world.answer_of), f"one answer for each of {world.subjects} subjects")
            if max(world.answer_of) >= world.answers:
                refuse("world.answer_of", list(world.answer_of), f"numbers below world.answers={world.answers}")
            if len(set(world.answer_of)) < world.subjects and not world.answers_shared:
                refuse("world.answer_of", list(world.answer_of), "a different answer for each subject, or shared ones")
        if world.distractors and not world.distractor_vocabulary:
            refuse("world.distractor_vocabulary", 0, "at least 1 when world.distractors > 0")
        if self.seeds.maximum < self.seeds.minimum:
            refuse("seeds.maximum", self.seeds.maximum, f"at least seeds.minimum, here {self.seeds.minimum}")
        for name, stage in (("pretraining", self.pretraining), ("finetuning", self.finetuning)):
            if stage.batch_size and stage.optimizer == "gd":
                refuse(f"{name}.batch_size", stage.batch_size, '0 (the full batch) with optimizer "gd"')
        if self.model.merge_never_targets and self.model.trained_embeddings:
            refuse("model.merge_never_targets", True, "false with model.trained_embeddings=true")
        if self.finetuning.method == "lora":
            if not self.model.mlp and "input" in self.finetuning.targets:
                refuse("finetuning.targets", list(self.finetuning.targets), '["output"] when model.mlp=false')
            if self.model.trained_embeddings or self.finetuning.batch_size:
                refuse("finetuning.method", "lora", '"full" with trained embeddings or mini-batches')
            if len(set(self.finetuning.targets)) != len(self.finetuning.targets):
                refuse("finetuning.targets", list(self.finetuning.targets), "each target once")
            for target in self.finetuning.targets:
                if not getattr(self.model, f"train_{target}"):
                    refuse(
                        "finetuning.targets",
                        list(self.finetuning.targets),
                        f"matrices that model.train_{target} trains",
                    )
        model = self.model
        if not (model.attention or model.train_output or model.trained_embeddings or (model.mlp and model.train_input)):
            refuse("model.train_output", False, "true when nothing else is trained")
        if len(set(self.arms.run)) != len(self.arms.run):
            refuse("arms.run", list(self.arms.run), "names that differ from each other")
        return self

    def symbols(self, cell: Cell) -> dict[str, float]:
        """The notation's symbols at a cell."""
        return {
            "S": self.world.subjects,
            "A": self.world.answers,
            "R": cell.templates,
            "K": cell.multiplicity,
            "N_f": cell.finetuned,
            "m": self.model.width,
            "eta": self.pretraining.learning_rate,
            "t": self.pretraining.steps,
        }

    def exact(self, cell: Cell) -> Mapping[str, float | None]:
        """Observables of a cell that are computed exactly: the covering laws."""
        from empirics.exact import covering_observables

        return covering_observables(cell.finetuned, cell.multiplicity, cell.templates)

    def deciding(self) -> dict[str, Any]:
        """What decides the result of a run besides its unit, seed, device and code."""
        world = self.world.model_dump(mode="json", exclude={"templates", "multiplicity", "facts"})
        sections = {n: getattr(self, n).model_dump(mode="json") for n in ("model", "pretraining", "finetuning")}
        return {"world": world, **sections}

    def relative_cost(self, unit: Unit) -> float:
        """Arithmetic of one run up to a factor, to start the longest first."""
        vocabulary = 2 * self.world.subjects + unit.templates
        return (1 + unit.multiplicity) * vocabulary * self.pretraining.steps


def refuse(key: str, value: object, allowed: str) -> None:
    """Raise the error of an impossible setting."""
    raise UsageError(f"{key}={_show(value)} is refused: allowed is {allowed}")


def load_config(preset: str = "default", file: Path | None = None, settings: Iterable[str] = ()) -> Config:
    """A configuration from a preset, an optional TOML file and ``KEY=VALUE`` settings.

    Raises:
        UsageError: anything wrong, in one line.
    """
    if preset not in PRESETS:
        raise UsageError(f"preset={preset} is unknown: allowed is {', '.join(PRESETS)}")
    data = tomllib.loads((resources.files("empirics.presets") / f"{preset}.toml").read_text(encoding="utf-8"))
    return validate_config(gathered(Config, data, file, settings))


def gathered(
    kind: type[BaseModel], data: dict[str, Any], file: Path | None = None, settings: Iterable[str] = ()
) -> dict[str, Any]:
    """``data`` with a TOML file and ``KEY=VALUE`` settings over it; not yet validated.

    Raises:
        UsageError: an unreadable file, or a setting that is not of that form.
    """
    if file is not None:
        _merge(kind, data, _read(file), str(file))
    for setting in settings:
        key, separator, text = setting.partition("=")
        section, dot, name = key.strip().partition(".")
        if not separator or not dot or not name:
            raise UsageError(f"--set {setting!r} is not of the form section.key=VALUE, as in world.multiplicity=[1,3]")
        _merge(kind, data, {section: {name: parse_setting(text)}}, "--set")
    return data


def validate_config(data: Mapping[str, Any]) -> Config:
    """A configuration from nested mappings, with errors in one line."""
    config = validated(Config, data)
    if config.arms.run:
        from empirics.arms import arms_of

        arms_of(config)
    return config


_Kind = TypeVar("_Kind", bound=BaseModel)


def validated(kind: type[_Kind], data: Mapping[str, Any]) -> _Kind:
    """A configuration of that kind from nested mappings, with errors in one line."""
    try:
        return kind.model_validate(_tuples(data))
    except ValidationError as error:
        raise UsageError(_explain(kind, error)) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"cannot read the configuration {file}: {reason}") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise UsageError(f"{file} is not valid TOML: {str(error)[:200]}") from None


def parse_setting(text: str) -> Any:
    """A value as TOML writes it; text that is no TOML stands for itself."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return text.strip()
    return parsed["value"] if list(parsed) == ["value"] else text.strip()


def _merge(kind: type[BaseModel], target: dict[str, Any], source: Mapping[str, Any], origin: str) -> None:
    for section, values in source.items():
        if not isinstance(values, Mapping):
            raise UsageError(f"{origin}: {section}={_show(values)} is not a section; allowed are {_sections(kind)}")
        target.setdefault(section, {}).update(values)


def _sections(kind: type[BaseModel]) -> str:
    return ", ".join(f"[{name}]" for name in kind.model_fields)


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    def convert(value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    return {
        section: {key: convert(value) for key, value in values.items()} if isinstance(values, Mapping) else values
        for section, values in data.items()
    }


def _explain(kind: type[BaseModel], error: ValidationError) -> str:
    errors = error.errors(include_url=False)
    first = errors[0]
    location = list(first["loc"])
    key = ".".join(str(part) for part in location if not isinstance(part, int))
    if not location:  # a refusal of ours, complete in itself
        return first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        if len(location) == 1:
            line = f"unknown section [{key}]; allowed are {_sections(kind)}"
        else:
            section = kind.model_fields[str(location[0])].annotation
            assert section is not None
            line = f"unknown key {key}={_show(first['input'])}; allowed in [{location[0]}] are " + ", ".join(
                section.model_fields
            )
    else:
        message = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        message = message[0].lower() + message[1:].replace("valid tuple", "list").replace("tuple", "list")
        line = f"{key}={_show(first['input'])} is refused: allowed is {message}"
        if first["type"] == "too_short":
            line = (
                f"{key}={_show(first['input'])} is refused: the axis is empty, allowed is a list of at least one value"
            )
    return line + (f" (and {len(errors) - 1} more)" if len(errors) > 1 else "")


def _show(value: object) -> str:
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
