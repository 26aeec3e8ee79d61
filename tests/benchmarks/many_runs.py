"""A verification of many stored runs: listing, judging, report; seconds and peak memory; how fast the page opens.

Rows are synthetic, written through the store's own interface: one run of each unit is trained, and written under the
keys of all seeds with errors of their own.

OMP_NUM_THREADS=1 python tests/benchmarks/many_runs.py [RUNS [SEEDS]]
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from empirics.experiments.arms import Arm, arms_of
from empirics.experiments.load import load_settings
from empirics.experiments.one_layer.experiment import OneLayer
from empirics.experiments.protocol import UnitRun
from empirics.runs.source import keys_of, wanted
from empirics.runs.store import Store

EXPERIMENT = OneLayer()


def settings_of(runs: int, seeds: int) -> list[str]:
    """A grid of so many runs: |R| and K vary, five N_f each."""
    units = max(1, runs // seeds)
    across = min(6, max(1, round(units**0.5)))
    templates = list(range(20, 20 + -(-units // across)))
    multiplicity = list(range(1, across + 1))
    return [
        f"world.templates={templates}",
        f"world.multiplicity={multiplicity}",
        "world.finetuned=[2,5,10,20,40]",
        "arms.run=[]",
        f"seeds.looks=[{seeds}]",
        "pretraining.steps=20",
        "finetuning.steps=20",
    ]


def filled(path: Path, words: list[str]) -> int:
    """A store with all runs of these settings."""
    settings = EXPERIMENT.settle(load_settings(EXPERIMENT, "default", None, words), "cpu")
    (arm,) = arms_of(EXPERIMENT, settings)
    places = wanted(EXPERIMENT, [arm], settings.seeds.base, settings.seeds.base + settings.seeds.maximum)
    drawn, number = random.Random(0), 0
    with Store(path) as store:
        for (name, unit), seeds in places.items():
            keys = keys_of(EXPERIMENT, [Arm(name, {}, settings)], {(name, unit): seeds})
            ((run,),) = EXPERIMENT.run_arms([settings], unit, [0], "cpu")
            store.add({keys[name, unit, seed]: _jittered(run, seed, drawn) for seed in seeds})
            number += len(seeds)
    return number


def _jittered(run: UnitRun, seed: int, drawn: random.Random) -> UnitRun:
    """The run under another seed: in scope, with an error of its own."""
    observables = {
        cell: {**found, "pretraining_gap": 0.05 * drawn.random(), "ood_error": drawn.random()}
        for cell, found in run.observables.items()
    }
    return replace(run, seed=seed, observables=observables)


def measured(words: list[str]) -> tuple[float, float, str]:
    """Seconds and peak megabytes of a command, and the last line of its output."""
    code = (
        "import resource, sys; from empirics.cli.app import run; status = run(sys.argv[1:]); "
        "print(); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, status)"
    )
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    told = (done.stdout.splitlines() or ["0 1"])[-1].split()
    return time.monotonic() - start, float(told[0]), done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""


def opening(page: Path) -> str:
    """How long a browser takes to open a page with all that is on it, median of five; empty where there is none."""
    browser = shutil.which("chromium")
    if browser is None:
        return "no chromium here"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        seconds = []
        for _ in range(5):
            tab = opened.new_page(viewport={"width": 1280, "height": 900})
            start = time.monotonic()
            tab.goto(page.as_uri())
            tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            seconds.append(time.monotonic() - start)
            tab.close()
        opened.close()
    return f"{statistics.median(seconds):.2f} s to open, {page.stat().st_size / 1e6:.1f} MB"


def main() -> None:
    """Fill a store and run the commands on it."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 32
    words = settings_of(runs, seeds)
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        number = filled(Path(folder) / "runs.sqlite", words)
        size = os.path.getsize(Path(folder) / "runs.sqlite") / 1e6
        print(f"{number} runs written in {time.monotonic() - start:.0f} s, {size:.0f} MB", flush=True)
        settings = [part for word in words for part in ("--set", word)]
        for name, command in {
            "verify": ["verify", *settings, "--output", folder, "--workers", "1"],
            "verify again": ["verify", *settings, "--output", folder, "--workers", "1"],
            "report": ["report", folder],
        }.items():
            seconds, megabytes, told = measured(command)
            print(f"{name}: {seconds:.1f} s, peak {megabytes:.0f} MB; {told}", flush=True)
        print(f"report.html: {opening(Path(folder) / 'report.html')}", flush=True)
        written = {p.name: round(p.stat().st_size / 1e6, 1) for p in Path(folder).iterdir() if p.is_file()}
        print(json.dumps(written))


if __name__ == "__main__":
    main()
