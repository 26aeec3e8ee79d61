"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from empirics.errors import UsageError


def hash_of(files: Iterable[tuple[str, Path]]) -> str:
    """SHA-256 of the names and contents of files, in the order given."""
    digest = hashlib.sha256()
    for name, file in files:
        digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def write_atomically(path: Path, content: str | bytes | Iterable[str]) -> None:
    """Write text (as UTF-8), whole or in pieces, or bytes to a temporary file beside ``path``, then rename it."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            for part in (content,) if isinstance(content, str | bytes) else content:
                stream.write(part.encode("utf-8") if isinstance(part, str) else part)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UsageError(f"cannot write {path}: {error.strerror}") from None
        raise


def prepare_directory(path: Path, *, files: Sequence[str] = (), folders: Sequence[str] = ()) -> Path:
    """Make an output directory and folders in it; UsageError unless it and these files in it can be written."""
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


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for as long as it is used (UsageError: there is no place for one)."""
    try:
        return tempfile.TemporaryDirectory(prefix="factbound-")
    except OSError as error:
        raise UsageError(f"cannot make a temporary folder: {error.strerror}; set TMPDIR to a writable folder") from None


def write_text(path: Path, text: str, *, append: bool = False) -> None:
    """Write text where a pipe or device may stand for a file, as a CI summary (UsageError: it cannot be written)."""
    try:
        with path.open("a" if append else "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
