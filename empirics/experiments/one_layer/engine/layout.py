"""A corpus as flat arrays: rows of all shapes as one batch, queried entries of Z, columns of the logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int32, Int64

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.parameters import Parameters


@dataclass(frozen=True)
class Layout:
    """The rows of a corpus; N rows, at most n context tokens, T targets in all."""

    tokens: Int32[np.ndarray, "N n"]  # contexts, padded with their first token
    length: Int32[np.ndarray, " N"]
    entries: Int32[np.ndarray, "N n"]  # the score of each context token: its place among the queried entries of Z
    weight: Float[np.ndarray, " N"]  # of each row in the loss
    targets: Int32[np.ndarray, " T"]  # columns of the logits, those of one row after those of another
    target_start: Int32[np.ndarray, " N+1"]  # where the targets of each row start; the last number is T


def queried_entries(corpus: Sequence[Rows], vocabulary: int) -> Int64[np.ndarray, " U"]:
    """Sorted positions in the flattened Z (row: querying token) that some row queries; only these have a gradient."""
    used = [(rows.tokens[:, -1:] * vocabulary + rows.tokens).ravel() for rows in corpus if rows.tokens.shape[1] > 1]
    return np.unique(np.concatenate(used)) if used else np.zeros(0, dtype=np.int64)


def own_columns(
    weights: Parameters, corpus: Sequence[Rows], config: configuration.Model
) -> tuple[Int64[np.ndarray, " C"], Int64[np.ndarray, " merged"]]:
    """Tokens with a column of their own, the representative of the merged ones last; and the merged tokens."""
    everything = np.arange(weights.output.shape[0], dtype=np.int64)
    if not config.merge_never_targets:
        return everything, everything[:0]
    targets = np.unique(np.concatenate([rows.targets.ravel() for rows in corpus]))
    among = np.setdiff1d(everything, targets)  # of these the largest set whose output rows are equal is merged
    _, inverse, counts = np.unique(weights.output.numpy()[among], axis=0, return_inverse=True, return_counts=True)
    merged = among[inverse.ravel() == counts.argmax()]
    return np.append(np.setdiff1d(everything, merged), merged[0]), merged


def lay_out(
    corpus: Sequence[Rows],
    positions: Int64[np.ndarray, " U"],
    columns: Int64[np.ndarray, " C"],
    vocabulary: int,
    dtype: np.dtype[np.floating],
) -> Layout:
    """The rows of a corpus, with scores at ``positions`` of the flattened Z and logits of the tokens ``columns``."""
    width = max(rows.tokens.shape[1] for rows in corpus)
    column_of = np.full(vocabulary, -1, dtype=np.int64)
    column_of[columns] = np.arange(len(columns))
    tokens, length, entries, weight, targets, counts = [], [], [], [], [], []
    for rows in corpus:
        count, n = rows.tokens.shape
        pad = np.repeat(rows.tokens[:, :1], width - n, axis=1)
        tokens.append(np.concatenate([rows.tokens, pad], axis=1))
        length.append(np.full(count, n))
        found = np.zeros((count, width), dtype=np.int64)
        if n > 1:
            found[:, :n] = np.searchsorted(positions, rows.tokens[:, -1:] * vocabulary + rows.tokens)
        entries.append(found)
        weight.append(np.full(count, rows.weight))
        targets.append(column_of[rows.targets].ravel())
        counts.append(np.full(count, rows.targets.shape[1]))
    return Layout(
        tokens=np.ascontiguousarray(np.concatenate(tokens), dtype=np.int32),
        length=np.concatenate(length).astype(np.int32),
        entries=np.ascontiguousarray(np.concatenate(entries), dtype=np.int32),
        weight=np.concatenate(weight).astype(dtype),
        targets=np.concatenate(targets).astype(np.int32),
        target_start=np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int32),
    )
