"""What a notebook shows: a small table, and values in a few signs."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from html import escape

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = 3
_SHORT.maxlevel = 2


def brief(value: object) -> str:
    """A value as Python writes it, its middle left out where it is long."""
    return _SHORT.repr(value)


def html_table(title: str, rows: Iterable[Iterable[object]]) -> str:
    """A title, and rows of cells, all of them escaped."""
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<p>{escape(title)}</p><table>{body}</table>"
