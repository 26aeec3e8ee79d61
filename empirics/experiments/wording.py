"""How figures write symbols and observables."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Written", "axis_label", "in_math", "words"]


class Written(Protocol):
    """A symbol, in a notation or in a results document."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def latex(self) -> str: ...  # noqa: D102
    @property
    def meaning(self) -> str: ...  # noqa: D102


def in_math(symbol: Written) -> str:
    """A symbol between dollar signs: its label, or its LaTeX where the label is but the name."""
    return symbol.label if symbol.label != symbol.name else symbol.latex


def axis_label(symbol: Written) -> str:
    """A symbol along an axis, with its meaning up to a colon."""
    meaning = symbol.meaning.removeprefix(f"{symbol.label}, ").partition(":")[0]
    return f"${in_math(symbol)}$, {meaning}"


def words(observable: str) -> str:
    """The name of an observable along an axis."""
    return observable.replace("_", " ").replace("ood", "OOD").replace("auc", "AUC")
