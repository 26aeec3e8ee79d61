"""Builds a release into dist/, twice, and fails unless both builds give the same bytes (``make release``).

    python tests/release/release.py [--output dist]

What is built is the commit HEAD, not the working tree. Beside wheel and source distribution stand the bill of
materials (``sbom.py``) and SHA256SUMS. Every time stamp is that of the commit.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from sbom import bill

ROOT = Path(__file__).resolve().parents[2]


def git(*words: str) -> bytes:
    """What git prints."""
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout


def build(folder: Path, epoch: int) -> dict[str, bytes]:
    """Source distribution and wheel of HEAD by name, built in an empty folder."""
    tree, wheels = folder / "tree", folder / "dist"
    with tarfile.open(fileobj=io.BytesIO(git("archive", "HEAD"))) as archive:
        archive.extractall(tree, filter="data")
    constraints = str(tree / "constraints.txt")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "PIP_CONSTRAINT": constraints}
    environment["PYTHONHASHSEED"] = "0"
    for options in (["--sdist"], ["--wheel"]):
        command = [sys.executable, "-m", "build", *options, "--outdir", str(wheels), str(tree)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"release: build {options[0]} failed\n{done.stdout}{done.stderr}")
    return {p.name: same(p.read_bytes(), epoch) if p.name.endswith(".gz") else p.read_bytes() for p in wheels.iterdir()}


def same(packed: bytes, epoch: int) -> bytes:
    """A .tar.gz without what differs from build to build: times, owners, the order of its members."""
    stream = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(packed)) as before,
        gzip.GzipFile(fileobj=stream, mode="wb", filename="", mtime=epoch) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as after,
    ):
        for member in sorted(before.getmembers(), key=lambda m: m.name):
            content = before.extractfile(member)
            member.mtime, member.pax_headers = epoch, {}
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            after.addfile(member, content)
    return stream.getvalue()


def main() -> None:
    """Build twice, compare, and write what a release consists of."""
    parser = argparse.ArgumentParser(description="Builds a release, twice, and compares.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="an empty folder, or one made by this")
    output: Path = parser.parse_args().output
    start = time.monotonic()
    if output.exists() and any(output.iterdir()) and not (output / "SHA256SUMS").exists():
        sys.exit(f"release: {output} holds other files; give a folder that is empty, or made by this")
    version = tomllib.loads(git("show", "HEAD:pyproject.toml").decode())["project"]["version"]
    tags = [t for t in git("tag", "--points-at", "HEAD").decode().split() if t.startswith("v")]
    if tags and f"v{version}" not in tags:
        sys.exit(f"release: the commit has the tag {tags[0]}, and pyproject.toml the version {version}")
    epoch = int(git("log", "-1", "--format=%ct"))
    os.umask(0o022)
    builds = []
    for _ in range(2):
        with tempfile.TemporaryDirectory(prefix="factbound-release-") as folder:
            builds.append(build(Path(folder), epoch))
    first, second = builds
    if differing := sorted(name for name in {*first, *second} if first.get(name) != second.get(name)):
        sys.exit(f"release: two builds differ in {', '.join(differing)}")
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    for name, content in first.items():
        (output / name).write_bytes(content)
    files = sorted(output.iterdir())
    sbom = bill(ROOT / "constraints.txt", version, files, epoch)
    (output / f"factbound-{version}.cdx.json").write_text(sbom, encoding="utf-8")
    sums = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in sorted(output.iterdir())]
    (output / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    print("".join(sums) + f"Two builds of {version}, the same bytes; {time.monotonic() - start:.0f} s; in {output}")


if __name__ == "__main__":
    main()
