"""What third parties add: packages found by entry point, and single files that a user names.

Both are code that runs. A file needs no package around it: what it defines at its top level is taken
(``factbound --with FILE``, ``[plugins] files`` in a configuration, the environment variable ``FACTBOUND_WITH``).
What a file imports must be installed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Final

__all__ = ["add_files"]

VARIABLE: Final = "FACTBOUND_WITH"
"""Names files, as PATH does folders."""


@dataclass(frozen=True)
class UserFile:
    """A user's file: its absolute path, and its bytes when it was first read, which every process runs."""

    path: Path
    source: bytes

    @property
    def sha256(self) -> str:
        """Hash of its bytes."""
        return hashlib.sha256(self.source).hexdigest()

    @property
    def module_name(self) -> str:
        """Under which name it is imported: equal in every process, and nobody else's."""
        place = hashlib.sha256(str(self.path).encode()).hexdigest()[:8]
        return f"factbound_file_{re.sub(r'[^0-9A-Za-z_]', '_', self.path.stem)}_{place}"

    def module(self) -> ModuleType:
        """Its module; run once. What it raises, a SystemExit too, is raised as it is, each time."""
        if self in _failed:
            raise _failed[self]
        if self.module_name not in sys.modules:
            module = ModuleType(self.module_name)
            module.__file__ = str(self.path)
            sys.modules[self.module_name] = module  # classes look their module up while it runs
            try:
                exec(compile(self.source, str(self.path), "exec"), module.__dict__)
            except BaseException as error:
                del sys.modules[self.module_name]
                if isinstance(error, Exception | SystemExit):
                    _failed[self] = error
                raise
        return sys.modules[self.module_name]

    def of(self, kind: str) -> tuple[Any, ...]:
        """The objects of a class, by its full name, at the top level of its module, or in tuples and lists there.

        Raises:
            TypeError: it defines a class of that kind, and holds no object of it.
        """
        values = list(vars(self.module()).values())
        for value in list(values):
            values += value if isinstance(value, tuple | list) else ()
        found = {id(v): v for v in values if not isinstance(v, type) and _is(type(v), kind)}
        for value in values if not found else ():
            if isinstance(value, type) and _is(value, kind) and value.__module__ == self.module_name:
                raise TypeError(f"it defines the class {value.__name__} but no instance of it, as {value.__name__}()")
        return tuple(found.values())


def _is(found: type, kind: str) -> bool:
    return any(f"{c.__module__}.{c.__qualname__}" == kind for c in found.__mro__)


@dataclass(frozen=True)
class Plugin:
    """What one entry point or one file adds."""

    source: EntryPoint | UserFile
    kind: str

    def __str__(self) -> str:
        if isinstance(self.source, UserFile):
            return f"file {self.source.path}"
        return f"entry point {self.source.name} ({self.source.value})"

    @property
    def name(self) -> str:
        """By what it can be asked for while nothing of it is known."""
        return self.source.path.name if isinstance(self.source, UserFile) else self.source.name

    @property
    def ours(self) -> bool:
        """Whether it comes with factbound itself."""
        dist = None if isinstance(self.source, UserFile) else self.source.dist
        return dist is not None and dist.name == "factbound"

    @property
    def from_file(self) -> bool:
        """Whether a user named it."""
        return isinstance(self.source, UserFile)

    def items(self) -> tuple[Any, ...]:
        """All that it gives; whatever goes wrong in it is raised."""
        if isinstance(self.source, UserFile):
            return self.source.of(self.kind)
        loaded = self.source.load()
        return tuple(loaded) if isinstance(loaded, tuple | list) else (loaded,)


class BrokenPluginError(Exception):
    """A third party's plug-in gives nothing usable; one line names it and says why."""

    def __init__(self, plugin: Plugin, reason: BaseException) -> None:
        self.plugin = plugin
        self.reason = " ".join(f"{type(reason).__name__}: {reason}".split()) + _line(plugin, reason)
        super().__init__(f"{plugin} is broken: {self.reason}")
        self.__cause__ = reason

    def tell(self) -> None:
        """One note on standard error, once, unless the user's program has other handlers for it."""
        _tell(str(self))


@lru_cache(maxsize=256)
def _tell(line: str) -> None:
    logging.getLogger("factbound").warning("factbound: %s; it is left out", line)


def _line(plugin: Plugin, reason: BaseException) -> str:
    """The line of a user's file at which it stopped."""
    if not isinstance(plugin.source, UserFile) or isinstance(reason, SyntaxError):
        return ""
    frames = traceback.extract_tb(reason.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(plugin.source.path)]
    return f" (line {lines[-1]})" if lines else ""


def line_of(error: BaseException) -> str:
    """The user's file, and the line in it, that an exception came through last; empty if it came through none."""
    named = {str(path) for path in _named}
    places = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in named]
    return f"file {places[-1].filename}, line {places[-1].lineno}" if places else ""


_named: dict[Path, UserFile] = {}
_failed: dict[UserFile, BaseException] = {}


def add_files(paths: Iterable[str | Path]) -> None:
    """Have files loaded beside the installed packages, from now on.

    Raises:
        OSError: one cannot be read.
    """
    for path in paths:
        place = Path(path).expanduser().resolve()
        if place not in _named:
            _named[place] = UserFile(place, place.read_bytes())


def adopt(files: Iterable[UserFile]) -> None:
    """Take files as another process read them, and run them."""
    for file in files:
        _named.setdefault(file.path, file).module()


def files() -> tuple[UserFile, ...]:
    """The files that are loaded: those that were added, and those of the environment variable ``FACTBOUND_WITH``.

    Raises:
        OSError: one that the variable names cannot be read.
    """
    add_files(filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)))
    return tuple(_named.values())


def plugins(group: str, kind: str, given: tuple[UserFile, ...]) -> Iterator[Plugin]:
    """What an entry-point group finds, ours first, then the files; ``kind`` is the full name of the class they give."""
    points = [Plugin(point, kind) for point in entry_points(group=group)]
    yield from sorted(points, key=lambda point: not point.ours)
    yield from (Plugin(file, kind) for file in given)
