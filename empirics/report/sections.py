"""Sections of a report that other programs write: the map of regimes, language models, a study of one's own.

Whoever has something to show beside a verification in DIR writes a section into DIR, or into a directory in it, with
:func:`write_section`; ``factbound report DIR`` and the next ``factbound verify --output DIR`` take it into report.html.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from empirics.errors import UsageError
from empirics.experiments.presentation import Part, Scalar
from empirics.files import prepare_directory, write_atomically
from theory.plural import counted

__all__ = ["FOLDER", "Section", "SectionFigure", "SectionTable", "sections", "write_section"]

FOLDER = "sections"


class SectionTable(Part):
    """A table: columns by name, rows of as many values (None: undefined)."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]


class SectionFigure(Part):
    """An SVG file, by its path seen from the directory that the section is written into."""

    file: Annotated[str, Field(pattern=r"^[\w./-]+\.svg$")]
    title: str
    caption: str


class Section(Part):
    """One section of the report: paragraphs, then figures, then tables; sections stand by ``order``, then by id."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    title: str
    order: int = 100
    paragraphs: tuple[str, ...] = ()
    figures: tuple[SectionFigure, ...] = ()
    tables: tuple[SectionTable, ...] = ()


def write_section(section: Section, directory: Path) -> Path:
    """Write ``DIR/sections/ID.json``; the files of its figures are the caller's to write.

    Example:
        >>> write_section(Section(id="note", title="A note", paragraphs=("Seen twice.",)), Path("results")).name
        'note.json'
    """
    path = prepare_directory(directory / FOLDER) / f"{section.id}.json"
    write_atomically(path, section.model_dump_json(indent=1) + "\n")
    return path


def sections(directory: Path, broken: list[str] | None = None) -> list[tuple[Section, list[str]]]:
    """The sections of a directory and of those in it, each with the SVG texts of its figures.

    One that cannot be shown is left out, and the reason is added to ``broken``, if it is given.

    Raises:
        UsageError: without ``broken``: a file is no section, or the file of a figure is missing, outside the directory
            or no picture.

    Example:
        >>> write_section(Section(id="note", title="A note"), Path("results")).name
        'note.json'
        >>> [section.title for section, _ in sections(Path("results"))]
        ['A note']
    """
    found = []
    for path in sorted([*directory.glob(f"{FOLDER}/*.json"), *directory.glob(f"*/{FOLDER}/*.json")]):
        try:
            found.append(_read(path))
        except UsageError as error:  # another program's section must not cost the page
            if broken is None:
                raise
            broken.append(str(error))
    return sorted(found, key=lambda pair: (pair[0].order, pair[0].id))


def _read(path: Path) -> tuple[Section, list[str]]:
    try:
        section = Section.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{path} is not a section of a report: {reason}") from None
    for table in section.tables:
        if any(len(row) != len(table.columns) for row in table.rows):
            raise UsageError(f"{path}: a row of {table.caption!r} has not {counted(len(table.columns), 'value')}")
    return section, [_svg(path.parent.parent, figure.file, path) for figure in section.figures]


def _svg(directory: Path, name: str, path: Path) -> str:
    file = (directory / name).resolve()
    if not file.is_relative_to(directory.resolve()):
        raise UsageError(f"{path}: the figure {name} lies outside {directory}")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot read the figure {name}: {error}") from None
    if "<svg" not in text or "<script" in text:
        raise UsageError(f"{path}: the figure {name} is not a plain SVG picture")
    return text[text.index("<svg") :]
