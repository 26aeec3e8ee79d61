"""Where results come from: versions, machine, code."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from empirics.experiments.presentation import Part
from empirics.runs.device import resolved_device

__all__ = ["ROOT", "Environment", "code_hash", "describe_environment", "processor"]

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds both packages."""


class Environment(Part):
    """Where the numbers come from."""

    factbound: str
    git_commit: str | None
    git_dirty: bool | None
    code_hash: str
    python: str
    torch: str
    numpy: str
    blas: str
    cpu: str
    threads: int
    device: str
    dtype: str


def describe_environment(device: str, dtype: str) -> Environment:
    """Versions, processor, device and the state of the sources; imports torch."""
    import torch

    kind, model = resolved_device(device)
    build = torch.__config__.show()
    blas = next((part.split("=")[1] for part in build.replace("\n", ",").split(",") if "BLAS_INFO=" in part), "unknown")
    commit, dirty = _git()
    return Environment(
        factbound=_version("factbound"),
        git_commit=commit,
        git_dirty=dirty,
        code_hash=code_hash(),
        python=platform.python_version(),
        torch=torch.__version__,
        numpy=_version("numpy"),
        blas=blas.strip(),
        cpu=processor(),
        threads=1,
        device=model or kind,
        dtype=dtype,
    )


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Hash of every Python source of both packages."""
    digest = hashlib.sha256()
    for package in ("theory", "empirics"):
        for file in sorted((ROOT / package).rglob("*.py")):
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _git() -> tuple[str | None, bool | None]:
    def ask(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, timeout=10, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    if ask("ls-files", "--error-unmatch", "theory/claim.py") is None:
        return None, None
    commit, status = ask("rev-parse", "HEAD"), ask("status", "--porcelain")
    return commit, None if status is None else bool(status)


def processor() -> str:
    """The processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
