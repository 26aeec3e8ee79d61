"""What a notebook shows: a small table."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


def html_table(title: str, rows: Iterable[Iterable[object]]) -> str:
    """A title, and rows of cells, all of them escaped."""
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<p>{escape(title)}</p><table>{body}</table>"
