"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from empirics.errors import UsageError

__all__ = ["prepare_directory", "write_atomically", "write_text"]


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write text (as UTF-8) or bytes to a temporary file beside ``path``, then rename it into place."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def prepare_directory(path: Path, *, files: Sequence[str] = (), folders: Sequence[str] = ()) -> Path:
    """Make an output directory and check that files can be written there.

    Args:
        path: the directory.
        files: names that will be written in it: no directory may be in their place.
        folders: directories to make in it.

    Raises:
        UsageError: it cannot be made or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        for folder in folders:
            (path / folder).mkdir(exist_ok=True)
        for name in files:
            if (path / name).is_dir():
                raise UsageError(f"cannot write {path / name}: a directory is in its place")
        with tempfile.NamedTemporaryFile(dir=path, prefix=".writable."):
            pass
    except OSError as error:
        raise UsageError(f"cannot write to the output directory {path}: {error.strerror}") from None
    return path


def write_text(path: Path, text: str, *, append: bool = False) -> None:
    """Write text where a pipe or a device may be in the place of a file, as a CI summary.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        with path.open("a" if append else "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
