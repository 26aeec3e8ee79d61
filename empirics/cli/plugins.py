"""The user's files, ``--with FILE``: loaded before any command is built, since experiments bring options."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path

from empirics.errors import UsageError
from theory.plugins import VARIABLE, add_files, files


def load_files(arguments: Sequence[str]) -> None:
    """Load what ``--with``, ``[plugins] files`` of ``--config`` and the environment variable name, in this order.

    Raises UsageError: a file is missing or cannot be read.
    """
    try:
        add_files(_values(arguments, "--with"))
        for config in _values(arguments, "--config"):
            from empirics.settings import files_of

            if os.path.isfile(config):  # else the command says what is wrong with it
                add_files(files_of(Path(config)))
    except OSError as error:
        raise UsageError(f"--with={error.filename} cannot be read: {error.strerror}") from None
    try:
        files()
    except OSError as error:
        raise UsageError(f"{VARIABLE}: {error.filename} cannot be read: {error.strerror}") from None


def _values(arguments: Sequence[str], option: str) -> list[str]:
    """The values of an option, as ``--with FILE`` or ``--with=FILE``; before ``--``."""
    words = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    pairs = itertools.pairwise(words)
    found = [value for name, value in pairs if name == option]
    return found + [word.partition("=")[2] for word in words if word.startswith(option + "=")]


def with_broken_files(status: int) -> int:
    """The exit status of a command: 70 if a file that the user named is broken, which is told if it was not."""
    if not files():
        return status
    from empirics.cli.output import worst
    from empirics.experiments.registry import broken_plugins

    broken = [defect for defect in broken_plugins() if defect.plugin.from_file]
    for defect in broken:
        defect.tell()
    return worst(status, 70) if broken else status
