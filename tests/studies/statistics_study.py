"""The statistics of the verdicts, in numbers: a study that one command repeats (fixed seeds).

    python tests/studies/statistics_study.py

prints the Markdown tables of docs/statistics.md.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from sys import path

import numpy as np
from scipy import stats

path.insert(0, str(Path(__file__).parents[1] / "judging"))

import share_errors
from share_errors import CASES, LOOKS, errors, independent, judged, tolerable
from test_confidence_coverage import ALPHA, LAWS, LENGTH, REPETITIONS
from test_shares import reach

from empirics.judging.confidence import bets_for, interval, log_wealth_path, upper_limit
from empirics.judging.outcome import Verdict
from empirics.judging.shares import boundaries, lower_limit, spent

SHARE = share_errors.SHARE


def header(*names: str) -> None:
    """The head of a Markdown table."""
    print("| " + " | ".join(names) + " |")
    print("| " + " | ".join("---" for _ in names) + " |")


def least(looks: Sequence[int], alpha: float, share: float) -> list[int]:
    """The successes that reject "the share is at most this" at each look."""
    budgets = tuple(spent(alpha, n / looks[-1]) for n in looks)
    return [int(c) for c in boundaries(tuple(looks), budgets, np.array([share]))[:, 0]]


def designs() -> None:
    """Boundaries, exact level and exact power of declared looks."""
    header("looks", "successes that confirm 0.8", "level", "power at 0.95", "at 0.97", "at 0.99")
    for looks in ((8,), (14,), (16,), (16, 32), (16, 32, 64)):
        counts = least(looks, ALPHA, SHARE)
        found = [reach(looks, counts, share) for share in (SHARE, 0.95, 0.97, 0.99)]
        words = ", ".join(f"{c} of {n}" if c <= n else f"none of {n}" for c, n in zip(counts, looks, strict=True))
        print(f"| {list(looks)} | {words} | {found[0]:.5f} | " + " | ".join(f"{p:.3f}" for p in found[1:]) + " |")
    print()


def exact_errors() -> None:
    """False HOLDS with one cell just below, false VIOLATED of independent cells at what is asked: no simulation."""
    header("cells", "HOLDS, one cell at 0.8 less 1e-9, the others at 1", "VIOLATED, every cell at 0.8 (pool: at most)")
    for cells in (1, 5, 20):
        refuting = ALPHA / (cells + 1)
        one = reach(LOOKS, least(LOOKS, refuting, 1 - SHARE), 1 - SHARE)
        holds = reach(LOOKS, least(LOOKS, ALPHA, SHARE), SHARE - 1e-9)
        print(f"| {cells} | {holds:.5f} | {1 - (1 - one) ** cells:.5f} (+ {refuting:.5f}) |")
    print()


def simulated_errors(repetitions: int = REPETITIONS) -> None:
    """Error rates by the product's own code."""
    header("what is false", f"errors of {repetitions}", "share", "refuted as at most 0.05?")
    for name, case in CASES.items():
        count = errors(case, repetitions)
        verdict = "no" if tolerable(count, repetitions, case.level) else "YES"
        print(f"| {name} | {count} | {count / repetitions:.4f} | {verdict} |", flush=True)
    print()


def old_power(share: float, effect: float, alpha: float) -> tuple[float, float]:
    """How often the mean of differences of that size was shown to be above, or below, 0 at some seed from 8 to 32."""
    rng = np.random.default_rng(5)
    values = np.where(rng.random((REPETITIONS, LOOKS[-1])) < share, effect, -effect)
    x = (values + 1) / 2
    found = [float((log_wealth_path(v, 0.5)[:, 7:] >= -math.log(alpha)).any(axis=1).mean()) for v in (1 - x, x)]
    return found[0], found[1]


def new_power(share: float, cells: int, repetitions: int) -> dict[Verdict, float]:
    """How often each verdict is the last one, looking as `verify` does."""
    counts = dict.fromkeys((Verdict.HOLDS, Verdict.SUPPORTED, Verdict.VIOLATED, Verdict.UNDECIDED), 0)
    for repetition in range(repetitions):
        values = independent(*(share,) * cells)(np.random.default_rng([23, cells, repetition]))
        for n in LOOKS:
            verdict = judged(values, n).verdict
            if verdict in (Verdict.HOLDS, Verdict.VIOLATED):
                break
        counts[verdict] += 1
    return {verdict: count / repetitions for verdict, count in counts.items()}


def power(repetitions: int = 500) -> None:
    """What is decided, old against new."""
    header(
        "true share",
        "old, 1 cell, effect ±1",
        "old, 1 cell, effect ±0.1",
        "old, 10 cells, ±1",
        "old, 10 cells, ±0.1",
        "new, 1 cell",
        "new, 10 cells",
    )
    for share in (0.5, 0.9, 0.95, 0.99, 1.0):
        row = []
        for cells in (1, 10):
            for effect in (1.0, 0.1):
                above, below = old_power(share, effect, ALPHA / cells)
                row.append(f"{above**cells:.2f} / {1 - (1 - below) ** cells:.2f}")
        for cells in (1, 10):
            found = new_power(share, cells, repetitions)
            row.append(" / ".join(f"{found[v]:.2f}" for v in (Verdict.HOLDS, Verdict.SUPPORTED, Verdict.VIOLATED)))
        print(f"| {share:g} | " + " | ".join(row) + " |", flush=True)
    print()


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
    header(
        "n", "share of ones", "betting, any time", "betting, one look", "Clopper-Pearson, fixed n", "Hoeffding, fixed n"
    )
    for n, shares in ((8, (0.0, 0.5)), (32, (0.0, 0.0625, 0.5)), (200, (0.0, 0.05, 0.5)), (1000, (0.0, 0.05, 0.5))):
        for share in shares:
            k = round(share * n)
            x = np.array([1.0] * k + [0.0] * (n - k))
            ours = interval(x, ALPHA)
            exact = stats.binomtest(k, n).proportion_ci(1 - ALPHA, "exact")
            half = math.sqrt(math.log(2 / ALPHA) / (2 * n))
            hoeffding = min(1.0, k / n + half) - max(0.0, k / n - half)
            bets = bets_for((n,), ALPHA / 2)
            tuned = upper_limit(x, ALPHA / 2, bets=bets) + upper_limit(1 - x, ALPHA / 2, bets=bets) - 1
            found = (ours.upper - ours.lower, tuned, exact.high - exact.low, hoeffding)
            print(f"| {n} | {k / n:.3f} | " + " | ".join(f"{width:.3f}" for width in found) + " |")
    print()


def all_the_same() -> None:
    """Limits when every world agrees: of a share, and of a mean."""
    header("seeds", "share, all successes: lower limit", "mean, all 0: upper limit", "the same at alpha / 31")
    for n in (8, 16, 32, 64):
        declared = tuple(k for k in (*LOOKS, 64) if k <= n) or (n,)
        share = lower_limit(tuple((k, k, k / n) for k in declared), ALPHA, SHARE)
        zeros = np.zeros(n)
        print(f"| {n} | {share:.3f} | {upper_limit(zeros, ALPHA):.3f} | {upper_limit(zeros, ALPHA / 31):.3f} |")
    print()


if __name__ == "__main__":
    designs()
    exact_errors()
    power()
    all_the_same()
    coverage()
    widths()
    simulated_errors()
