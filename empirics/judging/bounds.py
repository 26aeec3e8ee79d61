"""The number that a claim states, at measured cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from empirics.judging.table import CellTable, FloatArray
from theory import Claim


def log_bounds(claim: Claim, cells: Sequence[CellTable]) -> tuple[FloatArray, dict[int, str]]:
    """Logarithm of the claim's bound at each cell, all at once; NaN where it is not defined, and there why.

    Raises:
        theory.BrokenClaimError: the bound has no finite number at a cell of its domain.
        ValueError: the claim states no number.
    """
    return claim.stated_bound.at_each(columns(cells, claim.symbols), len(cells))


def columns(cells: Sequence[CellTable], symbols: Iterable[str]) -> dict[str, Any]:
    """The values of some symbols at all cells; NaN where a cell has none."""
    return {name: np.array([cell.symbols.get(name, np.nan) for cell in cells]) for name in symbols}
