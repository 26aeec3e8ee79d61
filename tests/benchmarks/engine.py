"""Benchmark of the training engine: ratios in one run, interleaved; medians of processor time. One thread.

    OMP_NUM_THREADS=1 python tests/benchmarks/engine.py [--scaling] [--processes] [--memory]

JAX is measured if it is installed (``pip install -e '.[benchmark]'``).
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import argparse
import importlib.util
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
import contenders

SIZES = [(100, 20, 4, 64), (100, 20, 2, 64), (200, 40, 8, 128)]
MODELS = 8
ROUNDS = 7


def operations(size: tuple[int, int, int, int], *, merged: bool = False) -> float:
    """Floating-point operations of the three products of one step."""
    subjects, templates, multiplicity, width = size
    columns = subjects + templates + 1 if merged else 2 * subjects + templates + 1
    return 6.0 * subjects * (1 + multiplicity) * width * columns


def matrix_rate() -> float:
    """Operations per second of a large single-precision product."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    out = torch.empty(1024, 1024)
    start = time.process_time()
    for _ in range(8):
        torch.mm(a, b, out=out)
    return 8 * 2 * 1024**3 / (time.process_time() - start)


def timed(run: Callable[[int], None], steps: int) -> float:
    """Seconds per step."""
    start = time.process_time()
    run(steps)
    return (time.process_time() - start) / steps


def compare(size: tuple[int, int, int, int]) -> None:
    """All contenders at one size, in turn, several rounds."""
    scale = max(1, round(2e9 / operations(size) / 5))
    candidates: dict[str, tuple[Callable[[int], None], int, int]] = {
        "engine": (contenders.engine(size), 10 * scale, 1),
        "engine, never-targets merged": (contenders.engine(size, merged=True), 10 * scale, 1),
        "plain PyTorch loop": (contenders.plain_loop(size), 4 * scale, 1),
        "PyTorch loop tuned by hand": (contenders.tuned_loop(size), 4 * scale, 1),
        "torch.func.vmap(grad)": (contenders.vmap_grad(size, MODELS), max(2, scale // 2), MODELS),
    }
    if importlib.util.find_spec("jax"):
        chunk = max(2, scale)
        candidates["JAX jit + scan + vmap"] = (contenders.jax_scan(size, MODELS, chunk), chunk, MODELS)
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    rates = []
    for run, steps, _ in candidates.values():
        run(steps)  # warm up, compile
    for _ in range(ROUNDS):
        rates.append(matrix_rate())
        for name, (run, steps, models) in candidates.items():
            seconds[name].append(timed(run, steps) / models)
    rate = statistics.median(rates)
    alone = operations(size) / rate * 1e3
    print(f"\n(S, |R|, K, m) = {size}: matrix rate {rate / 1e9:.0f} GFLOP/s, products alone {alone:.3f} ms")
    print("| contender | ms per model and step | beside the engine | share of the matrix rate |")
    print("| --- | --- | --- | --- |")
    for name, values in seconds.items():
        median = statistics.median(values)
        ratio = statistics.median(v / e for v, e in zip(values, seconds["engine"], strict=True))
        share = statistics.median(
            operations(size, merged="merged" in name) / v / r for v, r in zip(values, rates, strict=True)
        )
        print(f"| {name} | {median * 1e3:.3f} | {ratio:.2f} | {share:.0%} |")


def scaling() -> None:
    """Time against counted arithmetic for S from 100 to 1600: slope on log axes."""
    points = []
    print("\n| S | GFLOP per step | ms per step |\n| --- | --- | --- |")
    for subjects in (100, 200, 400, 800, 1600):
        size = (subjects, 40, 4, 64)
        run = contenders.engine(size)
        steps = max(2, int(1e10 / operations(size)))
        run(2)
        median = statistics.median(timed(run, steps) for _ in range(5))
        points.append((operations(size), median))
        print(f"| {subjects} | {operations(size) / 1e9:.3f} | {median * 1e3:.2f} |")
    x, y = np.log(np.array(points)).T
    print(f"\nlog-log slope {np.polyfit(x, y, 1)[0]:.3f}")


def processes() -> None:
    """Throughput of two processes beside one."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import engine, contenders, time, torch; torch.set_num_threads(1);"
        "run = contenders.engine((100, 20, 4, 64)); run(200); start = time.perf_counter();"
        "run(6000); print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]

    def together(count: int) -> float:
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
        return max(float(p.communicate()[0].splitlines()[-1]) for p in running)

    ratios = []
    for _ in range(3):
        one, two = together(1), together(2)
        ratios.append(2 * one / two)
    print(f"\ntwo processes beside one: {statistics.median(ratios):.2f} times the throughput")


def memory() -> None:
    """Peak memory of a large model."""
    size = (2000, 200, 8, 128)
    run = contenders.engine(size)
    run(2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\npeak memory at {size}: {peak:.2f} GiB")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--memory", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    if chosen.memory:
        memory()
    elif chosen.scaling:
        scaling()
    elif chosen.processes:
        processes()
    else:
        for size in SIZES:
            compare(size)


if __name__ == "__main__":
    main()
