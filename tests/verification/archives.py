"""A small archive, and archives in which one thing was changed."""

import hashlib
import json
import sqlite3
import zipfile

from empirics.cli.app import run
from empirics.runs.rows import digest

SETTINGS = (
    "world.subjects=12",
    "world.answers=12",
    "world.templates=[6]",
    "world.multiplicity=[2]",
    "world.finetuned=[2,8]",
    "model.width=16",
    "pretraining.steps=600",
    "seeds.minimum=3",
    "seeds.maximum=3",
    "arms.run=[]",
)
CLAIMS = "ood-error-literal,trend-finetuned,covering-some-unseen"


def verify(directory, *more, claims=CLAIMS):
    """A tiny verification, with its store."""
    words = [w for setting in SETTINGS for w in ("--set", setting)]
    assert run(["verify", *words, "--claims", claims, "--workers", "1", "--output", str(directory), *more]) in (0, 3)


def unpacked(path):
    """The files of an archive by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path, files, *, manifest=True):
    """Write an archive; with ``manifest`` one that has the hashes of these files."""
    if manifest:
        rest = {name: content for name, content in files.items() if name != "MANIFEST.sha256"}
        lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(rest.items())]
        files = {**rest, "MANIFEST.sha256": "".join(lines).encode()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def with_results(files, change):
    """The files with results.json changed in place by a function."""
    document = json.loads(files["results.json"])
    change(document)
    return {**files, "results.json": (json.dumps(document) + "\n").encode()}


def with_store(files, folder, change, *, sealed=True):
    """The files with one stored run changed by a function; ``sealed``: its digest is made again."""
    path = folder / "changed.sqlite"
    path.write_bytes(files["runs.sqlite"])
    with sqlite3.connect(path) as connection:
        row = connection.execute("SELECT key, machine, unit, seed, run, digest FROM runs ORDER BY key").fetchone()
        run = json.loads(row[4])
        change(run)
        new = (*row[:4], json.dumps(run))
        stated = digest(*new) if sealed else row[5]
        connection.execute("UPDATE runs SET run = ?, digest = ? WHERE key = ?", (new[4], stated, row[0]))
    connection.close()
    return {**files, "runs.sqlite": path.read_bytes()}
