"""How figures, plans and tables write symbols, observables, times and runs that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from empirics.experiments.document import INTERNAL_ERROR, SymbolResult
from theory.notation import Symbol
from theory.plural import counted


def in_math(symbol: Symbol | SymbolResult) -> str:
    """A symbol between dollar signs: its label, or its LaTeX where the label is but the name."""
    return symbol.label if symbol.label != symbol.name else symbol.latex


def axis_label(symbol: Symbol | SymbolResult) -> str:
    """A symbol along an axis, with its meaning up to a colon."""
    meaning = symbol.meaning.removeprefix(f"{symbol.label}, ").partition(":")[0]
    return f"${in_math(symbol)}$, {meaning}"


def words(observable: str) -> str:
    """The name of an observable along an axis."""
    return observable.replace("_", " ").replace("ood", "OOD").replace("auc", "AUC")


def duration(seconds: float) -> str:
    """A time to wait for, in seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def of_runs(runs: Sequence[str]) -> str:
    """``3 failed runs (K=2, seed 0 and others)``."""
    others = " and others" if len(runs) > 1 else ""
    return f"{counted(len(runs), 'failed run')} ({runs[0]}{others})"


def defects_in(failures: Mapping[str, Sequence[str]]) -> list[str]:
    """Of reasons, each with the runs that failed for it, the defects: a line for each place and kind of error."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for reason in failures:
        if reason.startswith(INTERNAL_ERROR):
            alike.setdefault(tuple(reason.split(": ", 3)[1:3]), []).append(reason)  # texts may differ in each run
    return [
        f"{reasons[0].removeprefix(f'{INTERNAL_ERROR}: ')}; {of_runs([run for r in reasons for run in failures[r]])}"
        for reasons in alike.values()
    ]
