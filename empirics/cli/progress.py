"""The bar on standard error while runs come in."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from empirics.cli.output import progress_console
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.runs.source import Progress

__all__ = ["tell_found", "training_progress"]


def tell_found(found: Sequence[int], directory: Path) -> None:
    """One line on standard error if runs were found in the store."""
    if found:
        print(f"factbound: {sum(found)} finished runs found in {directory / 'runs.sqlite'}", file=sys.stderr)


def _counts(outcomes: Sequence[ClaimOutcome]) -> str:
    """Verdicts so far, as in ``21 HOLDS, 4 UNDECIDED``."""
    counts = Counter(o.verdict for claim in outcomes for o in claim.outcomes)
    shown = (Verdict.VIOLATED, Verdict.HOLDS, Verdict.UNDECIDED)
    return ", ".join(f"{counts[v]} {v.value}" for v in shown if counts[v])


@contextmanager
def training_progress(found: list[int]) -> Iterator[Progress]:
    """A bar on standard error while models are trained; ``found`` gets the numbers of stored runs."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("models"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[verdicts]}"),
        console=progress_console(),
        transient=True,
    ) as bar:
        task = bar.add_task("training", total=None, verdicts="")
        yield Progress(
            found=found.append,
            planned=lambda more: bar.update(task, total=(bar.tasks[0].total or 0) + more),
            judged=lambda outcomes: bar.update(task, verdicts=_counts(outcomes)),
            advanced=lambda work, runs: bar.update(task, advance=len(runs), description=f"training {work.label}"),
        )
