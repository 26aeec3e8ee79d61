"""The memory of this machine, and a run that does not fit into it: refused before anything is built."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.protocol import Experiment, Point

__all__ = ["check_run", "in_bytes", "memory_here"]


def check_run(experiment: Experiment, settings: Any, unit: Point) -> None:
    """UsageError, with the numbers and the key to change, if this machine cannot hold one run of the unit."""
    needed, key = experiment.memory(settings, unit)
    if needed > (here := memory_here()):
        asked = f"{key} asks for at least {in_bytes(needed)} of memory for one run"
        raise UsageError(f"{asked}; this machine has {in_bytes(here)} of memory: make it smaller")


def memory_here() -> float:
    """Bytes of memory that this process may use, as far as the system tells; infinity if it does not."""
    found = [float("inf")]
    with contextlib.suppress(AttributeError, ValueError, OSError):  # not on every system
        found.append(float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")))
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            found.append(float(Path(limit).read_text(encoding="ascii")))  # "max": there is none
        except (OSError, ValueError):
            continue
    return min(number for number in found if number > 0)


def in_bytes(number: float) -> str:
    """A number of bytes in words, as in ``6.4 PB``."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.3g} PB"
