"""Consoles and JSON on standard output; progress on standard error."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rich.console import Console

__all__ = ["console", "drop_output", "print_json", "progress_console"]

_WIDTH_OF_PIPES = 132


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Go on to the exit status; rich would end the program with 1."""
        drop_output()


def drop_output() -> None:
    """Nobody reads standard output any more: what follows goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console() -> Console:
    """Standard output; wide enough for tables where it is no terminal. NO_COLOR is respected."""
    return _Console(width=None if sys.stdout.isatty() else _WIDTH_OF_PIPES, highlight=False, soft_wrap=False)


def progress_console() -> Console:
    """Standard error, quiet when it is no terminal."""
    return Console(stderr=True, quiet=not sys.stderr.isatty())


def print_json(document: Any) -> None:
    """One strict JSON document on standard output, and nothing else there."""
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
