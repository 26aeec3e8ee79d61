"""A legend above the panels in as many columns as fit, and labels that fit their room."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from empirics.report.figures.style import scaled

LETTER: Final = 0.058  # inches of a letter, about
_HANDLE: Final = 0.45  # inches beside a label
_LINE: Final = 0.17  # inches of a line


def legend_above(figure: Any, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """A legend above the panels of a figure in constrained layout, which grows by its height."""
    width, height = figure.get_size_inches()
    columns = _columns(labels, width)
    figure.set_figheight(height + scaled(_LINE) * math.ceil(len(labels) / columns))
    figure.legend(handles, labels, loc="outside upper center", ncols=columns)


def _columns(labels: Sequence[str], width: float) -> int:
    """Columns, filled one after the other, as many as fit side by side."""
    rooms = np.array([_read(label) * scaled(LETTER) + scaled(_HANDLE) for label in labels])
    for columns in range(len(rooms), 1, -1):
        parts = np.array_split(rooms, columns)  # as matplotlib fills them
        if sum(part.max() for part in parts) <= 0.95 * width:
            return columns
    return 1


def fitting(label: str, room: float) -> str:
    """A label without what follows its first comma, where the whole is longer than the room, in inches."""
    return label if _read(label) * scaled(LETTER) <= room else label.partition(",")[0]


def _read(text: str) -> int:
    """About how many letters are seen of a text in LaTeX."""
    return len(re.sub(r"\\[a-z]+|[${}_^]", "", text.replace("=", " = ")))
