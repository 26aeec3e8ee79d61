"""An experiment whose worker process dies: once for some seeds, always for others."""

import os
import signal
import tempfile
from pathlib import Path

from empirics.experiments.protocol import UnitRun

ONCE, ALWAYS = 3, 5


def marks_of(parent):
    """Where the workers of a process leave their marks (they may be older than the test, so no environment)."""
    return Path(tempfile.gettempdir()) / f"factbound-marks-{parent}"


class Dying:
    """Seed 3 kills its process the first time, seed 5 every time."""

    name = "dying"

    def run(self, config, unit, seeds):
        for seed in seeds:
            mark = marks_of(os.getppid()) / f"{unit.multiplicity}-{seed}"
            if seed == ALWAYS or (seed == ONCE and not mark.exists()):
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return [UnitRun(unit, seed, {2: {"ood_error": seed / 10}}) for seed in seeds]


class Hungry:
    """Seed 1 asks for more memory than there is."""

    name = "hungry"

    def run(self, config, unit, seeds):
        if 1 in seeds:
            raise MemoryError("1 EiB")
        return [UnitRun(unit, seed, {2: {"ood_error": 0.0}}) for seed in seeds]


class Broken:
    """Seed 1 meets a defect."""

    name = "broken"

    def run(self, config, unit, seeds):
        if 1 in seeds:
            raise ZeroDivisionError("a defect")
        return [UnitRun(unit, seed, {2: {"ood_error": 0.0}}) for seed in seeds]
