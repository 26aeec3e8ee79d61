"""What is shown, as data: tables and figures that any reader of a results file can draw without the code that made it.

An experiment fills these (:meth:`empirics.experiments.protocol.Experiment.show`),
they are stored in results.json, and :mod:`empirics.report` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from theory.html import brief, html_table
from theory.plural import counted

__all__ = ["CLAIM_FIGURE", "Column", "FigureData", "Part", "Scalar", "Shown", "Table", "Value", "repeated"]

Scalar = str | int | float | None
Value = Scalar | tuple[Scalar, ...]

CLAIM_FIGURE = "claim-"
"""How the names of the claims' own figures begin, and no others."""


def repeated(names: Sequence[str]) -> list[str]:
    """The names that occur more than once."""
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]


class Brief(BaseModel):
    """What says of itself in a line what it holds, and in a notebook in a table; the whole is ``model_dump()``."""

    def __repr__(self) -> str:
        """In a line, without what is empty."""
        held = (f"{name}={brief(value)}" for name, value in self if value not in (None, "", [], (), {}))
        return f"{type(self).__name__}({', '.join(held)})"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        """In a notebook: a row for each value."""
        return html_table(type(self).__name__, ((name, brief(value)) for name, value in self))


class Part(Brief):
    """A part of a document: complete, frozen, strict JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def model_post_init(self, _: Any, /) -> None:
        """Nobody asks which values were given: one set of all names in place of one for each part, half its memory."""
        object.__setattr__(self, "__pydantic_fields_set__", _names(type(self)))


@lru_cache(maxsize=256)
def _names(kind: type[Part]) -> set[str]:
    return set(kind.model_fields)


class Column(Part):
    """A column of a table.

    ``kind`` says how its values are written: text; count (whole number); number (three significant digits);
    interval: (mean, lower, upper); verdict: (verdict, note).
    """

    name: str
    kind: Literal["text", "count", "number", "interval", "verdict"] = "text"


class Table(Part):
    """A table: columns, rows of as many values (None: undefined), and a note below it.

    ``group`` names the columns whose change starts a new block of rows, for readers that draw blocks: ours do not.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str = ""
    group: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Table:
        _check_rows(f"table {self.id}", self.columns, self.rows)
        return self


class FigureData(Part):
    """A figure: its data as in the CSV beside the picture, and what shows it (:mod:`empirics.report.figures`).

    ``name`` is the file's without ending, ``title`` the accessible name in a few words; ``caption`` says what it shows,
    in a sentence or two. ``kind`` names the drawing function, ``options`` are what it asks for besides the data.
    """

    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$")]
    title: str
    caption: str
    kind: Literal["panels", "forest", "curves", "arms", "series", "matrix", "heat"]
    options: dict[str, Any]
    columns: tuple[str, ...]
    rows: Annotated[tuple[tuple[Scalar, ...], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits(self) -> FigureData:
        _check_rows(f"figure {self.name}", self.columns, self.rows)
        return self

    @classmethod
    def of(
        cls, name: str, title: str, caption: str, kind: Any, rows: Sequence[Mapping[str, Scalar]], **options: Any
    ) -> FigureData:
        """A figure from one mapping per row, all with the same keys; at least one row."""
        columns = tuple(rows[0])
        values = tuple(tuple(row[column] for column in columns) for row in rows)
        return cls(name=name, title=title, caption=caption, kind=kind, options=options, columns=columns, rows=values)

    def mappings(self) -> list[dict[str, Scalar]]:
        """The data, one mapping per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Shown(Part):
    """What an experiment adds to the common part of a report; of tables and figures the main one first.

    ``summary`` says in one sentence what was run (empty: the common one), ``headline`` answers the question that the
    experiment is about. ``columns`` are further ones of cells.csv, one value for each cell; ``notes`` are paragraphs.
    """

    summary: str = ""
    headline: str = ""
    tables: tuple[Table, ...] = ()
    figures: tuple[FigureData, ...] = ()
    columns: dict[str, tuple[Scalar, ...]] = {}
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _own_names(self) -> Shown:
        names = [figure.name for figure in self.figures]
        for name in repeated(names):
            raise ValueError(f"two figures are named {name}")
        for name in names:
            if name.startswith(CLAIM_FIGURE):
                raise ValueError(f"the figure {name}: names that begin with {CLAIM_FIGURE} are those of claims")
        return self


def _check_rows(where: str, columns: Sequence[Any], rows: Sequence[Sequence[Any]]) -> None:
    for row in rows:
        if len(row) != len(columns):
            values = counted(len(row), "value")
            raise ValueError(f"{where}: a row has {values}, allowed are {len(columns)}, one for each column")
