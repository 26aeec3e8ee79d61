"""What earlier results left in a directory: how much of it new ones replace, and which of its figures they outdate."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from empirics.errors import UsageError
from empirics.report.figures.figure import FORMATS, csv_text
from empirics.verification.results import Earlier, Results

_MARKS: Final = {"svg": b"<dc:title>factbound", "pdf": b"/Creator (factbound", "png": b"Software\0factbound"}
_NAMED: Final = 3
_Kind = TypeVar("_Kind")


def earlier(read: Callable[[Path], _Kind], path: Path) -> _Kind | None:
    """The document that a path holds before it is replaced; None if it holds none that can be read."""
    try:
        return read(path)
    except (OSError, UsageError, ValidationError, UnicodeDecodeError):
        return None


def replaced(before: Earlier | None, claims: Collection[str], path: Path) -> str:
    """What is lost if results on some claims replace earlier ones, in a line; empty if every claim is judged again."""
    tested = [c.id for c in before.claims if c.verdict != "NOT TESTED"] if before else []
    lost = [identifier for identifier in tested if identifier not in claims]
    if not lost:
        return ""
    count = f"{len(lost)} claim{'s' * (len(lost) > 1)} that {'are' if len(lost) > 1 else 'is'} not judged now"
    named = ", ".join(lost[:_NAMED]) + (f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else "")
    return f"{path} judged {count} ({named}); it is replaced; another --output keeps it"


def data_of(results: Earlier | Results) -> dict[str, str]:
    """By the name of each figure of results its data as CSV."""
    return {data.name: csv_text(data.mappings()) for data in (*results.shown.figures, *results.figures)}


def remove_outdated(before: Mapping[str, str], after: Mapping[str, str], directory: Path) -> list[Path]:
    """Remove the figures of earlier results that the new ones do not have, or have with other data.

    Both are the figures' data by name (:func:`data_of`). Removed, and returned, is only what this program wrote: CSV
    files with the earlier data, and pictures of those names that bear its mark.
    """
    removed = []
    for name, data in before.items():
        if after.get(name) == data:
            continue
        table = directory / f"{name}.csv"
        drawn_again = name in after and _content(table) == after[name].encode()
        pictures = [directory / f"{name}.{form}" for form in FORMATS if not (drawn_again and form == "svg")]
        found = [picture for picture in pictures if _MARKS[picture.suffix[1:]] in _content(picture)]
        for path in found if _content(table) != data.encode() else [*found, table]:
            with contextlib.suppress(OSError):  # as in a folder that may not be written to: it stays
                path.unlink()
                removed.append(path)
    return removed


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
