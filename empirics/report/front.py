"""index.html: the front page of several verifications, paper by paper."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from empirics.files import write_atomically
from empirics.report import files, tables
from empirics.report.html import filled
from empirics.verification.results import RESULTS, ClaimResult, Results
from theory.registry import papers

FRONT: Final = "index.html"


@dataclass(frozen=True)
class Tested:
    """Claims of one paper as one verification judged them; ``page`` is its report, relative to the front page."""

    page: str
    results: Results
    claims: Sequence[ClaimResult]


def parts_of(directory: Path) -> list[Path]:
    """The folders of a directory that hold results, by name; none if it holds results itself, or cannot be read."""
    if os.path.isfile(directory / RESULTS):  # of Path, it fails on a name that is too long
        return []
    try:
        names = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    except OSError:
        return []
    return [directory / name for name in names if (directory / name / RESULTS).is_file()]


def write_front(directory: Path) -> Path:
    """Write the front page of the results in a directory's folders; its path."""
    found = {place.name: files.read_directory(place) for place in parts_of(directory)}
    page = filled("front.html.j2", papers=list(_by_paper(found)), text=tables)
    write_atomically(directory / FRONT, page)
    return directory / FRONT


def _by_paper(found: dict[str, Results]) -> Iterator[tuple[str, list[Tested]]]:
    """Each paper in a line, with what was tested of it; in the order in which papers are registered."""
    cited = {paper.name: paper.cited for paper in papers()}
    names = dict.fromkeys(claim.paper for results in found.values() for claim in results.claims)
    for name in sorted(names, key=lambda name: (list(cited).index(name) if name in cited else len(cited), name)):
        tested = []
        for folder, results in found.items():
            if mine := [claim for claim in results.claims if claim.paper == name]:
                tested.append(Tested(f"{folder}/report.html", results, mine))
        yield cited.get(name, name), tested
