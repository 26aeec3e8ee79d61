"""A directory of results as one archive for whoever evaluates it, and the check of such an archive."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from empirics.errors import UsageError
from empirics.files import temporary_folder
from empirics.report.archive_texts import (
    CONSTRAINTS,
    FILES,
    MARK,
    REFERENCES,
    RERUN,
    constraints,
    own_name,
    rerun,
    texts,
)
from empirics.report.files import read_directory, style_of_pages, write_page
from empirics.runs.environment import code_hash
from empirics.runs.pool import available_cores
from empirics.runs.store import Store
from empirics.verification.archive import MANIFEST, differing, unpack, write_archive
from empirics.verification.document import refusal
from empirics.verification.plan import PLAN_FILE
from empirics.verification.rejudge import Checked, checks, guarded, plan_check, store_check
from empirics.verification.results import RESULTS, Results, read_results
from theory.plural import counted
from theory.registry import papers

_STORE: Final = "runs.sqlite"
_PAGES: Final = ("cells.csv", "report.html")
_SECTIONS: Final = "sections"
_MADE: Final = "report, tables, figures and texts are those that results.json gives"
_LINES: Final = 12


def archive(directory: Path, output: Path) -> tuple[int, list[str]]:
    """Bring the page of a directory up to date, and pack it; the number of files, and what the page leaves out.

    Raises UsageError: there are no results, the directory cannot be written, or its store is in use.
    """
    results = read_directory(directory)
    broken = write_page(results, directory, workers=available_cores())
    contents: dict[str, bytes | Path] = {name: directory / name for name in (RESULTS, *_PAGES)}
    if (directory / PLAN_FILE).is_file():
        contents[PLAN_FILE] = directory / PLAN_FILE
    contents |= {name: directory / name for name in _figures(results) if (directory / name).is_file()}
    added = sorted(file for file in (directory / _SECTIONS).rglob("*") if file.is_file())
    contents |= {file.relative_to(directory).as_posix(): file for file in added}
    for number, file in enumerate(results.files, 1):
        if _sha256(Path(file.path)) == file.sha256:
            contents[own_name(number, file.path)] = Path(file.path)
    with temporary_folder() as folder:
        if (directory / _STORE).is_file():
            with Store(directory / _STORE) as store:
                store.copy(Path(folder) / _STORE)
            contents[_STORE] = Path(folder) / _STORE
        contents |= {name: text.encode() for name, text in texts(results, contents).items()}
        contents[CONSTRAINTS] = constraints(results).encode()
        write_archive(output, contents)
    return len(contents) + 1, broken


def _figures(results: Results) -> list[str]:
    names = [figure.name for figure in (*results.shown.figures, *results.figures)]
    return [f"plots/{name}.{form}" for name in names for form in ("svg", "csv")]


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def check_archive(path: Path) -> list[Checked]:
    """Everything that can be checked of an archive, packed or unpacked, without training.

    Raises UsageError: it is no archive, or one that is refused.
    """
    if path.is_dir():
        if not (path / MANIFEST).is_file():
            raise UsageError(f"{path} is not an archive of 'factbound archive': it has no {MANIFEST}")
        return list(_checked(path, differing(path)))
    with temporary_folder() as folder:
        told = unpack(path, Path(folder))
        return list(_checked(Path(folder), told))


def _checked(folder: Path, told: list[str]) -> Iterator[Checked]:
    yield Checked(what=f"every file is as {MANIFEST} has it, none is missing or too many", differs=told, unchecked=[])
    what = f"{RESULTS} is a results document"
    try:
        results = read_results(folder / RESULTS)
    except (OSError, ValidationError, UnicodeDecodeError, UsageError) as error:
        reason = refusal(error) if isinstance(error, ValidationError) else str(error)
        yield Checked(what=what, differs=[reason.replace(str(folder), "")], unchecked=["everything that rests on it"])
        return
    yield Checked(what=what, differs=[], unchecked=[])
    yield from checks(results, words=results.environment.code_hash == code_hash())
    yield plan_check(results, folder / PLAN_FILE)
    yield store_check(results, folder / _STORE)
    yield guarded(_MADE, lambda: _pages(results, folder))
    yield _own(results, folder)


def _names(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def _pages(results: Results, folder: Path) -> Checked:
    """Report, tables, figures and texts are those that results.json gives; every name is one of an archive."""
    names = _names(folder)
    kept = [
        n for n in names if n in (RESULTS, PLAN_FILE, _STORE, *_PAGES) or n.startswith((f"{_SECTIONS}/", f"{FILES}/"))
    ]
    kept += (drawn := [name for name in names if name in _figures(results)])
    made = texts(results, kept)
    strange = set(names) - {*kept, *made, CONSTRAINTS, MANIFEST}
    differs = [f"{name}: no file of an archive" for name in sorted(strange)]
    if (reason := _other_pages(folder / MARK)) is not None:
        return Checked(what=_MADE, differs=differs, unchecked=[reason])
    with temporary_folder() as place:
        again = Path(place)
        shutil.copy(folder / RESULTS, again / RESULTS)
        if (folder / _SECTIONS).is_dir():
            shutil.copytree(folder / _SECTIONS, again / _SECTIONS)
        write_page(results, again, workers=available_cores())
        expected = [name for name in _figures(results) if (again / name).is_file()]
        for name in sorted({*_PAGES, *expected, *drawn}):
            if _sha256(folder / name) != _sha256(again / name):
                differs.append(f"{name}: not what results.json gives")
    unchecked = [f"{CONSTRAINTS}: versions are as whoever packed it says"]
    if results.files or {claim.paper for claim in results.claims} - {paper.name for paper in papers()}:
        unchecked.append(f"{REFERENCES}: which papers are known depends on the files that are loaded")
        del made[REFERENCES]
    for name, text in made.items():  # which claims an experiment has depends on what is loaded, too
        allowed = {rerun(results, kept, named=named) for named in (True, False)} if name == RERUN else {text}
        if _sha256(folder / name) not in {hashlib.sha256(one.encode()).hexdigest() for one in allowed}:
            differs.append(f"{name}: not what results.json gives")
    return Checked(what=_MADE, differs=differs, unchecked=unchecked)


def _other_pages(path: Path) -> str | None:
    """Why pages cannot be compared; None if they can."""
    try:
        mark = json.loads(path.read_text(encoding="utf-8"))
        pages, version = mark["pages"], mark["factbound"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"{MARK} does not say which sources made the pages"
    if pages == style_of_pages():
        return None
    return f"they were made by other sources or libraries (factbound {version}) than the installed ones"


def _own(results: Results, folder: Path) -> Checked:
    """The user's own files are those that were loaded."""
    differs, unchecked = [], []
    for number, file in enumerate(results.files, 1):
        place = folder / own_name(number, file.path)
        if not place.is_file():
            unchecked.append(f"{Path(file.path).name} is not inside")
        elif _sha256(place) != file.sha256:
            differs.append(f"{own_name(number, file.path)}: not the file that was loaded")
    known = {own_name(number, file.path) for number, file in enumerate(results.files, 1)}
    strange = [name for name in _names(folder) if name.startswith(f"{FILES}/") and name not in known]
    differs += [f"{name}: no file that was loaded" for name in strange]
    return Checked(what="files of the user's own are those that were loaded", differs=differs, unchecked=unchecked)


def print_checks(found: Sequence[Checked], out: Console) -> None:
    """A line for each check, below it what differs and what could not be checked; then the answer."""
    for check in found:
        word = "[bold red]DIFFERS[/bold red]  " if check.differs else "[green]as stated[/green]"
        if check.unchecked and not check.differs:
            word = "[yellow]in part[/yellow]  "
        out.print(f"{word}  {escape(check.what)}", soft_wrap=True)
        for mark, lines in (("differs", check.differs), ("not checked", check.unchecked)):
            for line in lines[:_LINES]:
                out.print(f"           {mark}: {escape(line)}", soft_wrap=True)
            if len(lines) > _LINES:
                out.print(f"           {mark}: and {len(lines) - _LINES} more (--json)")
    wrong = [check for check in found if check.differs]
    if wrong:
        out.print(f"{counted(len(wrong), 'check')} of {len(found)} failed.", style="bold")
    else:
        left = sum(bool(check.unchecked) for check in found)
        out.print(
            "All that was checked is as stated." + (f" {left} of {len(found)} in part." if left else ""), style="bold"
        )
