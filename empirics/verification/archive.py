"""One zip for whoever checks results: a manifest of hashes, equal bytes for equal contents, and a safe reader."""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from empirics.errors import UsageError

MANIFEST: Final = "MANIFEST.sha256"
"""A line for each other file: SHA-256, two blanks, name; what ``sha256sum -c`` reads."""

_LARGEST: Final = 1 << 32  # bytes that an archive may hold when it is unpacked
_MOST: Final = 20_000  # files
_LINE: Final = re.compile(r"([0-9a-f]{64})  (\S.*)")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def write_archive(path: Path, contents: Mapping[str, bytes | Path]) -> None:
    """Write files, given as bytes or by where they lie, and their manifest; equal contents give equal bytes."""
    lines = [f"{_hash(content)}  {name}\n" for name, content in sorted(contents.items())]
    everything = {**contents, MANIFEST: "".join(lines).encode()}
    temporary = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in sorted(everything):
                content = everything[name]
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
                entry.external_attr = (stat.S_IFREG | (0o755 if name.endswith(".sh") else 0o644)) << 16
                with archive.open(entry, "w", force_zip64=True) as stream:
                    stream.write(content if isinstance(content, bytes) else content.read_bytes())
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _hash(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unpack(path: Path, folder: Path) -> list[str]:
    """Unpack an archive into an empty folder; what of it differs from its manifest, in words.

    Raises UsageError: it is no archive of factbound, or one that would be written elsewhere, or is too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _refuse(path, entries)
            repeated = [name for name, times in Counter(entry.filename for entry in entries).items() if times > 1]
            for entry in entries:
                target = folder / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as stream, target.open("wb") as file:
                    shutil.copyfileobj(stream, file)  # no more than the size that was declared, and its checksum
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UsageError(f"{path} is not an archive of 'factbound archive': {reason}") from None
    return [*(f"{name}: is there twice" for name in sorted(repeated)), *differing(folder)]


def _refuse(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Names that lead elsewhere, links, and sizes that no archive of ours has."""
    if MANIFEST not in {entry.filename for entry in entries}:
        raise UsageError(f"{path} is not an archive of 'factbound archive': it has no {MANIFEST}")
    for entry in entries:
        name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
        parts = PurePosixPath(name).parts
        if not name.isprintable():
            raise UsageError(f"{path} is refused: the name {name!r} has characters that are not printed")
        if name.startswith("/") or "\\" in name or ":" in name or {"..", "."} & set(parts):
            raise UsageError(f"{path} is refused: the path {name!r} leads out of it")
        if kind not in (0, stat.S_IFREG):
            raise UsageError(f"{path} is refused: {name} is not a plain file")
    if len(entries) > _MOST or sum(entry.file_size for entry in entries) > _LARGEST:
        raise UsageError(f"{path} is refused: it holds more than {_MOST} files or {_LARGEST >> 30} GiB")


def differing(folder: Path) -> list[str]:
    """What of an unpacked archive is not as its manifest has it, in words."""
    lines = (folder / MANIFEST).read_text(encoding="utf-8", errors="replace").splitlines()
    stated: dict[str, str] = {}
    told = []
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in stated:
            told.append(f"{MANIFEST}, line {number}: {line[:80]!r} is no line of a manifest, or names a file again")
        else:
            stated[match[2]] = match[1]
    there = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    del there[MANIFEST]
    told += [f"{name}: is missing" for name in sorted(stated.keys() - there.keys())]
    told += [f"{name}: is not in {MANIFEST}" for name in sorted(there.keys() - stated.keys())]
    changed = (name for name in sorted(stated.keys() & there.keys()) if _hash(there[name]) != stated[name])
    return told + [f"{name}: is not the file whose hash {MANIFEST} has" for name in changed]
