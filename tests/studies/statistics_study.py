"""The statistics of the verdicts, in numbers: a study that one command repeats (fixed seeds).

    python tests/studies/statistics_study.py

prints the Markdown tables of docs/statistics.md.
"""

import math
from pathlib import Path
from sys import path

import numpy as np
from scipy import stats

path.insert(0, str(Path(__file__).parents[1] / "judging"))

from test_adaptive import SEEDS, simulate
from test_confidence import ALPHA, LAWS, LENGTH, REPETITIONS

from empirics.judging.confidence import interval, log_wealth_path, upper_limit

TRUTHS = [(0.02, "1/2"), (0.1, "1/2"), (0.25, "1/2"), (0.4, "1/2"), (0.6, "1/2"), (0.8, "1/2"), (0.05, "1/20")]


def header(*names: str) -> None:
    """The head of a Markdown table."""
    print("| " + " | ".join(names) + " |")
    print("| " + " | ".join("---" for _ in names) + " |")


def coverage() -> None:
    """Share of repetitions in which a one-sided limit ever excludes the mean."""
    header("law", "mean", "upper limit ever below", "lower limit ever above", "allowed")
    for name, (mean, draw) in LAWS.items():
        values = draw(np.random.default_rng(20260101))
        shares = [
            (log_wealth_path(x, m) >= -math.log(ALPHA)).any(axis=1).mean()
            for x, m in ((values, mean), (1 - values, 1 - mean))
        ]
        print(f"| {name} | {mean} | {shares[0]:.4f} | {shares[1]:.4f} | {ALPHA} |")
    print(f"\n{REPETITIONS} repetitions, {LENGTH} looks each.\n")


def widths() -> None:
    """Widths of two-sided 95 % intervals."""
    header("n", "share of ones", "betting, any time", "Clopper-Pearson, fixed n", "Hoeffding, fixed n")
    for n, shares in ((8, (0.0, 0.5)), (32, (0.0, 0.0625, 0.5)), (200, (0.0, 0.05, 0.5)), (1000, (0.0, 0.05, 0.5))):
        for share in shares:
            k = round(share * n)
            x = np.array([1.0] * k + [0.0] * (n - k))
            ours = interval(x, ALPHA)
            exact = stats.binomtest(k, n).proportion_ci(1 - ALPHA, "exact")
            half = math.sqrt(math.log(2 / ALPHA) / (2 * n))
            hoeffding = min(1.0, k / n + half) - max(0.0, k / n - half)
            found = (ours.upper - ours.lower, exact.high - exact.low, hoeffding)
            print(f"| {n} | {k / n:.3f} | " + " | ".join(f"{width:.3f}" for width in found) + " |")
    print()


def power() -> None:
    """Upper limits with no error in n seeds."""
    header("seeds without an error", "one claim, one cell", "divided over 30 cells")
    for n in (8, 16, 32, 64):
        print(f"| {n} | {upper_limit(np.zeros(n), ALPHA):.3f} | {upper_limit(np.zeros(n), ALPHA / 30):.3f} |")
    print()


def adaptive() -> None:
    """Adaptive against fixed design."""
    header("true error", "bound", "same verdict", "opposite verdict", "runs used")
    for mean, bound in TRUTHS:
        same = opposite = used = 0
        repetitions = 200
        for repetition in range(repetitions):
            found = [
                simulate(mean, bound, np.random.default_rng([repetition, int(mean * 100)]), adaptive=a)
                for a in (False, True)
            ]
            same += found[0][0] == found[1][0]
            opposite += {found[0][0], found[1][0]} == {"HOLDS", "VIOLATED"}
            used += found[1][1]
        share = used / repetitions / SEEDS.maximum
        print(f"| {mean} | {bound} | {same / repetitions:.1%} | {opposite} of {repetitions} | {share:.0%} |")
    print()


if __name__ == "__main__":
    coverage()
    widths()
    power()
    adaptive()
