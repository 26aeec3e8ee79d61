"""The preset smollm2 with a thousand facts on one accelerator, in as many worlds as its time allows.

    python tests/benchmarks/real_weights.py [--device cuda|cpu] [--minutes 8.5] [--output DIR] [--set KEY=VALUE ...]

It is ``factbound lm run``, twice: one world, which tells how long a world takes, then all that fit. Weights are those
of ``make weights``; an accelerator computes in bfloat16. Finished runs lie in ``DIR/runs.sqlite`` whatever happens.
Beside the report ``DIR/real-weights.md`` has the table that docs/language-models.md shows of the run on processors.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
import figures

from empirics.cli.app import run
from empirics.verification.results import read_results

SETTINGS = (
    "facts.number=1000",
    "world.finetuned=[0,50,250]",
    "arms.finetuned=[50,250]",
    "pretraining.batch_size=128",
    "pretraining.steps=188",  # 24 presentations of each fact, as in the preset
    "finetuning.batch_size=256",
    "evaluation.batch_size=512",
    "seeds.base=400",
)
MOST = 256
RESERVE = 30.0
"""Seconds that are left for judging, report and the end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write the table; 2 without the device, 1 if there are no results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--minutes", type=float, default=8.5)
    parser.add_argument("--output", type=Path, default=Path("results-real-weights"))
    parser.add_argument("--set", action="append", default=[], dest="settings")
    chosen = parser.parse_args(arguments)
    if chosen.device == "cuda" and not torch.cuda.is_available():
        print("this machine, or this build of torch, has no CUDA device; allowed here: --device cpu", file=sys.stderr)
        return 2
    start = monotonic()
    settings = [*SETTINGS, *chosen.settings, f"compute.device={chosen.device}"]
    words = ["lm", "run", "--preset", "smollm2", "--workers", "1", "--output", str(chosen.output)]
    words += [part for setting in settings for part in ("--set", setting)]
    worlds = 1
    for _ in range(2):
        status = run([*words, "--set", f"seeds.looks=[{worlds}]"])
        if status not in (0, 1, 3):  # no verdict
            return 1
        results = read_results(chosen.output / "results.json")
        (chosen.output / "real-weights.md").write_text(figures.real_weights(results), encoding="utf-8")
        spent = monotonic() - start
        worlds = min(MOST, int((60 * chosen.minutes - RESERVE) / spent))
        if worlds < 2:
            break
    print((chosen.output / "real-weights.md").read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
