"""A figure: its data, and how to draw it from them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from empirics.report.figures.style import figure_style

__all__ = ["FORMATS", "Figure", "Row", "number", "panel_title"]

FORMATS: Final = ("svg", "pdf", "png")
_DOTS_PER_INCH = 300
_METADATA: Final[dict[str, dict[str, Any]]] = {
    "svg": {"Date": None, "Creator": "factbound"},
    "pdf": {"CreationDate": None, "Creator": "factbound"},
    "png": {"Software": "factbound"},
}

Row = Mapping[str, float | int | str | None]


def number(row: Row, *keys: str) -> float:
    """The first of the keys that has a value, as a number; 0 if none has."""
    return next((float(value) for key in keys if (value := row[key]) is not None), 0.0)


def panel_title(place: Mapping[str, float], names: Mapping[str, str]) -> str:
    """Where a panel or line stands, as in ``$K=3$, $|R|=20$``; ``names`` gives the LaTeX of a column."""
    return ", ".join(f"${names.get(column, column)}={value:g}$" for column, value in place.items())


@dataclass(frozen=True)
class Figure:
    """A figure, drawn from the rows that are stored beside it as CSV.

    Attributes:
        name: file name without ending.
        title: a few words, the accessible name.
        caption: what it shows, in a sentence or two.
        rows: its data, one mapping per CSV line, all with the same keys.
        draw: rows to a matplotlib figure; called inside :func:`empirics.report.figures.style.figure_style`.
    """

    name: str
    title: str
    caption: str
    rows: Sequence[Row]
    draw: Callable[[Sequence[Row]], Any]

    @property
    def csv(self) -> str:
        """The data as CSV text."""
        stream = io.StringIO()
        writer = csv.DictWriter(stream, fieldnames=list(self.rows[0]) if self.rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return stream.getvalue()

    @cached_property
    def svg(self) -> str:
        """The picture as an SVG element, without XML declaration; the same text for the same rows."""
        text = self.render("svg").decode("utf-8")
        return text[text.index("<svg") :]

    def render(self, form: str) -> bytes:
        """The picture as the bytes of a file of one of :data:`FORMATS`."""
        stream = io.BytesIO()
        with figure_style():
            drawn = self.draw(self.rows)
            drawn.savefig(stream, format=form, dpi=_DOTS_PER_INCH, metadata=_METADATA[form])
        return stream.getvalue()
