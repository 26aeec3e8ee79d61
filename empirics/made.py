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

    def text(self, name: str, inputs: str) -> str | None:
        """The text of a file, if it was made from these inputs and is as it was written; else None."""
        if self._known.get(name, [""])[0] != inputs:
            return None
        try:
            content = (self.directory / name).read_bytes()
        except OSError:
            return None
        if [inputs, hash_of(content)] != self._known[name]:
            return None
        self.unchanged.add(name)
        return content.decode("utf-8")

    def write(self, name: str, inputs: str, text: str) -> None:
        """Write a file, and remember from what."""
        write_atomically(self.directory / name, text)
        self.remember(name, inputs, text)

    def remember(self, name: str, inputs: str, text: str) -> None:
        """Another has written the file."""
        self._known[name] = [inputs, hash_of(text.encode("utf-8"))]

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
