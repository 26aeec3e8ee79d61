"""Relation templates: the sentences that state a fact, and the questions that ask for it.

A file of templates is TOML, one table a relation (docs/facts.md). A template holds {subject} and {answer} once each,
the subject first: a causal model can only predict an answer whose subject it has read.
"""

from __future__ import annotations

import gzip
import tomllib
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from theory.plural import counted

SUBJECT, ANSWER = "{subject}", "{answer}"
KINDS = ("statements", "questions")


@dataclass(frozen=True)
class RelationTemplates:
    """Statements for pre-training and questions for fine-tuning of a relation, in the order of the file ``source``."""

    relation: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Text:
    """A statement, or a question with its answer; a space between ``before`` and ``answer`` belongs to the answer."""

    before: str
    answer: str
    after: str

    @classmethod
    def of(cls, template: str, subject: str, answer: str) -> Text:
        """A template with ``{subject}`` and ``{answer}`` filled in."""
        before, _, after = template.partition("{answer}")
        before = before.replace("{subject}", subject)
        space = " " if before.endswith(" ") else ""
        return cls(before.rstrip(), space + answer, after)

    @property
    def whole(self) -> str:
        """The text itself."""
        return self.before + self.answer + self.after


def load_templates(path: Path | str | None = None) -> dict[str, RelationTemplates]:
    """Templates by relation: the built-in ones; those of ``path`` replace the relations it names.

    Raises UsageError: no such file, broken TOML, an unknown key, or a template that lacks a placeholder, has the answer
    before the subject, or is a duplicate; file, relation and the template's number are named.
    """
    templates = dict(_built_in())
    if path is not None:
        try:
            templates |= _parse(str(path), tomllib.loads(text_of(Path(path), "templates")))
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"templates {path}: not valid TOML: {error}") from None
    return templates


def require_templates(
    known: Mapping[str, RelationTemplates], relations: Collection[str], *, templates: int, multiplicity: int
) -> None:
    """Check that |R| = ``templates`` >= K = ``multiplicity`` statement templates of each relation are known.

    Raises UsageError: a relation has no or too few.
    """
    for relation in dict.fromkeys(relations):
        found = known.get(relation)
        if found is None:
            raise UsageError(
                f"no templates for relation {relation!r}; there are some for {', '.join(sorted(known))}; "
                f'add a table [relation."{relation}"] to a template file'
            )
        available = len(found.statements)
        for name, value in (("multiplicity (K)", multiplicity), ("templates (|R|)", templates)):
            if value > available:
                where = f"relation {relation!r} ({found.source})"
                raise UsageError(f"{name} = {value} exceeds the {counted(available, 'statement template')} of {where}")


def shipped(name: str) -> Traversable:
    """A file of the package's own data."""
    return resources.files("empirics.experiments.language_models.facts.data").joinpath(name)


@cache
def _built_in() -> dict[str, RelationTemplates]:
    return _parse("built-in", tomllib.loads(shipped("templates.toml").read_text(encoding="utf-8")))


def text_of(path: Path, what: str) -> str:
    """A file of facts or templates (UsageError: it cannot be read, or is not in UTF-8)."""
    try:
        return bytes_of(path, what).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} {path}: not UTF-8 text (byte {error.start})") from None


def bytes_of(path: Path, what: str) -> bytes:
    """The bytes of a file, unpacked if gzip packed them (UsageError: it cannot be read)."""
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{what} {path}: {getattr(error, 'strerror', None) or error}") from None


def _parse(source: str, document: Mapping[str, Any]) -> dict[str, RelationTemplates]:
    where = f"templates {source}"
    relations = document.get("relation")
    if not isinstance(relations, dict) or not relations or len(document) > 1:
        found = ", ".join(document) or "nothing"
        raise UsageError(f'{where}: only tables [relation."NAME"] are allowed, at least one (found: {found})')
    return {name: _relation(source, name, table) for name, table in relations.items()}


def _relation(source: str, relation: str, table: Any) -> RelationTemplates:
    where = f"templates {source}, relation {relation!r}"
    if not isinstance(table, dict):
        raise UsageError(f"{where}: must be a table with statements and questions")
    unknown = [key for key in table if key not in KINDS]
    if unknown:
        raise UsageError(f"{where}: unknown key {unknown[0]!r}; allowed: {', '.join(KINDS)}")
    texts: dict[str, tuple[str, ...]] = {}
    for kind in KINDS:
        values = table.get(kind, [])
        if not isinstance(values, list):
            raise UsageError(f"{where}, {kind}: must be a list of strings")
        if not values:
            raise UsageError(f"{where}: no {kind}; at least 1 is needed")
        texts[kind] = _checked(f"{where}, {kind}", values)
    return RelationTemplates(relation, texts["statements"], texts["questions"], source)


def _checked(where: str, values: list[Any]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    texts: list[str] = []
    for number, value in enumerate(values, start=1):
        place = f"{where}, template {number}"
        if not isinstance(value, str):
            raise UsageError(f"{place}: must be a string, not {value!r}")
        text = " ".join(value.split())
        for placeholder in (SUBJECT, ANSWER):
            if (count := text.count(placeholder)) != 1:
                many = "lacks" if count == 0 else f"has {count} times"
                raise UsageError(f"{place}: {many} {placeholder}; exactly one is needed: {text!r}")
        if text.index(ANSWER) < text.index(SUBJECT):
            raise UsageError(f"{place}: {ANSWER} comes before {SUBJECT}: {text!r}")
        earlier = seen.setdefault(text.casefold(), number)
        if earlier != number:
            raise UsageError(f"{place}: repeats template {earlier}: {text!r}")
        texts.append(text)
    return tuple(texts)
