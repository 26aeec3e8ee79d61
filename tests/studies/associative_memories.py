"""Where associative memories begin to recall: for docs/papers/associative-memories.md.

``python tests/studies/associative_memories.py docs/papers/associative-memories.csv`` takes some minutes.
Finished rows of the file are kept: run again, it resumes.

For each world the least dimension is found, by bisection, from which the memory meets the criterion. Embeddings of one
world are nested, so that for the best memory this is exact: what d recalls, d + 1 recalls. The Hebbian and the trained
memory may miss it again at a larger d. A row holds the median over worlds with its bootstrap interval.
"""

import csv
import math
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median_grouped

import numpy as np

from empirics.experiments.associative_memory.capacity import gaussian_size
from empirics.experiments.associative_memory.law import size_at
from empirics.experiments.associative_memory.memories import best, hebbian, trained
from empirics.experiments.associative_memory.world import Facts, FloatArray, draw

COLUMNS = ("memory", "criterion", "N", "worlds", "c", "lower", "upper", "predicted")
FIRST_SEED = 1000


def _steps(facts: Facts) -> FloatArray:
    return trained(facts, 2000).memory


RULES: dict[str, tuple[Callable[[Facts], FloatArray], bool]] = {
    "Hebbian": (lambda facts: hebbian(facts).memory, False),
    "trained": (_steps, False),
    "best": (lambda facts: best(facts).memory, False),
    "best, decoupled": (lambda facts: best(facts).memory, True),
}
# Memory, share asked for, numbers of facts with numbers of worlds, and the range of sizes over what is predicted.
PLAN = (
    ("Hebbian", 0.5, {50: 101, 100: 101, 200: 65, 400: 33, 800: 17, 1600: 9}, (0.25, 3)),
    ("Hebbian", 1.0, {50: 101, 100: 101, 200: 65, 400: 33, 800: 17, 1600: 9}, (0.15, 5)),
    ("trained", 1.0, {25: 101, 50: 101, 100: 65, 200: 33, 400: 9}, (0.4, 2)),
    ("best", 1.0, {25: 101, 50: 101, 100: 65, 200: 17}, (0.4, 2)),
    ("best, decoupled", 1.0, {25: 101, 50: 65, 100: 33}, (0.4, 2)),
)


def predicted(memory: str, share: float, facts: int) -> float:
    """The size by the law of one fact's recall, facts taken as independent; or with independent coefficients."""
    if memory == "Hebbian":
        return size_at(facts, 0.5 if share < 1 else math.log(2) / facts)
    return gaussian_size(facts)


def least_dimension(memory: str, share: float, facts: int, seed: int, sizes: tuple[float, float]) -> int:
    """The least dimension from which at least this share is recalled, inside a range of sizes."""
    rule, decoupled = RULES[memory]
    first, last = low, high = [round(math.sqrt(c * facts * math.log(facts))) for c in sizes]
    while high - low > 1:
        middle = (low + high) // 2
        world = draw(facts, middle, seed, decoupled=decoupled)
        recalled = (world.gaps(rule(world)) > 0).all(axis=1).mean()
        low, high = (low, middle) if recalled >= share else (middle, high)
    if low == first or high == last:
        raise ValueError(f"{memory}, N = {facts}, seed {seed}: not between d = {first} and {last}")
    return high


def row(memory: str, share: float, facts: int, worlds: int, sizes: tuple[float, float]) -> dict[str, object]:
    """The size at which half of the worlds meet the criterion, with a bootstrap interval, and the predicted one."""
    expected = predicted(memory, share, facts)
    limits = sizes[0] * expected, sizes[1] * expected
    found = [least_dimension(memory, share, facts, FIRST_SEED + k, limits) for k in range(worlds)]
    resampled = np.random.default_rng(0).choice(found, (1000, worlds))
    # Between d - 1, which fails, and d: a grouped median of whole numbers, half a step down.
    dimensions = np.array([median_grouped(sample) for sample in (found, *resampled.tolist())]) - 0.5
    c, *others = dimensions**2 / (facts * math.log(facts))
    numbers = {"c": c, "predicted": expected}
    numbers["lower"], numbers["upper"] = np.quantile(others, (0.025, 0.975))
    criterion = "half recalled" if share < 1 else "all recalled"
    return {"memory": memory, "criterion": criterion, "N": facts, "worlds": worlds} | {
        name: f"{value:.3f}" for name, value in numbers.items()
    }


def main(path: Path) -> None:
    """Measure every row of the plan that the file lacks."""
    rows = list(csv.DictReader(path.open())) if path.exists() else []
    known = {(r["memory"], r["criterion"], r["N"]) for r in rows}
    for memory, share, numbers, sizes in PLAN:
        for facts, worlds in numbers.items():
            if (memory, "half recalled" if share < 1 else "all recalled", str(facts)) in known:
                continue
            rows.append(row(memory, share, facts, worlds, sizes))
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
            print(*rows[-1].values(), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
