"""Rows of a fact table in PopQA's columns: TSV, CSV, JSON lines, Parquet, or a folder saved by ``datasets``.

PopQA: A. Mallen et al., 2023, "When Not to Trust Language Models". Its file is a TSV whose list
fields hold JSON, quoted as in ``"[""Paris"", ""City of Light""]"``.

Reading stops only where the file as a whole cannot be understood; a single row that cannot be
is handed on with its problem, for the caller to count.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.language_models.facts.templates import text_of
from theory.plural import counted

COLUMNS = (
    *("id", "subj", "prop", "obj", "subj_id", "prop_id", "obj_id", "s_aliases", "o_aliases"),
    *("s_uri", "o_uri", "s_wiki_title", "o_wiki_title", "s_pop", "o_pop", "question", "possible_answers"),
)
REQUIRED = ("subj", "prop", "obj", "possible_answers")
_DELIMITERS = {".tsv": "\t", ".csv": ","}


@dataclass(frozen=True)
class Row:
    """One row as it stands in the table, unchecked, and why it cannot be used, if so.

    ``number`` is the line on which it begins (header: 1) in a text file; else its place, from 1.
    """

    number: int
    values: Mapping[str, Any]
    problem: str = ""


def read_rows(path: Path | str) -> list[Row]:
    """All rows of a .tsv, .csv, .jsonl or .parquet file, or of a folder written by ``datasets``' ``save_to_disk``.

    Text may be packed by gzip (.tsv.gz).

    Raises UsageError: no such file, an unknown kind of file, broken quoting (with the line), text that is not UTF-8, no
    header, columns that are missing, or pyarrow is needed and not installed.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"facts {path}: no such file or folder")
    if path.is_dir():
        return _numbered(path, _saved_records(path))
    kind = kind_of(path)
    if kind in _DELIMITERS:
        return _delimited(path, _DELIMITERS[kind])
    if kind in (".jsonl", ".ndjson"):
        return _json_lines(path)
    if kind == ".parquet":
        return _numbered(path, _parquet_records(path))
    raise UsageError(
        f"facts {path}: unknown kind of file {kind!r}; allowed: .tsv, .csv, .jsonl, .parquet, "
        "or a folder saved by datasets' save_to_disk"
    )


def kind_of(path: Path) -> str:
    """The ending of a file's name, without .gz."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _delimited(path: Path, delimiter: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text_of(path, "facts"), newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    rows: list[Row] = []
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise UsageError(
                f"facts {path}: the row that begins on line {number} is broken ({error}); "
                'a field that holds a quotation mark must be quoted as in "[""a"", ""b""]"'
            ) from None
        if header is None:
            header = [name.strip() for name in fields]
            _require_columns(path, header)
        elif not any(field.strip() for field in fields):
            rows.append(Row(number, {}, "the row is empty"))
        elif len(fields) != len(header):
            rows.append(Row(number, {}, f"{counted(len(fields), 'field')} instead of {len(header)}"))
        else:
            rows.append(Row(number, dict(zip(header, fields, strict=True))))
    if header is None:
        raise UsageError(f"facts {path}: the file is empty; the first line names the columns")
    return rows


def _require_columns(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UsageError(
            f"facts {path}: missing columns {', '.join(missing)}; required: {', '.join(REQUIRED)} "
            f"(found: {', '.join(name[:40] for name in names[:20])})"
        )
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise UsageError(f"facts {path}: duplicate columns: {', '.join(doubled)}")


def _json_lines(path: Path) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text_of(path, "facts").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        rows.append(Row(number, value) if isinstance(value, dict) else Row(number, {}, "not a JSON object"))
    return _with_columns(path, rows)


def _numbered(path: Path, records: Iterable[Mapping[str, Any]]) -> list[Row]:
    return _with_columns(path, [Row(number, record) for number, record in enumerate(records, start=1)])


def _with_columns(path: Path, rows: list[Row]) -> list[Row]:
    """The rows; the columns of a table without a header line are those of all its rows."""
    _require_columns(path, list(dict.fromkeys(name for row in rows for name in row.values)))
    return rows


def _pyarrow(path: Path, module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UsageError(
            f"facts {path}: reading this needs the package pyarrow: pip install 'factbound[lm]', or give a TSV"
        ) from None


def _parquet_records(path: Path) -> list[Mapping[str, Any]]:
    parquet = _pyarrow(path, "pyarrow.parquet")
    try:
        records: list[Mapping[str, Any]] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:  # ArrowInvalid is a ValueError
        raise UsageError(f"facts {path}: not a readable Parquet file ({_first_line(error)})") from None
    return records


def _saved_records(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Records of a folder written by ``Dataset.save_to_disk`` or, with one split, ``DatasetDict.save_to_disk``."""
    if (folder / "dataset_dict.json").is_file():
        splits = _saved_json(folder / "dataset_dict.json", "splits")
        if len(splits) != 1:
            raise UsageError(
                f"facts {folder}: holds the splits {', '.join(map(str, splits)) or '(none)'}; give the folder of one"
            )
        folder = folder / str(splits[0])
    if not (folder / "state.json").is_file():
        raise UsageError(f"facts {folder}: not a folder saved by datasets' save_to_disk (it has no state.json)")
    files = _saved_json(folder / "state.json", "_data_files")
    ipc = _pyarrow(folder, "pyarrow.ipc")
    for entry in files:
        file = folder / str(entry.get("filename") if isinstance(entry, dict) else entry)
        try:
            with file.open("rb") as stream:
                yield from ipc.open_stream(stream).read_all().to_pylist()
        except (OSError, ValueError) as error:
            raise UsageError(f"facts {file}: not a readable Arrow file ({_first_line(error)})") from None


def _saved_json(file: Path, key: str) -> list[Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))[key]
    except (OSError, ValueError, KeyError, TypeError):
        value = None
    if not isinstance(value, list):
        raise UsageError(f"facts {file}: no list {key!r}; save the dataset again with save_to_disk")
    return value


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
