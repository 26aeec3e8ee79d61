"""The engine's three matrix products by different libraries: operations per second of processor time, interleaved.

    OMP_NUM_THREADS=1 python tests/benchmarks/products.py [--rounds 15]

torch has MKL or another library (`torch.__config__.show()`), NumPy OpenBLAS; "in registers" are the engine's own, which
it uses on the processors named in empirics/experiments/one_layer/engine/products.py.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # OpenBLAS heeds it too
os.environ.setdefault("MKL_NUM_THREADS", "1")

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from empirics.experiments.one_layer.engine import products

# Rows N = S (1 + K), columns V = 2 S + |R| + 1 and width m of the default preset's main grid, and of the benchmark.
SHAPES = [(120, 141, 64), (240, 181, 64), (420, 181, 64), (500, 221, 64), (1800, 441, 128)]
LIBRARIES = ("torch", "NumPy", "in registers")


def calls(a: torch.Tensor, b: torch.Tensor, out: torch.Tensor) -> dict[str, Callable[[], object]]:
    """The product by each library."""
    x, y, z = a.numpy(), b.numpy(), out.numpy()
    packed = np.ascontiguousarray(y)  # once a step in the engine, not counted here
    return {
        "torch": partial(torch.mm, a, b, out=out),
        "NumPy": partial(np.matmul, x, y, out=z),
        "in registers": partial(products.multiply, x, packed, z, False),
    }


def rate(call: Callable[[], object], operations: int) -> float:
    """Operations per second."""
    repetitions = max(1, int(2e8 / operations))
    start = time.process_time()
    for _ in range(repetitions):
        call()
    return repetitions * operations / (time.process_time() - start)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"GFLOP/s, median of {rounds} rounds")
    print(f"\n| N, V, m | product | {' | '.join(LIBRARIES)} |\n| --- | --- |{' --- |' * len(LIBRARIES)}")
    for rows, columns, width in SHAPES:
        aligned = -(-columns // 16) * 16
        logits = torch.randn(rows, aligned)[:, :columns]
        hidden, output = torch.randn(rows, width), torch.randn(columns, width)
        kinds = {
            "F = H V^T": calls(hidden, output.T, torch.empty(rows, aligned)[:, :columns]),
            "G^T H": calls(logits.T, hidden, torch.empty(columns, width)),
            "G V": calls(logits, output, torch.empty(rows, width)),
        }
        for kind, by_library in kinds.items():
            found: dict[str, list[float]] = {name: [] for name in LIBRARIES}
            for number in range(rounds + 1):
                for name, call in by_library.items():
                    value = rate(call, 2 * rows * columns * width)
                    if number:  # the first round compiles and warms up
                        found[name].append(value)
            values = " | ".join(f"{statistics.median(found[name]) / 1e9:.0f}" for name in LIBRARIES)
            print(f"| {rows}, {columns}, {width} | {kind} | {values} |")


if __name__ == "__main__":
    main()
