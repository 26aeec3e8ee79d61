"""Which entries of Z a corpus queries: only these have a gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.world import IntArray

__all__ = ["queried_entries"]


def queried_entries(corpus: Sequence[Rows], vocabulary: int) -> IntArray:
    """Sorted positions in the flattened Z (row: querying token) that some row of the corpus queries; shape [U]."""
    used = [(rows.tokens[:, -1:] * vocabulary + rows.tokens).ravel() for rows in corpus if rows.tokens.shape[1] > 1]
    return np.unique(np.concatenate(used)) if used else np.zeros(0, dtype=np.int64)
