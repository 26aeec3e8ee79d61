"""Compiled kernels kept in the user's cache folder: nothing is written where the package lies.

One file for each kernel, types of its arguments, processor, sources, and versions of the libraries; so processes at
once and machines that share a home do not disturb one another. What cannot be read is compiled again, and what cannot
be written is not kept.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from numba.core import compiler, serialize

from empirics.errors import UsageError
from empirics.files import hash_of, write_atomically

_Kernel = TypeVar("_Kernel")
_COMPILED: Any = compiler.CompileResult  # Numba's own cache relies on these two as well
_SERIALIZE: Any = serialize
_DIGEST = hashlib.sha256().digest_size


def folder() -> Path | None:
    """The user's cache folder for this program; None if there is no place for one."""
    try:
        if sys.platform == "win32":
            place = os.environ.get("LOCALAPPDATA", "")
        elif sys.platform == "darwin":
            place = str(Path.home() / "Library" / "Caches")
        else:
            place = os.environ.get("XDG_CACHE_HOME", "")
            place = place if os.path.isabs(place) else str(Path.home() / ".cache")
    except RuntimeError:  # there is no home
        return None
    return Path(place) / "factbound" / "kernels" if os.path.isabs(place) else None


class KernelCache:
    """What Numba asks of a cache, for one kernel."""

    cache_path = None

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The compiled kernel for some types of arguments; None if it is not there, or damaged."""
        try:
            path = self._path(signature, target.codegen())
            if path is None:
                return None
            content = path.read_bytes()
            digest, text = content[:_DIGEST], content[_DIGEST:]
            if hashlib.sha256(text).digest() != digest:
                return None
            target.refresh()
            return _COMPILED._rebuild(target, *pickle.loads(text))
        except Exception:  # whatever it is, compiling does without
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep the compiled kernel, if that is possible."""
        try:
            path = self._path(signature, compiled.codegen)
            if path is None:
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            text: bytes = _SERIALIZE.dumps(compiled._reduce())
            write_atomically(path, hashlib.sha256(text).digest() + text)
        except (OSError, UsageError, pickle.PicklingError):
            return

    def flush(self) -> None:
        """Forget nothing: another source has other files."""

    def enable(self) -> None:
        """It always is."""

    def disable(self) -> None:
        """Numba asks for it nowhere that a kernel comes to."""

    def _path(self, signature: Any, codegen: Any) -> Path | None:
        place = folder()
        code = self._kernel.__code__
        parts = (
            self._kernel.__qualname__,
            str(signature),
            codegen.magic_tuple(),
            _sources(Path(code.co_filename).parent),
            _versions(),
        )
        name = f"{self._kernel.__name__}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:40]}"
        return None if place is None else place / name


def kept(kernel: _Kernel) -> _Kernel:
    """The kernel as Numba gives it, with that cache (and as it is where Numba compiles nothing)."""
    if hasattr(kernel, "py_func"):
        kernel._cache = KernelCache(kernel.py_func)  # type: ignore[attr-defined]
    return kernel


@lru_cache(maxsize=8)
def _sources(folder: Path) -> str:
    """The kernel's file and those beside it, from which it may take instructions."""
    return hash_of((file.name, file) for file in sorted(folder.glob("*.py")))


@lru_cache(maxsize=1)
def _versions() -> tuple[str, ...]:
    return (sys.version, *(version(name) for name in ("numba", "llvmlite", "numpy")))
