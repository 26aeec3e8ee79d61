"""How wide the MLP must be to store facts, and to have them extracted: the one-layer transformer at several widths.

    python tests/studies/capacity.py measure docs/papers/capacity.csv
    python tests/studies/capacity.py tell docs/papers/capacity.csv docs/papers/capacity.md

``measure`` trains (rows that are there are kept), ``tell`` writes the page's table and sentences by the rules in this
file. Each fact has the same exposure at every S: steps are proportional to S, and fine-tuning takes half of the facts.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

from kept import replaced

from empirics.experiments.defaults import quiet
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Point
from empirics.experiments.registry import experiment
from empirics.judging.confidence import interval

FACTS = (10, 20, 40, 80)
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
R, K, SEEDS = 10, 3, 32
STORED = 0.95
"""The share of statements that is called storing, in the mean over worlds."""
MARGIN = 0.05
"""How far from the error at the largest width extraction may be."""
_COLUMNS = ("facts", "width", "seed", "stored", "ood_error")

Rows = Mapping[tuple[int, int], np.ndarray]  # (S, m) to shape [seeds, (stored, ood_error)]


def measure(path: Path) -> None:
    """Train what is missing, and add a row for each run."""
    torch.set_num_threads(1)
    item = experiment("one-layer")
    done = set(read(path)) if path.exists() else set()
    for facts in FACTS:
        for width in WIDTHS:
            if (facts, width) in done:
                continue
            settings = [
                f"world.subjects={facts}",
                f"world.answers={facts}",
                f"world.templates=[{R}]",
                f"world.multiplicity=[{K}]",
                f"world.finetuned=[{facts // 2}]",
                f"model.width={width}",
                f"pretraining.steps={100 * facts}",
                f"finetuning.steps={5 * facts}",
                "arms.run=[]",
            ]
            config = item.settle(load_settings(item, "default", None, settings, say=quiet), "cpu")
            runs = item.run(config, Point.of(R=R, K=K), range(SEEDS), "cpu")
            rows = [
                (facts, width, run.seed, found["pretraining_accuracy"], found["ood_error"])
                for run in runs
                for found in run.observables.values()
            ]
            new = not path.exists()
            with path.open("a", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                if new:
                    writer.writerow(_COLUMNS)
                writer.writerows(rows)
            print(facts, width, np.mean([row[3] for row in rows]), np.mean([row[4] for row in rows]), flush=True)


def read(path: Path) -> Rows:
    """The measured shares by number of facts and width."""
    found: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            found[int(row["facts"]), int(row["width"])].append((float(row["stored"]), float(row["ood_error"])))
    return {at: np.array(values) for at, values in found.items()}


def least_width(widths: Sequence[int], good: Sequence[bool], values: Sequence[float], limit: float) -> float:
    """Where a curve over the logarithm of the width crosses a limit for the last time, between measured widths.

    NaN if the largest width is not good, the smallest width if all are.
    """
    if not good[-1]:
        return float("nan")
    bad = [i for i, ok in enumerate(good) if not ok]
    if not bad:
        return float(widths[0])
    i = bad[-1]
    share = (limit - values[i]) / (values[i + 1] - values[i])
    return float(np.exp(np.log(widths[i]) + share * (np.log(widths[i + 1]) - np.log(widths[i]))))


def least_widths(rows: Rows, facts: int, drawn: np.ndarray | None = None) -> tuple[float, float]:
    """The least width that stores, and that at which extraction is as good as at the largest; of some seeds."""
    widths = sorted(m for s, m in rows if s == facts)
    means = np.array([rows[facts, m][drawn if drawn is not None else slice(None)].mean(axis=0) for m in widths])
    stored, error = means.T
    limit = error[-1] + MARGIN
    return (
        least_width(widths, [*(stored >= STORED)], stored, STORED),
        least_width(widths, [*(error <= limit)], error, limit),
    )


def exponent(rows: Rows, place: int, drawn: np.ndarray | None = None) -> float:
    """The slope of log m on log S; ``place`` 0 for storage, 1 for extraction."""
    sizes = sorted({s for s, _ in rows})
    least = [least_widths(rows, s, drawn)[place] for s in sizes]
    return float(np.polyfit(np.log(sizes), np.log(least), 1)[0])


def _interval(values: Sequence[float]) -> tuple[float, float]:
    lower, upper = np.quantile(np.array(values), [0.025, 0.975])
    return float(lower), float(upper)


def told(rows: Rows, resamples: int = 2000) -> str:
    """The table and the sentences."""
    sizes = sorted({s for s, _ in rows})
    seeds = min(len(values) for values in rows.values())
    draw = np.random.default_rng(0)
    drawn = [draw.integers(0, seeds, size=seeds) for _ in range(resamples)]
    lines = ["| $S$ | least $m$ that stores [95 %] | least $m$ that extracts [95 %] | error at the largest $m$ |"]
    lines += ["| --- | --- | --- | --- |"]
    later = []
    for s in sizes:
        found = least_widths(rows, s)
        samples = np.array([least_widths(rows, s, d) for d in drawn])
        limits = [_interval(samples[:, place]) for place in (0, 1)]
        cells = [f"{value:.2f} [{low:.2f}, {high:.2f}]" for value, (low, high) in zip(found, limits, strict=True)]
        last = rows[s, max(m for t, m in rows if t == s)][:, 1]
        end = interval(last.tolist(), 0.05, 0.0, 1.0)
        lines.append(f"| {s} | {cells[0]} | {cells[1]} | {end.mean:.3f} [{end.lower:.3f}, {end.upper:.3f}] |")
        later.append(_interval(samples[:, 1] - samples[:, 0]))
    slopes = [exponent(rows, place) for place in (0, 1)]
    spans = [_interval([exponent(rows, place, d) for d in drawn]) for place in (0, 1)]
    lines += [
        "",
        f"Slope of $\\log m$ on $\\log S$: {slopes[0]:.2f} [{spans[0][0]:.2f}, {spans[0][1]:.2f}] for storage, "
        f"{slopes[1]:.2f} [{spans[1][0]:.2f}, {spans[1][1]:.2f}] for extraction (bootstrap over {seeds} worlds).",
        "",
        _verdict(sizes, later),
    ]
    return "\n".join(lines)


def _verdict(sizes: Sequence[int], later: Sequence[tuple[float, float]]) -> str:
    """Whether extraction asks for more width than storage, by the intervals of the difference."""
    more = [str(s) for s, (low, _) in zip(sizes, later, strict=True) if low > 0]
    less = [str(s) for s, (_, high) in zip(sizes, later, strict=True) if high < 0]
    open_ = [str(s) for s, (low, high) in zip(sizes, later, strict=True) if low <= 0 <= high]
    parts = []
    if more:
        parts.append(f"extraction asks for more width than storage at S = {', '.join(more)}")
    if less:
        parts.append(f"storage asks for more width than extraction at S = {', '.join(less)}")
    if open_:
        parts.append(f"which fails first is open at S = {', '.join(open_)}")
    text = "; ".join(parts) + "."
    return text[0].upper() + text[1:]


def main(arguments: Sequence[str]) -> None:
    """Measure, or tell."""
    if arguments[0] == "measure":
        measure(Path(arguments[1]))
    else:
        page = Path(arguments[2])
        page.write_text(replaced(page.read_text(encoding="utf-8"), "capacity", told(read(Path(arguments[1])))), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
