"""Experiments whose worker process dies, or that meet a defect: once for some seeds, always for others; or never."""

import os
import signal
import tempfile
from pathlib import Path

from empirics.experiments.one_layer.experiment import OneLayer
from empirics.experiments.protocol import Point, UnitRun

ONCE, ALWAYS = 3, 5


def marks_of(parent):
    """Where the workers of a process leave their marks (they may be older than the test, so no environment)."""
    return Path(tempfile.gettempdir()) / f"factbound-marks-{parent}"


def result(unit, seed, error):
    """A run with one cell."""
    return UnitRun(unit, seed, {Point((*unit.values, ("N_f", 2))): {"ood_error": error}})


class Dying(OneLayer):
    """Seed 3 kills its process the first time, seed 5 every time."""

    name = "dying"

    def run_arms(self, settings, unit, seeds, device):
        for seed in seeds:
            mark = marks_of(os.getppid()) / f"{unit['K']}-{seed}"
            if seed == ALWAYS or (seed == ONCE and not mark.exists()):
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        yield [result(unit, seed, seed / 10) for seed in seeds]


class Quick(OneLayer):
    """Very short runs."""

    name = "quick"

    def run_arms(self, settings, unit, seeds, device):
        for _ in settings:
            yield [result(unit, seed, 0.0) for seed in seeds]


class Hungry(OneLayer):
    """Seed 1 asks for more memory than there is."""

    name = "hungry"

    def run_arms(self, settings, unit, seeds, device):
        if 1 in seeds:
            raise MemoryError("1 EiB")
        yield [result(unit, seed, 0.0) for seed in seeds]


class Broken(OneLayer):
    """Seed 1 meets a defect."""

    name = "broken"

    def run_arms(self, settings, unit, seeds, device):
        if 1 in seeds:
            raise ZeroDivisionError("a defect")
        yield [result(unit, seed, 0.0) for seed in seeds]


class BrokenLater(OneLayer):
    """The second of several arms meets a defect; the others do not."""

    name = "broken-later"

    def run_arms(self, settings, unit, seeds, device):
        for arm in settings:
            if arm.finetuning.steps == 1:
                raise ZeroDivisionError("a defect in one arm")
            yield [result(unit, seed, float(arm.finetuning.steps == 2)) for seed in seeds]
