"""Consoles and JSON on standard output, and exit statuses of what could not be written."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from empirics.errors import UsageError

_WIDTH_OF_PIPES = 132

INTERRUPTED = 130
"""The exit status after Ctrl-C."""

_WORST_FIRST = (143, INTERRUPTED, 70, 1, 2, 3)


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
        return f"cannot write {error.filename or 'the files of this directory'}: {error.strerror or error}"
    return ""


def tell_removed(paths: Sequence[Path]) -> None:
    """One line on what was removed because newer results do not have it."""
    if paths:
        first, more = paths[0], f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        print(f"factbound: removed figures of the earlier results: {first}{more}", file=sys.stderr)


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


def typed(*words: str, **options: str | Sequence[str] | None) -> str:
    """A command as it is typed, with those of its options that are given; the underscores of names are dashes."""
    line = ["factbound", *words]
    for name, given in options.items():
        for value in [given] if isinstance(given, str) else given or ():
            line += [f"--{name.replace('_', '-')}", value]
    return shlex.join(line)


def print_json(document: Any) -> None:
    """One strict JSON document on standard output, and nothing else there."""
    sys.stdout.write(json.dumps(document, indent=1, allow_nan=False) + "\n")
