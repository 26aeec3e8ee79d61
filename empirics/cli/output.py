"""Consoles and JSON on standard output; progress on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console

__all__ = ["console", "print_json", "progress_console"]

_WIDTH_OF_PIPES = 132


def console() -> Console:
    """Standard output; wide enough for tables where it is no terminal. NO_COLOR is respected."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_OF_PIPES, highlight=False, soft_wrap=False)


def progress_console() -> Console:
    """Standard error, quiet when it is no terminal."""
    return Console(stderr=True, quiet=not sys.stderr.isatty())


def print_json(document: Any) -> None:
    """One strict JSON document on standard output, and nothing else there."""
    sys.stdout.write(json.dumps(document, indent=1, allow_nan=False) + "\n")
