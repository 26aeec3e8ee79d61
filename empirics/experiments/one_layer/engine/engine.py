"""Closed-form gradients of the corpus loss of one model: compiled passes around three matrix products.

All rows of a corpus are one batch. They are taken in blocks that bound the
memory for logits; nothing is allocated during training. Derivation of the
gradients: docs/gradients.md; the compiled passes: ``kernels``.

Without the MLP the logits are mixtures of the columns of V, one for each token
of the context: the pass that mixes rows of W otherwise mixes those, and there
is no matrix product at all.

With ``merge_never_targets`` the output rows of tokens that are never a target
(subjects, the prompt, distractors) must start equal. They then stay equal, and
one column with a multiplicity stands for all of them (proof: docs/gradients.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.engine import kernels
from empirics.experiments.one_layer.engine.parts import trained_parts
from empirics.experiments.one_layer.engine.queried import queried_entries
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import IntArray

__all__ = ["Engine"]

FloatArray = NDArray[np.floating]
_BLOCK_LOGITS = 1 << 22  # entries of the logits that are held at a time
_ALIGNMENT = 16  # rows of the logits start at multiples of this many numbers: products are faster so
_ACTIVATIONS = {"relu": kernels.RELU, "smoothed-relu": kernels.SMOOTHED, "identity": kernels.IDENTITY}


@dataclass(frozen=True)
class _Layout:
    """The rows of a corpus as flat arrays; N rows, at most n context tokens."""

    tokens: NDArray[np.int32]  # [N, n], padded with the first token
    length: NDArray[np.int32]  # [N]
    entries: NDArray[np.int32]  # [N, n] into the queried entries of Z
    weight: NDArray[np.floating]  # [N]
    targets: NDArray[np.int32]  # concatenated
    target_start: NDArray[np.int32]  # [N + 1]


@dataclass(frozen=True)
class _Arrays:
    """Parameters, gradients and work space as arrays, for the compiled passes."""

    source: FloatArray  # what contexts mix: W e_v as rows; without the MLP the columns of V as rows
    source_grad: FloatArray
    entries: FloatArray
    entries_grad: FloatArray
    logits: FloatArray
    hidden: FloatArray
    dhidden: FloatArray
    alpha: FloatArray


@dataclass(frozen=True)
class _Block:
    """Rows first..last-1: their part of the work space, for the matrix products, and the passes' arguments."""

    first: int
    last: int
    forward: tuple[Any, ...]
    softmax: tuple[Any, ...]
    backward: tuple[Any, ...]
    logits: Tensor
    logits_transposed: Tensor
    hidden: Tensor
    dhidden: Tensor


class Engine:
    """One model and one corpus; parameters are trained in place.

    Args:
        weights: the starting point, not changed (see :meth:`weights`); one-hot embeddings, on a CPU.
        corpus: what the loss is about.
        config: the architecture.

    Attributes:
        input, output, entries: parameters, shapes [V, m], [columns, m], [U].
        input_grad, output_grad, entries_grad: their gradients after :meth:`gradients`.
        columns: the tokens that the rows of ``output`` stand for; all of them unless merged.
    """

    def __init__(self, weights: Parameters, corpus: Sequence[Rows], config: configuration.Model) -> None:
        if weights.embedding is not None:
            raise ValueError("the closed-form engine has one-hot embeddings; trained ones need autograd")
        self.config = config
        self._start = weights
        vocabulary = weights.output.shape[0]
        self.columns, self._merged = _columns(weights, corpus, config)
        self._positions = queried_entries(corpus, vocabulary)
        self.input = weights.input.clone().contiguous()
        output = weights.output[torch.from_numpy(self.columns)]
        self.output = output.contiguous() if config.mlp else output.T.contiguous().T
        self.entries = weights.attention.reshape(-1)[torch.from_numpy(self._positions)].contiguous()
        self.input_grad, self.output_grad, self.entries_grad = (
            torch.zeros_like(p) for p in (self.input, self.output, self.entries)
        )
        self._layout = _lay_out(corpus, self._positions, self.columns, vocabulary, self.input.numpy().dtype)
        rows = len(self._layout.length)
        self._allocate(min(rows, max(256, _BLOCK_LOGITS // len(self.columns))))

    @property
    def trained(self) -> list[tuple[str, Tensor, Tensor]]:
        """(name, parameter, gradient) of everything that the configuration trains."""
        return trained_parts(self)

    def output_counts(self) -> Tensor | None:
        """How many tokens each row of ``output`` stands for, shape [columns, 1]; None if each stands for one."""
        if not len(self._merged):
            return None
        counts = torch.ones(len(self.columns), 1, dtype=self.output.dtype)
        counts[-1] = self._multiplicity
        return counts

    def weights(self) -> Parameters:
        """The current weights (copies)."""
        attention = self._start.attention.clone()
        attention.view(-1)[torch.from_numpy(self._positions)] = self.entries
        output = self._start.output.clone()
        output[torch.from_numpy(self.columns)] = self.output
        if len(self._merged):
            output[torch.from_numpy(self._merged)] = self.output[-1]
        return Parameters(attention, self.input.clone(), output)

    def loss(self) -> float:
        """The corpus loss, in float64."""
        layout, total = self._layout, 0.0
        for block in self._blocks:
            self._forward(block)
            logits = block.logits.double()
            rows = torch.logsumexp(logits, dim=1).numpy()
            starts = layout.target_start[block.first : block.last + 1]
            counts = np.diff(starts)
            row_of = np.repeat(np.arange(block.last - block.first), counts)
            hit = logits.numpy()[row_of, layout.targets[starts[0] : starts[-1]]]
            with np.errstate(invalid="ignore", over="ignore"):  # a diverged run has a loss that is not finite
                mean = np.add.reduceat(hit, starts[:-1] - starts[0]) / counts
                excess = rows - mean
            total += float(np.dot(layout.weight[block.first : block.last].astype(np.float64), excess))
        return total

    def gradients(self) -> None:
        """Fill the gradient buffers at the current parameters."""
        for block in self._blocks:
            self._forward(block)
            self._softmax(*block.softmax)
            if self._mlp:
                if block.first == 0:
                    torch.mm(block.logits_transposed, block.hidden, out=self.output_grad)
                else:
                    self.output_grad.addmm_(block.logits_transposed, block.hidden)
                if self._through:
                    torch.mm(block.logits, self.output, out=block.dhidden)
            if self._through:
                kernels.backward(*block.backward)
        if len(self._merged):
            self.output_grad[-1] /= self._multiplicity

    def _forward(self, block: _Block) -> None:
        kernels.forward(*block.forward)
        if self._mlp:
            torch.mm(block.hidden, self._output_transposed, out=block.logits)
        if len(self._merged):
            block.logits[:, -1] += math.log(self._multiplicity)

    @property
    def _multiplicity(self) -> int:
        """Tokens that the merged column stands for."""
        return len(self._merged)

    def _allocate(self, block: int) -> None:
        """Work space for ``block`` rows at a time, and everything that training needs prepared of it."""
        rows, (columns, width) = len(self._layout.length), self.output.shape
        self._mlp = self.config.mlp
        logits = self.input.new_empty((block, -(-columns // _ALIGNMENT) * _ALIGNMENT))
        if self._mlp:
            source, source_grad = self.input, self.input_grad
            hidden, dhidden = self.input.new_empty((2, block, width))
        else:  # the mixtures are the logits
            source, source_grad = self.output.T, self.output_grad.T
            hidden, dhidden = logits, logits
        self._arrays = _Arrays(
            source=source.numpy(),
            source_grad=source_grad.numpy(),
            entries=self.entries.numpy(),
            entries_grad=self.entries_grad.numpy(),
            logits=logits.numpy(),
            hidden=hidden.numpy(),
            dhidden=dhidden.numpy(),
            alpha=np.ones(self._layout.tokens.shape, dtype=logits.numpy().dtype),
        )
        self._output_transposed = self.output.T
        single = self.input.dtype == torch.float32
        self._softmax = kernels.softmax_less_target if single else kernels.softmax_less_target_double
        self._train_source = self.config.train_input if self._mlp else self.config.train_output
        self._through = self._train_source or self.config.attention
        self._blocks = []
        for first in range(0, rows, block):
            last = min(first + block, rows)
            count, passes = last - first, self._arguments(first, last)
            part = logits[:count, :columns]
            self._blocks.append(_Block(first, last, *passes, part, part.T, hidden[:count], dhidden[:count]))

    def _arguments(self, first: int, last: int) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
        """The arguments of the three compiled passes for rows first..last-1."""
        arrays, layout, config = self._arrays, self._layout, self.config
        activation = _ACTIVATIONS[config.activation] if config.mlp else kernels.IDENTITY
        context = first, last, layout.tokens, layout.length, layout.entries
        shape = activation, config.smoothing, arrays.alpha, arrays.hidden
        forward = *context, arrays.entries, config.attention, config.residual, arrays.source, *shape
        softmax = first, last, len(self.columns), arrays.logits, layout.weight, layout.target_start, layout.targets
        flags = config.attention, self._train_source, config.residual
        gradients = arrays.dhidden, arrays.source_grad, arrays.entries_grad
        return forward, softmax, (*context, *flags, arrays.source, *shape, *gradients)


def _columns(weights: Parameters, corpus: Sequence[Rows], config: configuration.Model) -> tuple[IntArray, IntArray]:
    """Tokens with a column of their own, the representative of the merged ones last; and the merged tokens."""
    everything = np.arange(weights.output.shape[0], dtype=np.int64)
    if not config.merge_never_targets:
        return everything, everything[:0]
    targets = np.unique(np.concatenate([rows.targets.ravel() for rows in corpus]))
    merged = _equal_rows(weights.output, np.setdiff1d(everything, targets))
    return np.append(np.setdiff1d(everything, merged), merged[0]), merged


def _equal_rows(output: Tensor, among: IntArray) -> IntArray:
    """The largest set of the tokens ``among`` whose output rows are equal."""
    _, inverse, counts = np.unique(output.numpy()[among], axis=0, return_inverse=True, return_counts=True)
    largest: IntArray = among[inverse.ravel() == counts.argmax()]
    return largest


def _lay_out(
    corpus: Sequence[Rows], positions: IntArray, columns: IntArray, vocabulary: int, dtype: np.dtype[np.floating]
) -> _Layout:
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
    return _Layout(
        tokens=np.ascontiguousarray(np.concatenate(tokens), dtype=np.int32),
        length=np.concatenate(length).astype(np.int32),
        entries=np.ascontiguousarray(np.concatenate(entries), dtype=np.int32),
        weight=np.concatenate(weight).astype(dtype),
        targets=np.concatenate(targets).astype(np.int32),
        target_start=np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int32),
    )
