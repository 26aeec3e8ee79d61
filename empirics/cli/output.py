"""Consoles, tables and JSON on standard output; on standard error the bar while runs come in."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from empirics.errors import UsageError
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.runs.source import Progress
from empirics.runs.store import Store

_WIDTH_OF_PIPES = 132
_LONG = 1e9  # seconds; more are not told apart

_WORST_FIRST = (143, 130, 70, 1, 2, 3)


def worst(*statuses: int) -> int:
    """What of several exit statuses a command ends with."""
    return next((status for status in _WORST_FIRST if status in statuses), max(statuses))


def unwritten(write: Callable[[], object]) -> str:
    """Why files could not be written, so that what was computed is printed all the same; nothing if they were."""
    try:
        write()
    except UsageError as error:
        return str(error)
    except OSError as error:
        return f"cannot write {error.filename or 'the files of this directory'}: {error.strerror}"
    return ""


def with_unwritten(reason: str, status: int) -> int:
    """The status of a command that printed its answer; a line, and at least 2, where its files could not be written."""
    if not reason:
        return status
    print(f"factbound: {reason}; finished runs are kept: run again where there is room", file=sys.stderr)
    return worst(status, 2)


def with_broken(lines: Sequence[str], status: int) -> int:
    """The status of a command that left out what is broken; a line for each, and at least 70."""
    for line in lines:
        print(f"factbound: BROKEN, {line}; it is left out", file=sys.stderr)
    return worst(status, 70) if lines else status


def console() -> Console:
    """Standard output; wide enough for tables where it is no terminal. NO_COLOR is respected."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_OF_PIPES, highlight=False)


def progress_console() -> Console:
    """Standard error, quiet when it is no terminal."""
    return Console(stderr=True, quiet=not sys.stderr.isatty())


def print_json(document: Any) -> None:
    """One strict JSON document on standard output, and nothing else there."""
    sys.stdout.write(json.dumps(document, indent=1, allow_nan=False) + "\n")


class Countdown:
    """The time that is left, as it is drawn; counts down between what it is told."""

    def __init__(self) -> None:
        self._end: float | None = None

    def start(self, seconds: float) -> None:
        """From now on."""
        self._end = time.monotonic() + seconds

    def __rich__(self) -> str:
        if self._end is None:
            return "-:--:-- left"
        return f"{timedelta(seconds=round(min(max(0.0, self._end - time.monotonic()), _LONG)))} left"


@contextmanager
def training(directory: Path, *, any_machine: bool = False) -> Iterator[tuple[Store, Progress]]:
    """The store in a directory, and a bar while models are trained; then what was found there, a line each."""
    from rich.progress import BarColumn, MofNCompleteColumn, RenderableColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    countdown = Countdown()

    found: list[int] = []
    path = directory / "runs.sqlite"
    with (
        Store(path, any_machine=any_machine) as store,
        Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("models"),
            TimeElapsedColumn(),
            RenderableColumn(countdown),
            TextColumn("{task.fields[verdicts]}"),
            console=progress_console(),
            transient=True,
        ) as bar,
    ):
        task = bar.add_task("training", total=None, verdicts="")
        yield (
            store,
            Progress(
                found=found.append,
                planned=lambda more: bar.update(task, total=(bar.tasks[0].total or 0) + more),
                left=countdown.start,
                judged=lambda outcomes: bar.update(task, verdicts=_counts(outcomes)),
                told=lambda line: print(f"factbound: {line}", file=sys.stderr),
                advanced=lambda work, runs: bar.update(task, advance=len(runs), description=f"training {work.label}"),
            ),
        )
    if store.without_lock:
        print(f"factbound: {path} lies where files cannot be locked; SQLite's own locks were used", file=sys.stderr)
    if found:
        print(f"factbound: {sum(found)} finished runs found in {path}", file=sys.stderr)
    use = "they are used" if any_machine else "they are not used without --any-machine"
    for place, number in sorted(store.elsewhere.items()):
        made = f"{number} runs in {path} were made on another kind of machine ({place})"
        print(f"factbound: {made}: {use}", file=sys.stderr)
    if store.damaged:
        named = "; ".join(store.damaged[:3]) + ("; ..." if len(store.damaged) > 3 else "")
        print(
            f"factbound: {len(store.damaged)} damaged runs in {path} were set aside and made again: {named}",
            file=sys.stderr,
        )


def _counts(outcomes: Sequence[ClaimOutcome]) -> str:
    """Verdicts so far, as in ``21 HOLDS, 4 UNDECIDED``."""
    counts = Counter(o.verdict for claim in outcomes for o in claim.outcomes)
    shown = (Verdict.VIOLATED, Verdict.HOLDS, Verdict.UNDECIDED)
    return ", ".join(f"{counts[v]} {v.value}" for v in shown if counts[v])
