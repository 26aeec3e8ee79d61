"""The plain table of every command."""

from __future__ import annotations

from collections.abc import Iterable

from rich import table as rich
from rich.markup import escape


def plain_table(*headings: str, rows: Iterable[Iterable[str]] = (), title: str = "") -> rich.Table:
    """A table without lines, with columns that fold; headings and rows may hold markup."""
    table = rich.Table(box=None, pad_edge=False, header_style="bold", title=escape(title), title_justify="left")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
