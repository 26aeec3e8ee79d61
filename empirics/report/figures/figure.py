"""A figure: its data, and how to draw it from them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from empirics.report.figures.style import figure_style
from empirics.runs.environment import versions

FORMATS: Final = ("svg", "pdf", "png")
_DOTS_PER_INCH = 300
# How each format names what is told. An SVG has no title: a page that holds it would show that beside its own.
_METADATA: Final[Mapping[str, Mapping[str, Any]]] = {
    "svg": {"Creator": "program", "Source": "command", "Description": "data", "Date": None},
    "pdf": {"Title": "title", "Creator": "program", "Subject": "command", "Keywords": "data", "CreationDate": None},
    "png": {"Title": "title", "Software": "program", "Source": "command", "Description": "data"},
}

Row = Mapping[str, float | int | str | None]


def number(row: Row, *keys: str) -> float:
    """The first of the keys that has a value, as a number; 0 if none has."""
    return next((float(value) for key in keys if (value := row[key]) is not None), 0.0)


def csv_text(rows: Sequence[Row]) -> str:
    """Rows with the same keys as CSV text."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def panel_title(place: Mapping[str, float], names: Mapping[str, str]) -> str:
    """Where a panel or line stands, as in ``$K=3$, $|R|=20$``; ``names`` gives the LaTeX of a column."""
    return ", ".join(f"${names.get(column, column)}={value:g}$" for column, value in place.items())


def panels_of(rows: Sequence[Row], columns: Sequence[str]) -> list[dict[str, float]]:
    """The values of some columns that occur, sorted, by column."""
    places = sorted({tuple(number(r, column) for column in columns) for r in rows})
    return [dict(zip(columns, place, strict=True)) for place in places]


def rows_at(rows: Sequence[Row], place: Mapping[str, float | str]) -> list[Row]:
    """The rows with these values."""
    return [r for r in rows if all(r[column] == value for column, value in place.items())]


def numbers(rows: Sequence[Row], key: str) -> Any:
    """A column as numbers, NaN for None."""
    return np.array([math.nan if r[key] is None else number(r, key) for r in rows])


def with_bars(rows: Sequence[Row], key: str, place: Callable[[float], float] = float) -> tuple[Any, list[Any]]:
    """Where ``place`` draws a column's values, and their error bars: lengths to ``lower`` and ``upper`` if given."""
    at, lower, upper = (np.array([place(number(r, *keys, key)) for r in rows]) for keys in ((), ("lower",), ("upper",)))
    return at, [np.maximum(at - lower, 0), np.maximum(upper - at, 0)]


@dataclass(frozen=True)
class Figure:
    """A figure, drawn from the rows (all with the same keys) that are stored beside it as CSV.

    ``name`` is the file name without ending, ``title`` the accessible name. ``draw`` makes a matplotlib figure of the
    rows; it is called inside :func:`empirics.report.figures.style.figure_style`. ``command`` draws it again, without
    its ``--format``; ``style`` is one of :data:`empirics.report.figures.style.LOOKS`.
    """

    name: str
    title: str
    caption: str
    rows: Sequence[Row]
    draw: Callable[[Sequence[Row]], Any]
    picture: str | None = None  # the SVG element, where it was drawn before
    command: str = ""
    style: str = "paper"

    @property
    def csv(self) -> str:
        """The data as CSV text."""
        return csv_text(self.rows)

    @cached_property
    def svg(self) -> str:
        """The picture as an SVG element, without XML declaration; the same text for the same rows."""
        if self.picture is not None:
            return self.picture
        text = self.render("svg").decode("utf-8")
        return text[text.index("<svg") :]

    def render(self, form: str) -> bytes:
        """The picture as the bytes of a file of one of :data:`FORMATS`, with what made it and its data as metadata."""
        stream = io.BytesIO()
        with figure_style(self.style):
            drawn = self.draw(self.rows)
            drawn.savefig(stream, format=form, dpi=_DOTS_PER_INCH, metadata=self._metadata(form))
        return stream.getvalue()

    def _metadata(self, form: str) -> dict[str, str | None]:
        known = {"title": self.title, "program": f"factbound {versions('factbound')[0]}", "data": self.csv}
        known["command"] = f"{self.command} --format {form}" if self.command else ""
        named = {name: None if what is None else known[what] for name, what in _METADATA[form].items()}
        return {name: text for name, text in named.items() if text != ""}
