"""A user's table as people have it: a file of text in any common form, a data frame, a list of rows.

What can be told for sure is read (and said, where it is not plain); what could mean two things is refused, with the
line that an editor shows, the column, and the option that settles it.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import math
import re
import reprlib
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from theory.plural import counted
from theory.spelling import meant, some

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TWO_MEANINGS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Form:
    """How a file writes its columns and numbers; None where it is told from the file."""

    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)  # their name to ours

    def __post_init__(self) -> None:
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise UsageError(f"--delimiter={self.delimiter!r} is refused: allowed is one character, as in ';'")
        if self.decimal not in (None, ".", ","):
            raise UsageError(f"--decimal={self.decimal!r} is refused: allowed are '.' and ','")
        if self.thousands is not None and (len(self.thousands) != 1 or self.thousands == (self.decimal or ".")):
            allowed = f"one character that is not the decimal sign, which is {self.decimal or '.'!r}"
            more = "; for 1.234,5 pass --decimal , too" if self.thousands == "." and self.decimal is None else ""
            raise UsageError(f"--thousands={self.thousands!r} is refused: allowed is {allowed}{more}")


def renames(texts: Iterable[str]) -> dict[str, str]:
    """``THEIRS=OURS`` for each column; UsageError if one is not of that form."""
    found = {}
    for text in texts:
        theirs, sign, ours = text.partition("=")
        if not (sign and theirs and ours):
            raise UsageError(f"--rename={text} is refused: allowed is THEIRS=OURS, as in error=ood_error")
        found[theirs.strip()] = ours.strip()
    return found


@dataclass
class Table:
    """Names and rows. Rows are read as they are asked for, each with its number; what was passed over is counted."""

    source: str  # as in "runs.csv"; empty for a data frame
    unit: str  # what numbers count: "line" of a file, "row" of a frame
    names: tuple[str, ...]
    rows: Iterable[tuple[int, Sequence[Any]]]
    notes: list[str] = field(default_factory=list)  # what was told from the file
    empty: int = 0

    def place(self, number: int, column: str) -> str:
        """``runs.csv, line 7, column R``."""
        return f"{self.source}, {self.unit} {number}, column {column}".removeprefix(", ")

    def position(self, name: str) -> int:
        """Where the column stands; UsageError if there are two of that name."""
        found = [i for i, n in enumerate(self.names) if n == name]
        if len(found) > 1:
            places = " and ".join(str(i + 1) for i in found)
            raise UsageError(f"{self.source + ': ' if self.source else ''}duplicate column {name} (columns {places})")
        return found[0]

    def like(self, missing: Iterable[str]) -> str:
        """Columns that may have been meant, as words to add to a message."""
        found: dict[str, str] = {}
        for name in missing:
            near = meant(name, self.names).removeprefix("did you mean ").removesuffix("?").split(" or ")[0]
            if near in self.names and near not in found.values():
                found[name] = near
        if not found:
            return ""
        word = "column" if len(found) == 1 else "columns"
        how = [f"--rename {near}={name}" if self.source else f"name it {name}" for name, near in found.items()]
        return f"; did you mean the {word} {' and '.join(found.values())}? {', '.join(how)}"


def read_table(frame: Any, form: Form, known: Collection[str]) -> Table:
    """A path (``-``: standard input), a data frame, a mapping of columns, or rows; ``known`` are names to expect.

    Raises:
        UsageError: it cannot be read, or has no header or no rows.
    """
    if isinstance(frame, str | Path):
        table = _of_file(Path(frame), form, known)
    elif type(frame).__name__ == "LazyFrame":  # of polars: its columns are not there yet
        return read_table(frame.collect(), form, known)
    elif hasattr(frame, "columns") or hasattr(frame, "keys"):
        if hasattr(frame, "to_pydict"):  # of Arrow, whose columns have no names
            frame = frame.to_pydict()
        names = [str(name) for name in (frame.columns if hasattr(frame, "columns") else frame)]
        if len(set(names)) < len(names):
            Table("", "row", tuple(names), ()).position(next(n for n in names if names.count(n) > 1))
        columns = [_values(name, frame[name]) for name in (frame.columns if hasattr(frame, "columns") else frame)]
        lengths = {name: len(column) for name, column in zip(names, columns, strict=True)}
        if len(set(lengths.values())) > 1:
            raise UsageError(f"columns differ in length: {lengths}")
        table = Table("", "row", tuple(names), enumerate(zip(*columns, strict=True), start=1))
    else:
        rows = _mappings(frame)
        names = list(map(str, rows[0])) if rows else []
        table = Table(
            "", "row", tuple(names), ((i, [row.get(n) for n in names]) for i, row in enumerate(rows, start=1))
        )
    if not table.names:
        raise UsageError("the table is empty: it has no rows and no columns")
    missing = [theirs for theirs in form.rename if theirs not in table.names]
    if missing:
        raise UsageError(f"--rename {missing[0]}: there is no such column (found: {some(table.names)})")
    table.names = tuple(form.rename.get(name, name) for name in table.names)
    return table


def _values(name: object, column: Any) -> list[Any]:
    """The values of a column; UsageError if it is one value."""
    if isinstance(column, str | bytes) or not isinstance(column, Iterable):
        raise UsageError(
            f"column {name}={reprlib.repr(column)} is refused: allowed is a sequence, a value for each row"
        )
    return list(column)


def _mappings(frame: Any) -> list[Any]:
    """The rows of a table that is neither a file nor columns; UsageError if it is something else."""
    if isinstance(frame, bytes) or not isinstance(frame, Iterable):
        forms = "a path, a data frame, a mapping of columns, or rows, each a mapping"
        raise UsageError(f"measurements={reprlib.repr(frame)} is refused: allowed are {forms}")
    rows = list(frame)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            allowed = "a mapping from names of columns to values"
            raise UsageError(f"row {number} is {reprlib.repr(row)}: allowed is {allowed}")
    return rows


def _of_file(path: Path, form: Form, known: Collection[str]) -> Table:
    name = "standard input" if str(path) == "-" else str(path)
    try:
        stream: Any = sys.stdin.buffer if str(path) == "-" else path.open("rb")
        start = stream.peek(4)[:4]
        if start.startswith(b"\x1f\x8b"):
            stream = io.BufferedReader(gzip.GzipFile(fileobj=stream))
            start = stream.peek(4)[:4]
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    if start == b"PAR1":
        return _of_parquet(stream, name)
    if start.startswith(b"PK"):
        raise UsageError(f"{name} is a workbook or an archive (.xlsx, .zip), not text: export the sheet as CSV")
    encoding = next((e for mark, e in _ENCODINGS if start.startswith(mark)), "utf-8")
    table = Table(name, "line", (), ())
    lines = _lines(io.TextIOWrapper(stream, encoding, newline=""), name)
    skipped = 0
    header = ""
    for header in lines:
        if header.strip() and not header.lstrip().startswith("#"):
            break
        skipped += 1
        if header.strip():
            table.notes.append(f"line {skipped} is a comment")
    else:
        raise UsageError(f"{name} is empty")
    try:
        delimiter = form.delimiter or _delimiter(header, {*known, *form.rename})
        reader = csv.reader(itertools.chain([header], lines), delimiter=delimiter, skipinitialspace=delimiter != "\t")
        names = [n.strip() for n in next(reader)]
    except csv.Error as error:
        raise UsageError(f"{name}, line {skipped + 1}: {error}; is this file a table?") from None
    if delimiter != ",":
        table.notes.append(f"columns are separated by {_DELIMITERS.get(delimiter, repr(delimiter))}")
    table.rows = _rows(table, reader, len(names), skipped)
    table.names = tuple(names)
    return table


def _lines(stream: Iterable[str], name: str) -> Iterator[str]:
    try:
        for line in stream:
            if "\0" in line:
                raise UsageError(f"{name} is not text in UTF-8 (it holds null bytes): export it as CSV in UTF-8")
            yield line
    except UnicodeError as error:
        raise UsageError(f"{name} is not text in UTF-8 ({error}): save it in UTF-8") from None
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"cannot read {name}: {error}") from None


def _delimiter(header: str, known: Collection[str]) -> str:
    """The sign that parts the header into most of the known names; among equals into most columns."""
    wanted = {n.casefold() for n in known}

    def found(delimiter: str) -> tuple[int, int]:
        names = [n.strip().casefold() for n in next(csv.reader([header], delimiter=delimiter, skipinitialspace=True))]
        return len(wanted & set(names)), len(names)

    return max(_DELIMITERS, key=found)


def _rows(table: Table, reader: Any, width: int, skipped: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Every row with the number of the line on which it begins; empty ones are passed over."""
    last = reader.line_num
    try:
        for fields in reader:
            line, last = skipped + last + 1, reader.line_num
            if not any(map(str.strip, fields)):
                table.empty += bool(fields)
                continue
            if len(fields) != width and (len(fields) < width or any(map(str.strip, fields[width:]))):
                comma = ": numbers with decimal commas need other separators, or quotes" if len(fields) > width else ""
                raise UsageError(
                    f"{table.source}, line {line} has {counted(len(fields), 'field')}, the header has "
                    f"{counted(width, 'column')}{comma}"
                )
            yield line, fields
    except csv.Error as error:
        raise UsageError(f"{table.source}, line {skipped + reader.line_num}: {error}") from None


def _of_parquet(stream: Any, name: str) -> Table:
    try:
        from pyarrow import ArrowException, parquet  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise UsageError(f"{name} is a Parquet file: pip install pyarrow, or export it as CSV") from None
    try:
        columns = parquet.read_table(io.BytesIO(stream.read())).to_pydict()
    except (ArrowException, OSError, EOFError, zlib.error) as error:
        raise UsageError(f"cannot read {name}: {error}") from None
    rows = zip(*columns.values(), strict=True)
    return Table(name, "row", tuple(map(str, columns)), enumerate(rows, start=1))


class Numbers:
    """Numbers as one table writes them: each text is read once, and two ways of writing them are not mixed."""

    def __init__(self, table: Table, form: Form) -> None:
        self.table, self.form = table, form
        self.comma = self.point = ""  # where a decimal sign was first seen
        self.known: dict[str, float | None] = {}

    def read(self, value: Any, number: int, column: str) -> float | None:
        """A finite number; None where the value is missing.

        Raises:
            UsageError: it is no number, or could be read in two ways.
        """
        if isinstance(value, str):
            if value in self.known:
                return self.known[value]
            found = self.known[value] = self._of_text(value.strip(), lambda: self.table.place(number, column))
            return found
        if value is None or value is getattr(sys.modules.get("pandas"), "NA", None):
            return None
        try:
            found = float(value)
        except (TypeError, ValueError, OverflowError):
            raise UsageError(f"{self.table.place(number, column)}: {value!r} is not a number") from None
        return None if math.isnan(found) else self._finite(found, value, lambda: self.table.place(number, column))

    def text(self, value: Any, number: int, column: str) -> str:
        """A number that is not missing, without a point where it is an integer; integers of any size stay exact."""
        if re.fullmatch(r"\s*[+-]?\d{1,4000}\s*", str(value)):  # more digits are refused by int
            return str(int(value))
        found = self.read(value, number, column)
        if found is None:
            raise UsageError(f"{self.table.place(number, column)} is empty")
        return str(int(found)) if found == int(found) and abs(found) < 1e15 else repr(found)

    def _of_text(self, text: str, place: Callable[[], str]) -> float | None:
        if text.casefold() in _MISSING:
            return None
        plain, form = text, self.form
        if form.thousands:
            plain = plain.replace(form.thousands, "")
        if "," in plain and "." not in plain and (form.decimal == "," or (form.decimal is None and not form.thousands)):
            if form.decimal is None and _TWO_MEANINGS.fullmatch(plain):
                raise UsageError(f"{place()}: {text!r} is ambiguous; pass --decimal , or --thousands ,")
            self.comma = self.comma or place()
            plain = plain.replace(",", ".")
        elif "." in plain:
            if form.decimal == ",":
                raise UsageError(f"{place()}: {text!r} has a point, and --decimal is a comma")
            self.point = self.point or place()
        if self.comma and self.point:
            raise UsageError(f"a decimal comma ({self.comma}) and a decimal point ({self.point}) in one table")
        if plain.endswith("%") and _NUMBER.fullmatch(plain[:-1].strip()):
            raise UsageError(f"{place()}: {text!r} has a percent sign: write {float(plain[:-1]) / 100:g}")
        if not _NUMBER.fullmatch(plain):
            infinite = re.fullmatch(r"[+-]?inf(inity)?", plain, re.IGNORECASE)
            word = "not finite; a failed run has an empty field" if infinite else "not a number"
            raise UsageError(f"{place()}: {text!r} is {word}")
        return self._finite(float(plain), text, place)

    def _finite(self, found: float, value: object, place: Callable[[], str]) -> float:
        if not math.isfinite(found):
            raise UsageError(f"{place()}: {value!r} is not finite; a failed run has an empty field")
        return found
