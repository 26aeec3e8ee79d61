"""A table of real facts, as experiments hand it to one another: who has the answer of whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["FactReader", "FactTable"]


@dataclass(frozen=True)
class FactTable:
    """The facts that take part.

    Attributes:
        source: where they come from.
        answer_of: for each fact the number of its answer; shape [facts].
        lines: how they were chosen, in words.
    """

    source: str
    answer_of: tuple[int, ...]
    lines: tuple[str, ...]

    @property
    def answers(self) -> int:
        """Number of different answers."""
        return len(set(self.answer_of))


class FactReader(Protocol):
    """Reads facts: at most ``number`` of them, of some relations (all if none is named)."""

    def __call__(self, *, relations: Sequence[str], number: int, answers_shared: bool) -> FactTable:
        """The table.

        Raises:
            UsageError: the source cannot be read, or nothing is left.
        """
        ...
