"""The bill of materials of a release: every pin of constraints.txt as CycloneDX 1.6 JSON.

Versions are those of constraints.txt. A licence is what the package's own metadata say where it is installed; where it
is not, there is none. The hashes are those of the files of the release.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

__all__ = ["bill", "pins"]


def pins(constraints: Path) -> list[tuple[str, str]]:
    """Name and version of each line of the file, in its order."""
    lines = (line.partition("#")[0].strip() for line in constraints.read_text(encoding="utf-8").splitlines())
    return [(name, version) for name, _, version in (line.partition("==") for line in lines if line)]


def bill(constraints: Path, version: str, files: Sequence[Path], epoch: int) -> str:
    """The document; the same bytes for the same pins, files and time in an environment with the same packages."""
    ours = _component("factbound", version)
    ours["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(f.read_bytes()).hexdigest()} for f in files]
    parts = [_component(*pin) for pin in pins(constraints)]
    seed = json.dumps([ours, parts], sort_keys=True)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(epoch, datetime.UTC).isoformat(),
            "component": ours,
        },
        "components": parts,
    }
    return json.dumps(document, indent=1) + "\n"


def _component(name: str, version: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    found: dict[str, Any] = {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}
    if licences := _licences(name):
        found["licenses"] = licences
    return found


def _licences(name: str) -> list[dict[str, Any]]:
    """As CycloneDX has them: an SPDX expression, or names."""
    try:
        known = metadata(name)
    except PackageNotFoundError:
        return []
    if expression := known.get("License-Expression"):
        return [{"expression": expression}]
    named = [c.rpartition(" :: ")[2] for c in known.get_all("Classifier") or [] if c.startswith("License :: ")]
    text = known.get("License") or ""
    if not named and text and "\n" not in text:
        named = [text]
    return [{"license": {"name": one}} for one in dict.fromkeys(named)]
