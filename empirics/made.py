"""What was written into a directory, and from what: nothing is made again whose inputs and bytes are still the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from empirics.files import write_atomically

RECORD: Final = ".made.json"
"""In the directory; it may be deleted at any time: then everything is made again."""


class Made:
    """The record of a directory: for each file the hash of its inputs and that of its bytes.

    With ``fresh`` what is there counts as made from other inputs.

    Attributes:
        unchanged: files that were found to be as they were made.
        due: the inputs of files that the caller is about to write.
    """

    def __init__(self, directory: Path, *, fresh: bool = False) -> None:
        self.directory = directory
        self.unchanged: set[str] = set()
        self.due: dict[str, str] = {}
        self._known: dict[str, list[str]] = {}
        if not fresh:
            try:
                self._known = {
                    name: [str(h) for h in pair] for name, pair in json.loads(self._path.read_text()).items()
                }
            except (OSError, ValueError, AttributeError, TypeError):  # there is none, or it is damaged
                self._known = {}

    @property
    def _path(self) -> Path:
        return self.directory / RECORD

    def __contains__(self, name: str) -> bool:
        """Whether it is recorded from what the file was made."""
        return name in self._known

    def stands(self, name: str, inputs: str) -> bool:
        """Whether a file was made from these inputs and is as it was written."""
        known = self._known.get(name, [])
        if known[:1] != [inputs] or not (content := self.bytes_of(name)) or known != [inputs, content]:
            return False
        self.unchanged.add(name)
        return True

    def text(self, name: str, inputs: str) -> str | None:
        """The text of a file that stands; else None."""
        return (self.directory / name).read_text(encoding="utf-8") if self.stands(name, inputs) else None

    def write(self, name: str, inputs: str, text: str) -> None:
        """Write a file, and remember from what."""
        write_atomically(self.directory / name, text)
        self.remember(name, inputs)

    def remember(self, name: str, inputs: str) -> None:
        """The file was written from these inputs."""
        self._known[name] = [inputs, self.bytes_of(name)]

    def bytes_of(self, name: str) -> str:
        """SHA-256 of a file as it is; empty if it cannot be read."""
        try:
            with (self.directory / name).open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return ""

    def save(self) -> None:
        """Write the record."""
        write_atomically(self._path, json.dumps(self._known, indent=0, sort_keys=True) + "\n")


def hash_of(*contents: str | bytes) -> str:
    """SHA-256 of some texts or bytes, each apart from the next."""
    digest = hashlib.sha256()
    for content in contents:
        raw = content.encode("utf-8") if isinstance(content, str) else content
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()
