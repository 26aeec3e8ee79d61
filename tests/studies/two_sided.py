"""The table of docs/proofs/linear-memory-two-sided.md: what the two-sided criterion leaves undecided, cell by cell.

Run from the root of the repository: ``python tests/studies/two_sided.py [number of seeds]``. It pre-trains and
fine-tunes the linear memory in the settings of the arm ``linear-memory``, but for the sizes, and prints one row of the
table for each cell. An exception, a held-out fact that is answered otherwise than decided, ends it with an error.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from empirics.experiments.arms import arms_of
from empirics.experiments.load import load_config
from empirics.experiments.one_layer import EXPERIMENT
from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.run import run_arms
from empirics.experiments.protocol import Point
from theory.plural import counted

GRID: Sequence[tuple[int, int, Sequence[int], Sequence[int], int]] = (
    (30, 8, (1, 2, 3), (6, 10, 15, 20), 200),  # S, |R|, K, N_f, steps of fine-tuning
    (60, 20, (1, 2, 3, 4), (10, 20, 30, 40), 200),
    (60, 30, (2, 3, 4), (20, 30, 40), 200),
    (60, 20, (2, 3), (20, 30, 40), 50),
    (60, 20, (2, 3), (10, 20, 30, 40), 1000),
)
_TRANSITION = (0.02, 0.98)
_COLUMNS = ("ood_error", "surely_extracted_share", "surely_failed_share", "undecided_share", "two_sided_radius")


def settings_of(subjects: int, multiplicity: int, templates: int, finetuned: Sequence[int], steps: int) -> Config:
    """The arm's settings in a world of other sizes."""
    (arm,) = [a for a in arms_of(EXPERIMENT, load_config("default")) if a.name == "linear-memory"]
    document = arm.settings.model_dump(mode="python")
    document["world"] |= {
        "subjects": subjects,
        "answers": subjects,
        "templates": (templates,),
        "multiplicity": (multiplicity,),
        "finetuned": tuple(finetuned),
    }
    document["finetuning"]["steps"] = steps
    return Config.model_validate(document)


def means(found: Sequence[Mapping[str, Any]]) -> list[float]:
    """Means over seeds.

    Raises:
        RuntimeError: some held-out fact was answered otherwise than decided.
    """
    if any(run["two_sided_agreement"] != 1 for run in found):
        raise RuntimeError("an exception: a held-out fact was answered otherwise than decided")
    return [float(np.mean([run[name] for run in found])) for name in _COLUMNS]


def main(seeds: int) -> None:
    """Print the table, and the largest share of undecided facts in the transition."""
    print("| S | \\|R\\| | K | N_f | steps | error | extracted | failed | undecided | radius |")
    print("|" + " --- |" * 10)
    undecided = []
    for subjects, templates, multiplicities, sizes, steps in GRID:
        for multiplicity in multiplicities:
            config = settings_of(subjects, multiplicity, templates, sizes, steps)
            unit = Point((("R", templates), ("K", multiplicity)))
            (runs,) = run_arms([config], unit, range(seeds), "cpu")
            for size in sizes:
                cell = Point((*unit.values, ("N_f", size)))
                row = means([run.observables[cell] for run in runs])
                if _TRANSITION[0] <= row[0] <= _TRANSITION[1]:
                    undecided.append(row[3])
                values = " | ".join(f"{value:.3f}" for value in row[:-1])
                print(f"| {subjects} | {templates} | {multiplicity} | {size} | {steps} | {values} | {row[-1]:.1e} |")
                sys.stdout.flush()
    print(f"undecided at most {max(undecided):.3f} in the transition ({counted(len(undecided), 'cell')})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 16)
