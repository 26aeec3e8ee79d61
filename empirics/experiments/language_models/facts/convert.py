"""Data sets of facts as people have them, turned into the table that ``--facts`` reads; every row is accounted for.

A format is data: the keys that tell it from the others, and where in a row PopQA's columns stand. What a format does
not hold is left out. PopQA: A. Mallen et al., 2023. EntityQuestions: C. Sciavolino et al., 2021. LAMA: F. Petroni et
al., 2019. ParaRel: Y. Elazar et al., 2021. CounterFact: K. Meng et al., 2022. zsRE: O. Levy et al., 2017, in the form
of E. Mitchell et al., 2022, and K. Meng et al.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.language_models.facts.popqa import COLUMNS, Row, kind_of, read_rows
from empirics.experiments.language_models.facts.table import FactReport, clean, entry_of
from empirics.experiments.language_models.facts.templates import bytes_of, load_templates, text_of
from empirics.files import write_atomically
from theory.plural import counted
from theory.spelling import meant, some

X = "[X]"
"""The subject, in the form of a question."""
_TABLES = (".tsv", ".csv", ".parquet")
_JSON = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class Format:
    """A row has all keys of one of ``marks``; PopQA's ``columns`` stand under these keys.

    ``a.b`` is b within a, ``a|b`` whichever is there.
    """

    marks: tuple[frozenset[str], ...]
    columns: Mapping[str, str]


def _marks(*keys: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(words.split()) for words in keys)


_LABELS = {"id": "uuid", "subj": "sub_label", "obj": "obj_label"}
_REWRITE = {"subj": "subject", "prop": "relation_id", "obj": "target_true.str", "obj_id": "target_true.id"}
# The first that fits is taken. CounterFact's target_new and zsRE's alt are false on purpose, and are not read.
FORMATS = {
    "popqa": Format(_marks("subj prop obj"), {}),
    "counterfact": Format(
        _marks("requested_rewrite"),
        {"id": "case_id", **{column: f"requested_rewrite.{key}" for column, key in _REWRITE.items()}},
    ),
    "zsre": Format(
        _marks("subject src", "subject question answers"),
        {"subj": "subject", "obj": "answers", "question": "src|question"},
    ),
    "lama": Format(
        _marks("sub_label obj_label predicate_id", "sub_label obj_label pred", "sub_label obj_label sub_uri"),
        {**_LABELS, "prop": "predicate_id|pred", "subj_id": "sub_uri", "obj_id": "obj_uri"},
    ),
    "pararel": Format(_marks("sub_label obj_label", "pattern"), _LABELS),
    "entityquestions": Format(_marks("question answers"), {"obj": "answers", "question": "question"}),
}

RELATIONS = {
    **{"P17": "country", "P19": "place of birth", "P22": "father", "P25": "mother", "P36": "capital", "P50": "author"},
    **{"P57": "director", "P58": "screenwriter", "P86": "composer", "P106": "occupation", "P136": "genre"},
    **{"P140": "religion", "P162": "producer", "P462": "color", "P641": "sport", "P1376": "capital of"},
    "/people/person/place_of_birth": "place of birth",
}
"""PopQA's names of Wikidata's properties, and of Freebase's one in LAMA's Google-RE; others keep the name they have."""

QUESTIONS = {
    "P17": "Which country is [X] located in?",
    "P19": "Where was [X] born?",
    "P20": "Where did [X] die?",
    "P26": "Who is [X] married to?",
    "P36": "What is the capital of [X]?",
    "P40": "Who is [X]'s child?",
    "P50": "Who is the author of [X]?",
    "P69": "Where was [X] educated?",
    "P106": "What kind of work does [X] do?",
    "P112": "Who founded [X]?",
    "P127": "Who owns [X]?",
    "P131": "Where is [X] located?",
    "P136": "What type of music does [X] play?",
    "P159": "Where is the headquarter of [X]?",
    "P170": "Who was [X] created by?",
    "P175": "Who performed [X]?",
    "P176": "Which company is [X] produced by?",
    "P264": "What music label is [X] represented by?",
    "P276": "Where is [X] located?",
    "P407": "Which language was [X] written in?",
    "P413": "What position does [X] play?",
    "P495": "Which country was [X] created in?",
    "P740": "Where was [X] founded?",
    "P800": "What is [X] famous for?",
}
"""How EntityQuestions asks for each of its relations: it names the subject nowhere else."""


def convert(source: Path, output: Path, name: str | None = None) -> tuple[str, ...]:
    """Write the facts of a data set as a table in PopQA's columns; what became of its rows, in words.

    Without the ``name`` of its format that of most rows is taken. A folder is read with all its files.
    Raises UsageError: the source cannot be read, its format is not known, no row is usable, or the output is refused.
    """
    if name is not None and name not in FORMATS:
        raise UsageError(f"--from={name} is refused; {meant(name, FORMATS)}")
    if output.suffix != ".tsv":
        raise UsageError(f"--output={output} is refused: allowed is a name that ends in .tsv")
    files, others = _files(source)
    if output.resolve() in [file.resolve() for file in files]:
        raise UsageError(f"--output={output} is refused: it is what is read")
    if not any(file.is_dir() or file.stat().st_size for file in files):
        raise UsageError(f"facts {source}: it is empty")
    tables = [(file, *_rows(file)) for file in files]
    met = Counter(found for _, _, rows in tables for row in rows if (found := _recognised(row.values)))
    if name is None and not met:
        raise UsageError(f"facts {source}: no row is in a format that is known ({some(FORMATS)}); --from names one")
    chosen = name or met.most_common(1)[0][0]
    reports: list[tuple[str, FactReport]] = []
    written: list[Mapping[str, Any]] = []
    for file, unit, rows in tables:
        report = FactReport(str(file.relative_to(source)) if file != source else file.name, read=len(rows))
        reports.append((unit, report))
        for row in (_in_columns(FORMATS[chosen], row, _relation_of(file)) for row in rows):
            if (entry := entry_of(row, report)) is not None:
                fact = entry.fact
                texts = {"subj": fact.subject, "prop": fact.relation, "obj": fact.answer}
                written.append({**row.values, **texts, "possible_answers": list(fact.accepted)})
    passed = list(_told("passed over", "dropped", reports))
    if not written:
        raise UsageError("; ".join([f"facts {source}: no usable row, read as {chosen}", *passed]))
    columns = [
        column
        for column in dict.fromkeys((*COLUMNS, *(name for values in written for name in values)))
        if any(values.get(column) not in (None, "") for values in written)
    ]
    write_atomically(output, _table(columns, written))
    read, relations = sum(report.read for _, report in reports), Counter(values["prop"] for values in written)
    unstated = [relation for relation in relations if relation not in load_templates()]
    lacking = [column for column in COLUMNS if column not in columns]
    lines = [
        f"{source}: read as {chosen}" + ("" if name else ", by the keys of its rows (--from names another format)"),
        f"{counted(read, 'row')} read, {len(written)} written to {output}, {read - len(written)} passed over",
        *passed,
        *_told("repaired", "repaired", reports),
        *([f"not read: {counted(len(others), 'file')} of other kinds (first: {others[0].name})"] if others else []),
        "rows by relation: " + some(f"{relation} {count}" for relation, count in relations.most_common()),
        *([f"no templates are built in for {some(unstated)}: language models need yours"] if unstated else []),
        *([f"columns that the source has no values for are left out: {', '.join(lacking)}"] if lacking else []),
    ]
    return tuple(lines)


def _files(source: Path) -> tuple[list[Path], list[Path]]:
    """The files to read, and those of a folder that are of another kind; a folder of ``datasets`` is one table."""
    if not source.exists():
        raise UsageError(f"facts {source}: no such file or folder")
    if not source.is_dir() or any((source / name).is_file() for name in ("state.json", "dataset_dict.json")):
        return [source], []
    found = [file for file in sorted(source.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    read = [file for file in found if kind_of(file) in (*_TABLES, *_JSON)]
    if not read:
        raise UsageError(
            f"facts {source}: the folder holds no file of a kind that is read: {', '.join(_TABLES + _JSON)}"
        )
    return read, [file for file in found if file not in read]


def _rows(file: Path) -> tuple[str, list[Row]]:
    """What its rows are counted in, and the rows: a table's, the lines of JSON lines, the items of a JSON list."""
    if file.is_dir() or kind_of(file) in _TABLES:
        return "row" if file.is_dir() or kind_of(file) == ".parquet" else "line", read_rows(file)
    data = bytes_of(file, "facts").removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n")
    if not data.lstrip().startswith(b"["):
        return "line", [_line(number, line) for number, line in enumerate(data.split(b"\n"), start=1)]
    text = text_of(file, "facts")
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"facts {file}: not valid JSON ({error})") from None
    return "item", [_object(number, item) for number, item in enumerate(items, start=1)]


def _line(number: int, line: bytes) -> Row:
    if not line.strip():
        return Row(number, {}, "the row is empty")
    try:
        return _object(number, json.loads(line.decode("utf-8")))
    except UnicodeDecodeError:
        return Row(number, {}, "not UTF-8 text")
    except (ValueError, RecursionError):
        return _object(number, None)


def _object(number: int, value: Any) -> Row:
    return Row(number, value) if isinstance(value, dict) else Row(number, {}, "not a JSON object")


def _recognised(values: Mapping[str, Any]) -> str | None:
    return next((name for name, form in FORMATS.items() if any(keys <= values.keys() for keys in form.marks)), None)


def _relation_of(file: Path) -> str:
    """The property that the name of a file begins with, or that of its folder (``P17.train.json``); or nothing."""
    return next(
        (found[0] for name in (file.name, file.parent.name) if (found := re.match(r"P\d+(?![^\W_])", name))), ""
    )


def _in_columns(form: Format, row: Row, relation: str) -> Row:
    """The row in PopQA's columns, or why it states no fact; ``relation`` is that of its file, if its name says it."""
    if row.problem or not form.columns:
        return row
    values = {column: _at(row.values, key) for column, key in form.columns.items()}
    if values.get("subj") is None and {"pattern", "template"} & row.values.keys():
        return Row(row.number, {}, "a sentence for a relation, not a fact")
    answers = values["obj"] if isinstance(values["obj"], list) else [values["obj"]]
    values["obj"] = next((answer for answer in answers if not clean(answer)[0]), next(iter(answers), ""))
    values["possible_answers"] = answers
    for column in ("subj", "obj", "question"):
        if column in form.columns:
            key, value = form.columns[column], values[column]
            if problem := "is missing" if value is None else clean(value)[0]:
                return Row(row.number, {}, f"{key.replace('|', ' or ')} {problem}")
    relation = clean(values.get("prop"))[1] or relation
    if "question" in values:
        question = clean(values["question"])[1]
        try:
            asked = _of_question(question, relation) if "subj" not in values else _around(values["subj"], question)
        except ValueError as problem:
            return Row(row.number, {}, str(problem))
        values["subj"], relation = asked
    if not relation:
        return Row(row.number, {}, "neither the row nor the file's name (as P17.jsonl) says the relation")
    return Row(row.number, {**values, "prop": RELATIONS.get(relation, relation)})


def _at(values: Mapping[str, Any], key: str) -> Any:
    first, _, rest = key.partition(".")
    found = next((values[name] for name in first.split("|") if values.get(name) is not None), None)
    return found if not rest else _at(found, rest) if isinstance(found, dict) else None


def _of_question(question: str, relation: str) -> tuple[str, str]:
    """Subject and relation of one of EntityQuestions' questions (ValueError: not one, or of more than one relation)."""
    forms = {name: re.escape(form).replace(re.escape(X), "(.+)") for name, form in QUESTIONS.items()}
    fits = {
        name: found[1]
        for name, form in forms.items()
        if relation in ("", name) and (found := re.fullmatch(form, question))
    }
    if not fits:
        raise ValueError(f"the question is not in the known form of {relation or 'any relation'}")
    if len(fits) > 1:
        raise ValueError(f"the question fits {' and '.join(fits)} alike: name the file after one, as P131.jsonl")
    return next((subject, name) for name, subject in fits.items())


def _around(subject: str, question: str) -> tuple[str, str]:
    """The subject, and the relation that zsRE's question asks for: a property, or else the question without subject."""
    form = question.replace(clean(subject)[1], X)
    if form == question:
        raise ValueError("the question does not hold the subject: its relation is not known")
    fits = [name for name, known in QUESTIONS.items() if known == form]
    return subject, fits[0] if len(fits) == 1 else form


def _told(word: str, what: str, reports: list[tuple[str, FactReport]]) -> Iterator[str]:
    """A line for each reason: how often, and where first."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for unit, report in reports:
        for reason, tally in getattr(report, what).items():
            counts[reason] += tally.count
            first.setdefault(reason, f"{unit} {tally.rows[0]} of {report.source}")
    yield from (f"{word} {count}: {reason} (first: {first[reason]})" for reason, count in counts.items())


def _table(columns: list[str], rows: list[Mapping[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
    writer.writerow(columns)
    for values in rows:
        writer.writerow(_field(values.get(column)) for column in columns)
    return stream.getvalue()


def _field(value: Any) -> str:
    if isinstance(value, str):
        return clean(value)[1]
    return "" if value is None else json.dumps(value)
