"""Facts (subject, relation, answer), and what became of every row of the table they were read from."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.language_models.facts.popqa import COLUMNS, REQUIRED, Row, read_rows
from empirics.experiments.language_models.facts.templates import load_templates, shipped
from theory.plural import counted

SHOWN_ROWS = 5
EMPTY = " is empty"
_UNUSED = tuple(column for column in COLUMNS if column not in REQUIRED)
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Fact:
    """One fact; within a table its id (``row-N`` if none is given) and (subject, relation) are unique.

    ``relation`` is PopQA's name or the user's own, ``answer`` what statements and Q&A pairs are written with,
    ``accepted`` all answers that count as right: distinct, ``answer`` first.
    """

    id: str
    subject: str
    relation: str
    answer: str
    accepted: tuple[str, ...]


@dataclass
class Tally:
    """How often something was met, and the first rows where it was."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, row: int) -> None:
        """Count one more row."""
        self.count += 1
        if len(self.rows) < SHOWN_ROWS:
            self.rows.append(row)


@dataclass
class FactReport:
    """What became of the rows (without the header): ``read == kept + merged + dropped``, always.

    Tallies by reason: rows ``merged`` into the fact of an earlier row, ``dropped`` without a fact, ``repaired`` in an
    odd field; ``noted``, values that are empty or odd in a further column of PopQA, unless it is empty in every row.
    """

    source: str
    read: int = 0
    kept: int = 0
    relations: dict[str, int] = field(default_factory=dict)
    merged: dict[str, Tally] = field(default_factory=dict)
    dropped: dict[str, Tally] = field(default_factory=dict)
    repaired: dict[str, Tally] = field(default_factory=dict)
    noted: dict[str, Tally] = field(default_factory=dict)

    def total(self, what: str) -> int:
        """Number of entries under ``"merged"``, ``"dropped"``, ``"repaired"`` or ``"noted"``."""
        return sum(tally.count for tally in getattr(self, what).values())

    def lines(self) -> list[str]:
        """The report as plain lines, one a reason, each with its first rows."""
        relations = ", ".join(f"{name} {count}" for name, count in self.relations.items())
        merged = counted(self.total("merged"), "row")
        lines = [
            f"{self.source}: {counted(self.read, 'row')} read, {counted(self.kept, 'fact')} kept, {merged} merged, "
            f"{self.total('dropped')} dropped, {counted(self.total('repaired'), 'repair')}",
            f"facts by relation: {relations or 'none'}",
        ]
        for what in ("merged", "dropped", "repaired", "noted"):
            for reason, tally in getattr(self, what).items():
                more = ", ..." if tally.count > len(tally.rows) else ""
                rows = ", ".join(map(str, tally.rows))
                lines.append(f"{what} {tally.count}: {reason} (row{'s' if tally.count > 1 else ''} {rows}{more})")
        return lines


def load_facts(path: Path | str) -> tuple[tuple[Fact, ...], FactReport]:
    """Facts of a table in PopQA's columns, in the table's order, and the report on its rows.

    Required columns: subj, prop, obj, possible_answers; further ones are tolerated. Rows with the
    same subject and relation become one fact: its answer is the first row's, the others' answers
    are accepted too. If their subj_id differ they speak of namesakes, which no prompt can tell
    apart: only the most viewed (s_pop; the first of equals) is kept.

    Raises UsageError: the table cannot be read (:func:`read_rows`), or has no usable row.
    """
    report = FactReport(str(path))
    entries: list[Entry] = []
    for row in read_rows(path):
        report.read += 1
        if (entry := entry_of(row, report)) is not None:
            entries.append(entry)
    usable = len(entries)
    for reason in [name for name, tally in report.noted.items() if name.endswith(EMPTY) and tally.count >= usable]:
        del report.noted[reason]
    facts = _facts(_without_namesakes(entries, report), report)
    if not facts:
        raise UsageError("; ".join([f"facts {path}: no usable fact", *report.lines()[2:]]))
    return facts, report


@cache
def embedded_facts() -> tuple[Fact, ...]:
    """The facts that ship with the package, written for this project; see docs/facts.md."""
    with resources.as_file(shipped("facts.tsv")) as path:
        return load_facts(path)[0]


@dataclass
class Entry:
    """A usable row: its fact, and which entity of the subject's name it speaks of, viewed so often."""

    row: int
    fact: Fact
    entity: str
    views: int

    @property
    def key(self) -> tuple[str, str]:
        """What rows of one fact share."""
        return self.fact.subject, self.fact.relation


def _count(tallies: dict[str, Tally], reason: str, row: int) -> None:
    tallies.setdefault(reason, Tally()).add(row)


def entry_of(row: Row, report: FactReport) -> Entry | None:
    """The row cleaned, or None once its reason is counted as dropped."""
    if row.problem:
        _count(report.dropped, row.problem, row.number)
        return None
    texts: dict[str, str] = {}
    mended: list[str] = []
    for column in ("subj", "prop", "obj"):
        problem, text = clean(row.values.get(column))
        if problem:
            _count(report.dropped, f"{column} {problem}", row.number)
            return None
        texts[column] = text
        if text != row.values[column]:
            mended.append(f"white space, invisible marks or Unicode form of {column}")
    relation = texts["prop"].casefold() if texts["prop"].casefold() in load_templates() else texts["prop"]
    if relation != texts["prop"]:
        mended.append("capital letters in the name of one of PopQA's relations")
    accepted = tuple(_accepted(row.values, texts["obj"], mended))
    for reason in mended:
        _count(report.repaired, reason, row.number)
    for column in _UNUSED:
        if column not in row.values:
            continue
        if not _plain(row.values[column]):
            _count(report.noted, f"{column}{EMPTY}", row.number)
        elif column in ("s_pop", "o_pop") and _number(row.values[column]) is None:
            _count(report.noted, f"{column} is not a number of page views", row.number)
    name = _plain(row.values.get("id")) or f"row-{row.number}"
    fact = Fact(name, texts["subj"], relation, texts["obj"], accepted)
    return Entry(row.number, fact, _plain(row.values.get("subj_id")), _number(row.values.get("s_pop")) or 0)


def clean(value: Any) -> tuple[str, str]:
    """A problem (or empty) and the text in NFC, without invisible marks, with single spaces."""
    if value is None or value == "":
        return "is empty", ""
    if not isinstance(value, str):
        return "is not text", ""
    text = " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", value)).split())
    if not text:
        return "is empty", ""
    if "\ufffd" in text or any(unicodedata.category(letter) in ("Cc", "Cs", "Cn") for letter in text):
        return "contains unreadable characters", ""
    return "", text


def _plain(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _number(value: Any) -> int | None:
    """Page views: a count, or None (PopQA writes -2 where it found none)."""
    text = _plain(value)
    return int(text) if text.isascii() and text.isdigit() else None


def _accepted(values: Mapping[str, Any], answer: str, mended: list[str]) -> list[str]:
    """All accepted answers, the answer first; each repair is added to ``mended``."""
    items = _items(values.get("possible_answers"), "possible_answers", mended)
    if items is None:
        mended.append("possible_answers is not a JSON list: obj and o_aliases are accepted")
        items = [answer, *(_items(values.get("o_aliases"), "o_aliases", []) or [])]
    cleaned = [clean(item) for item in items]
    if any(problem for problem, _ in cleaned):
        mended.append("accepted answers that are not readable text were left out")
    usable = [text for problem, text in cleaned if not problem]
    if any(text != item for (problem, text), item in zip(cleaned, items, strict=True) if not problem):
        mended.append("white space, invisible marks or Unicode form of accepted answers")
    if answer not in usable:
        mended.append("obj was not among possible_answers: added")
    distinct = list(dict.fromkeys(usable))
    if len(distinct) < len(usable):
        mended.append("duplicate accepted answers")
    return list(dict.fromkeys([answer, *distinct]))


def _items(value: Any, column: str, mended: list[str]) -> list[Any] | None:
    """A list field: a list already, a JSON list, or one in Python's notation; None if it is neither."""
    if isinstance(value, (list, tuple)):
        return list(value)
    if not isinstance(value, str):
        return None
    try:
        found = json.loads(value)
    except ValueError:
        try:
            found = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
        if isinstance(found, list):
            mended.append(f"{column} in Python's notation instead of JSON")
    return found if isinstance(found, list) else None


def _without_namesakes(entries: list[Entry], report: FactReport) -> list[Entry]:
    """Of entities that share a name within a relation, the most viewed one only."""
    best: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        chosen = best.setdefault(entry.key, entry)
        if entry.entity and chosen.entity != entry.entity and entry.views > chosen.views:
            best[entry.key] = entry
    kept = []
    for entry in entries:
        chosen = best[entry.key]
        if entry.entity and chosen.entity and entry.entity != chosen.entity:
            why = "another subject with the same name (subj_id differs) has more page views"
            _count(report.dropped, why, entry.row)
        else:
            kept.append(entry)
    return kept


def _facts(entries: list[Entry], report: FactReport) -> tuple[Fact, ...]:
    """Merge rows with the same subject and relation; give every fact an id of its own."""
    merged: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        earlier = merged.setdefault(entry.key, entry)
        if earlier is entry:
            continue
        same = entry.fact.answer == earlier.fact.answer
        reason = "repeats an earlier row" if same else "another answer to an earlier row: accepted too"
        _count(report.merged, reason, entry.row)
        accepted = dict.fromkeys((*earlier.fact.accepted, *entry.fact.accepted))
        earlier.fact = replace(earlier.fact, accepted=tuple(accepted))
    facts: dict[str, Fact] = {}
    for entry in merged.values():
        name = entry.fact.id
        while name in facts:
            name = f"{name}-row-{entry.row}"
        if name != entry.fact.id:
            _count(report.repaired, "id used before: the row was merged into it", entry.row)
        facts[name] = replace(entry.fact, id=name)
    report.relations = dict(Counter(fact.relation for fact in facts.values()))
    report.kept = len(facts)
    return tuple(facts.values())
