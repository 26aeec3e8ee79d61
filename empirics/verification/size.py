"""What a configuration asks for at least, by arithmetic alone: the grid is not built to count it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

from empirics.errors import UsageError
from empirics.experiments.arms import Arm
from empirics.experiments.memory import in_bytes, memory_here
from empirics.experiments.presentation import Part
from empirics.experiments.protocol import Experiment, Point
from empirics.runs.environment import resolved_device
from empirics.runs.pool import available_cores
from theory.plural import counted

# Measured on one-layer runs, and rounded down.
_RUN_MEMORY, _CELL_MEMORY = 4_000, 2_000  # bytes, in the process that collects them
_RUN_DISK, _CELL_DISK = 1_000, 400  # bytes, in runs.sqlite


class Size(Part):
    """Runs up to the last look and the cells of all arms; bytes that they take at least.

    ``collecting`` is memory of the process that collects the runs, ``running`` that of one run of the largest unit
    (0: the experiment does not tell) and ``processes`` the number of those at once, which share one accelerator if
    ``accelerator``. ``key`` and ``running_key`` are the settings that the results, and one run, grow with.
    """

    runs: int
    cells: int
    processes: int
    collecting: int
    running: int
    disk: int
    key: str
    running_key: str = ""
    accelerator: bool = False

    @property
    def memory(self) -> int:
        """Bytes of the machine's memory, in all processes together."""
        return self.collecting + (0 if self.accelerator else self.processes * self.running)

    @property
    def accelerator_memory(self) -> int:
        """Bytes of the accelerator's memory, of all processes together."""
        return self.processes * self.running if self.accelerator else 0

    @property
    def text(self) -> str:
        """The numbers in words."""
        runs, cells = counted(self.runs, "run", form=","), counted(self.cells, "cell", form=",")
        each = f"{in_bytes(self.running)} for each run in {counted(self.processes, 'process', 'processes')}"
        memory = f"at least {in_bytes(self.memory)} of memory ({in_bytes(self.collecting)} for the results"
        if self.accelerator:
            memory += f"), {in_bytes(self.accelerator_memory)} of the accelerator's memory ({each})"
        else:
            memory += f", {each})" if self.running else ")"
        return f"{runs} of {cells}; {memory} and {in_bytes(self.disk)} of disk"


def size_of(experiment: Experiment, arms: Sequence[Arm], workers: int | None) -> Size:
    """The size of a verification of settled arms, with so many processes.

    If None: one for each core, or on an accelerator at least one.
    """
    seeds = arms[0].settings.seeds.maximum
    accelerator = resolved_device(arms[0].settings.compute.device)[0] != "cpu"
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
    processes = min(workers or (1 if accelerator else available_cores()), units * seeds)
    return Size(
        runs=units * seeds,
        cells=cells,
        processes=processes,
        collecting=collecting,
        running=running,
        disk=seeds * (units * _RUN_DISK + cells * _CELL_DISK),
        key=key,
        running_key=running_key,
        accelerator=accelerator,
    )


def check_size(size: Size, directory: Path | None = None) -> None:
    """UsageError, with the numbers, if this machine, its accelerator, or the disk of a directory, cannot hold it."""
    free = math.inf if directory is None else _free(directory)
    accelerator = _accelerator() if size.accelerator else math.inf
    if found := lacking(size, memory=memory_here(), accelerator=accelerator, disk=free, place=str(directory)):
        key, why = found
        raise UsageError(f"{key} asks for {size.text}; {why}: make it smaller")


def lacking(
    size: Size, *, memory: float, accelerator: float = math.inf, disk: float = math.inf, place: str = ""
) -> tuple[str, str] | None:
    """What to change, and what does not suffice of so many bytes; None if all do. ``place`` is where the disk is."""
    if size.memory > memory:
        key = size.running_key if size.memory > 2 * size.collecting else size.key
        return key, f"this machine has {in_bytes(memory)} of memory"
    if size.accelerator_memory > accelerator:
        return size.running_key, f"its accelerator has {in_bytes(accelerator)} of memory"
    return (size.key, f"{place} has {in_bytes(disk)} free") if size.disk > disk else None


def _accelerator() -> float:
    """Bytes of memory of the accelerator that runs use; infinity if it does not tell."""
    import torch

    try:
        return float(torch.cuda.get_device_properties(0).total_memory)
    except (AssertionError, RuntimeError):
        return math.inf


def _free(directory: Path) -> float:
    existing = next((place for place in (directory, *directory.absolute().parents) if place.exists()), Path())
    try:
        return float(shutil.disk_usage(existing).free)
    except OSError:
        return math.inf
