"""Settings from TOML: strict types, one clear line for every mistake, the same keys for ``--set``.

A configuration comes from a preset, then a TOML file, then single settings; each later source overrides the earlier.
Unknown keys, wrong types and impossible values raise :class:`empirics.errors.UsageError` with one line that names the
key, the value and what is allowed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from empirics.errors import UsageError
from theory.plugins import add_files
from theory.spelling import meant, some

__all__ = ["Axis", "Count", "NonNegative", "Positive", "Section", "Seed", "Whole", "refuse"]

# Upper ends are far beyond anything useful: they keep slips of the hand out of memory and arithmetic.
Count = Annotated[int, Field(ge=1, le=10**7)]
Whole = Annotated[int, Field(ge=0, le=10**7)]
Seed = Annotated[int, Field(ge=0, le=2**53)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
NonNegative = Annotated[float, Field(ge=0, le=1e6)]
Axis = Annotated[tuple[Count, ...], Field(min_length=1)]


class Section(BaseModel):
    """A section of a configuration: strict types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, validate_default=True)


def refuse(key: str, value: object, allowed: str) -> None:
    """Raise the error of an impossible setting."""
    raise UsageError(f"{key}={_show(value)} is refused: allowed is {allowed}")


def listed(value: Any) -> str:
    """A value, or the values of a list, as ``--set`` takes them: without blanks."""
    return f"[{','.join(map(str, value))}]" if isinstance(value, list | tuple) else str(value)


def gathered(
    kind: type[BaseModel], data: dict[str, Any], file: Path | None = None, settings: Iterable[str] = ()
) -> dict[str, Any]:
    """``data`` with a TOML file and ``KEY=VALUE`` settings over it, not yet validated; or a UsageError."""
    if file is not None:
        found = _read(file)
        add_files(plugin_files(found.pop("plugins", {}), file))
        _merge(kind, data, found, str(file))
    for setting in settings:
        key, separator, text = setting.partition("=")
        section, dot, name = key.strip().partition(".")
        if not separator or not dot or not name:
            raise UsageError(f"--set {setting!r} is not of the form section.key=VALUE, as in world.multiplicity=[1,3]")
        _merge(kind, data, {section: {name: parse_setting(text)}}, "--set")
    return data


def plugin_files(section: Any, file: Path) -> list[Path]:
    """The files that ``[plugins] files`` of a configuration names, seen from the configuration's folder.

    Raises UsageError: the section is not of that form, or a file is missing.
    """
    named = section.get("files", []) if isinstance(section, Mapping) else None
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named) or set(section) - {"files"}:
        raise UsageError(f'{file}: [plugins] is refused: allowed is files = ["mytheorem.py"]')
    found = [file.parent / name for name in named]
    for path in found:
        if not path.is_file():
            raise UsageError(f"{file}: plugins.files names {path}, which is not a file")
    return found


def files_of(file: Path) -> list[Path]:
    """The files that the configuration ``file`` names; a UsageError if it cannot be read."""
    return plugin_files(_read(file).get("plugins", {}), file)


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
    return {
        section: {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        if isinstance(values, Mapping)
        else values
        for section, values in data.items()
    }


def _explain(kind: type[BaseModel], error: ValidationError) -> str:
    """The first mistake in a line, which then names what else is refused."""
    errors = error.errors(include_url=False)
    # A list whose elements are refused is not short of elements too.
    told = dict.fromkeys(_refused(one) for one in errors if one["type"] != "too_short" or not one["input"])
    follows = {f"{key}=": f"{other}=" for key, other in getattr(kind, "follows", {}).items()}
    copies = {
        key + line.removeprefix(other) for key, other in follows.items() for line in told if line.startswith(other)
    }
    others = [line for line in told if line != _refused(errors[0]) and line not in copies]
    return _explained(kind, errors[0]) + (f"; also refused: {some(others)}" if others else "")


def _explained(kind: type[BaseModel], error: ErrorDetails) -> str:
    location = error["loc"]
    if not location or " is refused: allowed is " in error["msg"]:  # a refusal of ours, complete in itself
        return error["msg"].removeprefix("Value error, ")
    refused = _refused(error)
    if error["type"] == "extra_forbidden" and len(location) == 1:
        return f"unknown section {refused}; {meant(str(location[0]), kind.model_fields)}"
    if error["type"] == "extra_forbidden":
        section = kind.model_fields[str(location[0])].annotation
        assert section is not None
        return f"unknown key {refused} in [{location[0]}]; {meant(str(location[1]), section.model_fields)}"
    if error["type"] == "too_short":
        return f"{refused} is refused: the axis is empty, allowed is a list of at least one value"
    message = error["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    message = message[0].lower() + message[1:].replace("valid tuple", "list").replace("tuple", "list")
    return f"{refused} is refused: allowed is {message}"


def _refused(error: ErrorDetails) -> str:
    """``section.key=value``, or the section that is not known."""
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        return f"[{error['loc'][0]}]"
    own, sign, _ = error["msg"].removeprefix("Value error, ").partition(" is refused: allowed is ")
    if sign:
        return own
    return f"{'.'.join(str(part) for part in error['loc'] if not isinstance(part, int))}={_show(error['input'])}"


def _show(value: object) -> str:
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
