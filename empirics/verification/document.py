"""What results.json and map.json have in common: how they begin, how they are written, read and described.

Each is validated when written and read without the code that made it. The JSON
Schema beside each document's module is generated from its models; tests keep them equal.
"""

from __future__ import annotations

import json
import mmap
import reprlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from empirics.errors import UsageError
from empirics.experiments.document import ExperimentResult, SymbolResult
from empirics.experiments.presentation import Part
from empirics.experiments.protocol import Experiment
from empirics.files import write_atomically
from empirics.runs.environment import Environment, describe_environment
from theory.plugins import files

SCHEMA_VERSION: Final = 2


class FileResult(Part):
    """A file of the user's that was loaded (``--with``): where it lay, and the hash of what it held."""

    path: str
    sha256: str


class Document(Part):
    """What every document says of its making: its version, how long it took, whether it came to its end, and where.

    ``wall_seconds`` are of the call that made it, for runs and verdicts alone, without start-up, figures and page.
    """

    schema_version: Literal[2]
    wall_seconds: float
    complete: bool
    environment: Environment
    files: list[FileResult] = Field(default_factory=list)


_Kind = TypeVar("_Kind", bound=BaseModel)


def copied(kind: type[_Kind], source: object, /, **others: Any) -> _Kind:
    """A part that has the source's attributes of the same names, and others."""
    same = {name: getattr(source, name) for name in kind.model_fields if name not in others}
    return kind.model_validate(same | others)


def beginning(experiment: Experiment, settings: Any, wall_seconds: float, *, complete: bool) -> dict[str, Any]:
    """The values of a :class:`Document` and of what was run; ``complete`` is false if the runs were interrupted."""
    return {
        "schema_version": SCHEMA_VERSION,
        "wall_seconds": round(wall_seconds, 3),
        "complete": complete,
        "experiment": copied(
            ExperimentResult, experiment, axes={symbol: experiment.column(symbol) for symbol in experiment.axes}
        ),
        "notation": [copied(SymbolResult, symbol) for symbol in experiment.notation.values()],
        "config": settings.model_dump(mode="json"),
        "environment": describe_environment(settings.compute.device, settings.compute.dtype),
        "files": [FileResult(path=str(file.path), sha256=file.sha256) for file in files()],
    }


_Made = TypeVar("_Made", bound=Document)


def with_machines(document: _Made, machines: Iterable[str]) -> _Made:
    """The document, which names the other kinds of machines whose runs it rests on."""
    environment = document.environment.model_copy(update={"other_machines": tuple(sorted(machines))})
    return document.model_copy(update={"environment": environment})


def write_document(document: Document, path: Path) -> None:
    """Write atomically, piece by piece. It was validated when it was made."""
    write_atomically(path, pieces(document))


def pieces(document: Document) -> Iterator[str]:
    """The document as strict JSON, one part of a list after another: the whole text need not fit in memory.

    Pydantic writes null where a part without a type of its own holds NaN.
    """
    before = "{"
    for name in type(document).model_fields:
        value = getattr(document, name)
        if isinstance(value, list) and value and isinstance(value[0], BaseModel):
            yield f'{before}\n "{name}": ['
            for index, part in enumerate(value):
                yield ("," if index else "") + "\n  " + part.model_dump_json(indent=1).replace("\n", "\n  ")
            yield "\n ]"
        else:
            yield before + document.model_dump_json(indent=1, include={name})[1:-2]
        before = ","
    yield "\n}\n"


def read_document(kind: type[_Kind], path: Path, again: str) -> _Kind:
    """Read a document; ``again`` says what makes it anew.

    Raises:
        UsageError: it is of another schema version; the line says what to do.
        OSError: the file cannot be read.
        pydantic.ValidationError: it is no such document.
    """
    try:
        return kind.model_validate(_parts(kind, path))
    except ValueError:  # it is laid out otherwise, or no such document: the whole tells
        text = path.read_text(encoding="utf-8")
    try:
        return kind.model_validate_json(text)
    except ValidationError:
        try:
            version = json.loads(text).get("schema_version")
        except (ValueError, AttributeError, RecursionError):
            version = None
        if isinstance(version, int) and version != SCHEMA_VERSION:
            raise UsageError(
                f"{path} has schema_version {version}, this version of factbound reads {SCHEMA_VERSION}; {again}"
            ) from None
        raise


def _parts(kind: type[BaseModel], path: Path) -> dict[str, Any]:
    """The values of a document by name, of lists one part after another; those that the kind ignores are passed over.

    Raises ValueError: it is not laid out as :func:`pieces` does, or a part is not of its kind.
    """
    found: dict[str, Any] = {}
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        place, last = 1, text.rfind(b"\n}")
        while text[place : place + 3] == b'\n "':
            middle = text.find(b'": ', place)
            name, start = text[place + 3 : middle].decode(), middle + 3
            if (field := kind.model_fields.get(name)) is None and kind.model_config.get("extra") == "ignore":
                end = _following(text, start, last)
            elif field is not None and get_origin(field.annotation) is list and text[start : start + 5] == b"[\n  {":
                found[name], end = _list(get_args(field.annotation)[0], text, start + 1)
            else:
                end = _following(text, start, last)
                found[name] = from_json(text[start:end])
            place = end + (end < last)
        if text[0:1] != b"{" or place != last:
            raise ValueError("the document is laid out otherwise")
    return found


def _following(text: mmap.mmap, start: int, last: int) -> int:
    """Where a value of the document ends."""
    return last if (end := text.find(b',\n "', start)) < 0 else end


def _list(kind: type[BaseModel], text: mmap.mmap, place: int) -> tuple[list[BaseModel], int]:
    """The parts of a list from its first line break on, and where it ends."""
    parts = []
    while text[place : place + 4] == b"\n  {":
        end = text.find(b"\n  }", place) + 4
        parts.append(kind.model_validate_json(text[place:end]))
        place = end + (text[end : end + 1] == b",")
    return parts, place + len("\n ]")


def refusal(error: ValidationError) -> str:
    """A reason why a document is refused, in one line: where, the value, what is allowed."""
    last = error.errors(include_url=False)[-1]  # of several types that would do, a number
    where = ".".join(str(part) for part in last["loc"])
    shown = f"{where}={reprlib.repr(last['input'])}: " if where else ""
    return shown + last["msg"].removeprefix("Value error, ")


def schema_of(kind: type[Document]) -> str:
    """The JSON Schema of a kind of document, as text."""
    return json.dumps(kind.model_json_schema(), indent=1) + "\n"
