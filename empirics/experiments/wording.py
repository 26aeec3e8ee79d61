"""How figures and plans write symbols, observables and times."""

from __future__ import annotations

from empirics.experiments.document import SymbolResult
from theory.notation import Symbol


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
