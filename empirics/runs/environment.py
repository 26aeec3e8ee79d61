"""Where results come from: versions, machine, device, code."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from empirics.errors import UsageError
from empirics.experiments.presentation import Part
from empirics.files import hash_of

_ROOT = Path(__file__).resolve().parents[2]  # the folder that holds both packages


class Environment(Part):
    """Where the numbers come from; ``other_machines`` are those whose stored runs were used beside this one's."""

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
    other_machines: tuple[str, ...] = ()


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


def provenance(libraries: Iterable[str]) -> list[str | bool | None]:
    """What else decides results than settings and runs: sources, versions, processor; it imports none of them."""
    return [*_git(), code_hash(), platform.python_version(), machine(), *versions(*libraries)]


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Hash of every Python source of both packages."""
    files = [file for package in ("theory", "empirics") for file in sorted((_ROOT / package).rglob("*.py"))]
    return hash_of((str(file.relative_to(_ROOT)), file) for file in files)[:16]


def versions(*libraries: str) -> list[str]:
    """Of installed libraries; it imports none of them."""
    return [_version(name) for name in libraries]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _git() -> tuple[str | None, bool | None]:
    def ask(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, timeout=10, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    if ask("ls-files", "--error-unmatch", "theory/claim.py") is None:
        return None, None
    commit, status = ask("rev-parse", "HEAD"), ask("status", "--porcelain")
    return commit, None if status is None else bool(status)


@lru_cache(maxsize=1)
def _cpuinfo() -> dict[str, str]:
    """What Linux tells of the first processor; nothing elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def processor() -> str:
    """The processor's name."""
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


def machine() -> str:
    """The kind of machine, on which equal runs are equal to the last bit: architecture, processor, instruction sets."""
    flags = _cpuinfo().get("flags", "").split()
    sets = [name for name in ("fma", "avx2", "avx512f", "amx_tile") if name in flags]
    return ", ".join([platform.machine(), processor(), *sets])


@lru_cache(maxsize=4)
def resolved_device(name: str) -> tuple[str, str]:
    """Kind (``"cpu"`` or ``"cuda"``) and model of the device that ``cpu``, ``cuda`` or ``auto`` means here.

    torch is loaded only to look for an accelerator. UsageError: cuda is asked for and there is none.
    """
    if name == "cpu":
        return "cpu", ""
    import torch

    if torch.cuda.is_available():
        return "cuda", str(torch.cuda.get_device_name())
    if name == "cuda":
        raise UsageError(
            "compute.device='cuda' is refused: this machine (or this build of torch) has no CUDA device; "
            "allowed here are cpu, auto"
        )
    return "cpu", ""
