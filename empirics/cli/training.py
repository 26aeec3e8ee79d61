"""What is told on standard error while runs come in: a bar, and what was found in the store."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from empirics.cli.output import progress_console
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.runs.source import Progress
from empirics.runs.store import Store
from theory.plural import counted

_LONG = 1e9  # seconds; more are not told apart


class Countdown:
    """The time that is left, as it is drawn; counts down between what it is told."""

    def __init__(self) -> None:
        self._end: float | None = None

    def start(self, seconds: float) -> None:
        """From now on."""
        self._end = time.monotonic() + seconds

    def __rich__(self) -> str:
        if self._end is None:
            return "-:--:-- left"
        return f"{timedelta(seconds=round(min(max(0.0, self._end - time.monotonic()), _LONG)))} left"


@contextmanager
def training(directory: Path, *, any_machine: bool = False) -> Iterator[tuple[Store, Progress]]:
    """The store in a directory, and a bar while models are trained; then what was found there, a line each."""
    from rich.progress import BarColumn, MofNCompleteColumn, RenderableColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    found: list[int] = []
    countdown = Countdown()
    path = directory / "runs.sqlite"
    with (
        Store(path, any_machine=any_machine) as store,
        Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("models"),
            TimeElapsedColumn(),
            RenderableColumn(countdown),
            TextColumn("{task.fields[verdicts]}"),
            console=progress_console(),
            transient=True,
        ) as bar,
    ):
        task = bar.add_task("training", total=None, verdicts="")
        yield (
            store,
            Progress(
                found=found.append,
                planned=lambda more: bar.update(task, total=(bar.tasks[0].total or 0) + more),
                left=countdown.start,
                judged=lambda outcomes: bar.update(task, verdicts=_counts(outcomes)),
                told=lambda line: print(f"factbound: {line}", file=sys.stderr),
                advanced=lambda work, runs: bar.update(task, advance=len(runs), description=f"training {work.label}"),
            ),
        )
    if store.without_lock:
        print(f"factbound: {path} lies where files cannot be locked; SQLite's own locks were used", file=sys.stderr)
    if found:
        print(f"factbound: {counted(sum(found), 'finished run')} found in {path}", file=sys.stderr)
    use = "used" if any_machine else "not used without --any-machine"
    for place, number in sorted(store.elsewhere.items()):
        made = counted(number, f"run in {path} was", f"runs in {path} were")
        they = "it is" if number == 1 else "they are"
        print(f"factbound: {made} made on another kind of machine ({place}): {they} {use}", file=sys.stderr)
    if store.damaged:
        named = "; ".join(store.damaged[:3]) + ("; ..." if len(store.damaged) > 3 else "")
        damaged = counted(len(store.damaged), f"damaged run in {path} was", f"damaged runs in {path} were")
        print(f"factbound: {damaged} set aside and made again: {named}", file=sys.stderr)


def _counts(outcomes: Sequence[ClaimOutcome]) -> str:
    """Verdicts so far, as in ``21 HOLDS, 4 UNDECIDED``."""
    counts = Counter(o.verdict for claim in outcomes for o in claim.outcomes)
    shown = (Verdict.VIOLATED, Verdict.HOLDS, Verdict.UNDECIDED)
    return ", ".join(f"{counts[v]} {v.value}" for v in shown if counts[v])
