"""Whether a change slows the engine: two source trees in interleaved pairs, at the benchmark's three shapes.

    OMP_NUM_THREADS=1 python tests/benchmarks/pairs.py OLD NEW [--pairs N]

Each tree runs in a process of its own with its own ``tests/benchmarks/contenders.py``. In every pair both take the same
short task, one after the other, in an order that alternates. Times are processor times, which other programs disturb
little. Printed for each shape: the median over pairs of old time over new time (above 1: the new tree is faster) and
its 95 % interval, from order statistics.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import IO

from scipy import stats

SIZES = [(100, 20, 4, 64), (100, 20, 2, 64), (200, 40, 8, 128)]
STEPS = {SIZES[0]: 120, SIZES[1]: 200, SIZES[2]: 12}
_WORKER = """
import sys, time
from pathlib import Path
import torch
import empirics, contenders
root = Path(sys.argv[1]).resolve()
assert root in Path(empirics.__file__).resolve().parents, empirics.__file__
torch.set_num_threads(1)
runs = {}
for line in sys.stdin:
    size, steps = eval(line)
    if size not in runs:
        runs[size] = contenders.engine(size)
        runs[size](steps)
    start = time.process_time()
    runs[size](steps)
    print(time.process_time() - start, flush=True)
"""


class Tree:
    """A source tree with its worker process."""

    def __init__(self, root: Path) -> None:
        root = root.resolve()
        paths = os.pathsep.join([str(root), str(root / "tests" / "benchmarks")])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )

    def seconds(self, size: tuple[int, int, int, int], steps: int) -> float:
        """Time of some steps at one shape."""
        print((size, steps), file=_pipe(self._process.stdin), flush=True)
        return float(_pipe(self._process.stdout).readline())

    def close(self) -> None:
        """End the worker."""
        _pipe(self._process.stdin).close()
        self._process.wait()


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def interval(values: list[float], confidence: float = 0.95) -> tuple[float, float]:
    """Distribution-free interval for the median of independent values."""
    ordered = sorted(values)
    rank = int(stats.binom.ppf((1 - confidence) / 2, len(values), 0.5))  # P[Bin(n, 1/2) < rank] <= (1 - confidence) / 2
    return ordered[max(rank - 1, 0)], ordered[min(len(ordered) - rank, len(ordered) - 1)]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--pairs", type=int, default=200)
    chosen = parser.parse_args()
    old, new = Tree(chosen.old), Tree(chosen.new)
    ratios: dict[tuple[int, int, int, int], list[float]] = {size: [] for size in SIZES}
    for number in range(-2, chosen.pairs):  # the first two warm up
        for size in SIZES:
            first, second = (old, new) if number % 2 else (new, old)
            one, two = first.seconds(size, STEPS[size]), second.seconds(size, STEPS[size])
            if number >= 0:
                ratios[size].append(one / two if number % 2 else two / one)
    old.close()
    new.close()
    print("| (S, |R|, K, m) | pairs | old time over new, median | 95 % interval |\n| --- | --- | --- | --- |")
    for size, values in ratios.items():
        low, high = interval(values)
        print(f"| {size} | {len(values)} | {statistics.median(values):.3f} | {low:.3f} to {high:.3f} |")


if __name__ == "__main__":
    main()
