"""What a configuration asks for at least, by arithmetic alone: the grid is not built to count it."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from empirics.errors import UsageError
from empirics.experiments.arms import Arm
from empirics.experiments.presentation import Part
from empirics.experiments.protocol import Experiment, Point

# Measured on one-layer runs, and rounded down.
_RUN_MEMORY, _CELL_MEMORY = 4_000, 2_000  # bytes, in the process that collects them
_RUN_DISK, _CELL_DISK = 1_000, 400  # bytes, in runs.sqlite


class Size(Part):
    """Runs up to the last look and the cells of all arms; bytes that they take at least.

    ``collecting`` is memory of the process that collects the runs, ``running`` that of one run of the largest unit
    (0: the experiment does not tell) and ``processes`` the number of those at once. ``key`` is what to change.
    """

    runs: int
    cells: int
    processes: int
    collecting: int
    running: int
    disk: int
    key: str

    @property
    def memory(self) -> int:
        """Bytes in all processes together."""
        return self.collecting + self.processes * self.running

    @property
    def text(self) -> str:
        """The numbers in words."""
        processes = f"{self.processes} process{'es' * (self.processes != 1)}"
        running = f", {_bytes(self.running)} for each run in {processes}" if self.running else ""
        return (
            f"{self.runs:,} runs of {self.cells:,} cells; at least {_bytes(self.memory)} of memory "
            f"({_bytes(self.collecting)} for the results{running}) and {_bytes(self.disk)} of disk"
        )


def size_of(experiment: Experiment, arms: Sequence[Arm], workers: int) -> Size:
    """The size of a verification of settled arms."""
    seeds = arms[0].settings.seeds.maximum
    units = cells = running = 0
    running_key = ""
    for arm in arms:
        axes = {symbol: experiment.values(arm.settings, symbol) for symbol in experiment.axes}
        units += math.prod(len(axes[symbol]) for symbol in experiment.run_axes)
        cells += math.prod(map(len, axes.values()))
        largest = Point(tuple((symbol, max(axes[symbol])) for symbol in experiment.run_axes))
        needed, named = experiment.memory(arm.settings, largest)
        if needed > running:
            running, running_key = needed, named
    main = arms[0].settings
    lengths = {experiment.axes[symbol]: len(experiment.values(main, symbol)) for symbol in experiment.axes}
    key = max([*lengths, "seeds.looks"], key=lambda name: lengths.get(name, seeds))
    collecting = seeds * (units * _RUN_MEMORY + cells * _CELL_MEMORY)
    processes = min(workers, units * seeds)
    return Size(
        runs=units * seeds,
        cells=cells,
        processes=processes,
        collecting=collecting,
        running=running,
        disk=seeds * (units * _RUN_DISK + cells * _CELL_DISK),
        key=running_key if processes * running > collecting else key,
    )


def check_size(size: Size, directory: Path | None = None) -> None:
    """UsageError, with the numbers, if this machine, or the disk of a directory, cannot hold it."""
    here, free = memory_here(), math.inf if directory is None else _free(directory)
    if size.memory > here:
        raise UsageError(f"{size.key} asks for {size.text}; this machine has {_bytes(here)} of memory: make it smaller")
    if size.disk > free:
        raise UsageError(f"{size.key} asks for {size.text}; {directory} has {_bytes(free)} free: make it smaller")


def memory_here() -> float:
    """Bytes of memory that this process may use, as far as the system tells; infinity if it does not."""
    found = [math.inf]
    with contextlib.suppress(AttributeError, ValueError, OSError):  # not on every system
        found.append(float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")))
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            found.append(float(Path(limit).read_text(encoding="ascii")))  # "max": there is none
        except (OSError, ValueError):
            continue
    return min(number for number in found if number > 0)


def _free(directory: Path) -> float:
    existing = next((place for place in (directory, *directory.absolute().parents) if place.exists()), Path())
    try:
        return float(shutil.disk_usage(existing).free)
    except OSError:
        return math.inf


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.3g} PB"
