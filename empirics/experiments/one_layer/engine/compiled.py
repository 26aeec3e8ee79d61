"""Closed-form gradients of the corpus loss of one model: compiled passes around three matrix products.

All rows of a corpus are one batch. They are taken in blocks that bound the memory for logits; nothing is allocated
during training. Derivation of the gradients: docs/gradients.md; the compiled passes: ``kernels``.

Without the MLP the pass that otherwise mixes rows of W mixes columns of V, and there is no matrix product at all. With
``merge_never_targets`` one column with a multiplicity stands for all tokens that are never a target, which start equal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.engine import kernels, products
from empirics.experiments.one_layer.engine.backend import ClosedForm
from empirics.experiments.one_layer.engine.layout import lay_out, own_columns, queried_entries
from empirics.experiments.one_layer.parameters import Parameters

_BLOCK_LOGITS = 1 << 22  # entries of the logits that are held at a time
_BLOCK_IN_REGISTERS = 1 << 17  # the same where the products are in registers: they stay in the cache
_ALIGNMENT = 16  # rows of the logits start at multiples of this many numbers: products are faster so
_ACTIVATIONS = {"relu": kernels.RELU, "smoothed-relu": kernels.SMOOTHED, "identity": kernels.IDENTITY}


@dataclass(frozen=True)
class _Block:
    """Rows first..last-1: their logits, the arguments of the passes, and the matrix products."""

    first: int
    last: int
    logits: Float[Tensor, "rows C"]
    forward: tuple[Any, ...]
    softmax: tuple[Any, ...]
    backward: tuple[Any, ...]
    into_logits: products.Product
    into_output_grad: products.Product
    into_dhidden: products.Product


class CompiledEngine(ClosedForm):
    """One model and one corpus; a :class:`~empirics.experiments.one_layer.engine.backend.Backend` with B = 1.

    It starts from a copy of the weights, which are on a CPU. ``columns`` are the tokens that have a logit of their
    own; all of them unless merged.

    Raises ValueError: embeddings are not one-hot.
    """

    def __init__(self, weights: Parameters, corpus: Sequence[Rows], config: configuration.Model) -> None:
        if weights.embedding is not None:
            raise ValueError("the closed-form engine has one-hot embeddings; trained ones need autograd")
        self._start = weights
        vocabulary = weights.output.shape[0]
        self.columns, merged = own_columns(weights, corpus, config)
        self._merged, self._multiplicity = torch.from_numpy(merged), len(merged)
        positions = queried_entries(corpus, vocabulary)
        self._positions = torch.from_numpy(positions)
        output = weights.output[torch.from_numpy(self.columns)]
        super().__init__(
            config,
            weights.input.clone().contiguous(),
            output.contiguous() if config.mlp else output.T.contiguous().T,
            weights.attention.reshape(-1)[self._positions].contiguous(),
        )
        self._layout = lay_out(corpus, positions, self.columns, vocabulary, self.input.numpy().dtype)
        rows = len(self._layout.length)
        self._in_registers = products.in_registers(self.input.dtype)
        held = _BLOCK_IN_REGISTERS if self._in_registers else _BLOCK_LOGITS
        self._allocate(min(rows, max(256, held // len(self.columns))))

    def output_counts(self) -> Float[Tensor, "C 1"] | None:
        """How many tokens each row of ``output`` stands for; None if each stands for one."""
        if not self._multiplicity:
            return None
        counts = torch.ones(len(self.columns), 1, dtype=self.output.dtype)
        counts[-1] = self._multiplicity
        return counts

    def weights(self) -> list[Parameters]:
        """The current weights (a copy)."""
        attention = self._start.attention.clone()
        attention.view(-1)[self._positions] = self.entries
        output = self._start.output.clone()
        output[torch.from_numpy(self.columns)] = self.output
        if self._multiplicity:
            output[self._merged] = self.output[-1]
        return [Parameters(attention, self.input.clone(), output)]

    def losses(self) -> list[float]:
        """The corpus loss."""
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
        return [total]

    def gradients(self) -> None:
        """Fill the gradient buffers at the current parameters."""
        for block in self._blocks:
            self._forward(block)
            self._softmax(*block.softmax)
            if self._mlp:
                block.into_output_grad()
                if self._through:
                    block.into_dhidden()
            if self._through:
                kernels.backward(*block.backward)
        if self._multiplicity:
            self.output_grad[-1] /= self._multiplicity

    def _forward(self, block: _Block) -> None:
        kernels.forward(*block.forward)
        if self._mlp:
            if block.first == 0 and self._transposed is not None:
                kernels.transpose(*self._transposed)
            block.into_logits()
        if self._multiplicity:
            block.logits[:, -1] += math.log(self._multiplicity)

    def _allocate(self, block: int) -> None:
        """Work space for ``block`` rows at a time, and everything that training needs prepared of it."""
        rows, (columns, width) = len(self._layout.length), self.output.shape
        self._mlp = self.config.mlp
        aligned = -(-columns // _ALIGNMENT) * _ALIGNMENT
        logits = self.input.new_empty((block, aligned))
        right, self._transposed = self.output.T, None  # what hidden rows are multiplied by
        if self._mlp:
            source, source_grad = self.input, self.input_grad  # what contexts mix: W e_v as rows
            hidden, dhidden = self.input.new_empty((2, block, width))
            if self._in_registers:
                right = self.input.new_empty((width, aligned))[:, :columns]
                self._transposed = self.output.numpy(), right.numpy()
        else:  # the mixtures, of the columns of V as rows, are the logits
            source, source_grad = self.output.T, self.output_grad.T
            hidden, dhidden = logits, logits
        single = self.input.dtype == torch.float32
        self._softmax = kernels.softmax_less_target if single else kernels.softmax_less_target_double
        train_source = self.config.train_input if self._mlp else self.config.train_output
        self._through = train_source or self.config.attention
        layout, config = self._layout, self.config
        kind = _ACTIVATIONS[config.activation] if config.mlp else kernels.IDENTITY
        alpha = np.ones(layout.tokens.shape, dtype=logits.numpy().dtype)
        shape = kind, config.smoothing, alpha, hidden.numpy()
        flags = config.attention, train_source, config.residual
        entries, entries_grad = self.entries.numpy(), self.entries_grad.numpy()
        gradients = dhidden.numpy(), source_grad.numpy(), entries_grad
        targets = layout.weight, layout.target_start, layout.targets
        self._blocks = []
        for first in range(0, rows, block):
            last = min(first + block, rows)
            of_block = slice(0, last - first)
            part = logits[of_block, :columns]
            context = first, last, layout.tokens, layout.length, layout.entries
            self._blocks.append(
                _Block(
                    first,
                    last,
                    part,
                    forward=(*context, entries, config.attention, config.residual, source.numpy(), *shape),
                    softmax=(first, last, columns, logits.numpy(), *targets),
                    backward=(*context, *flags, source.numpy(), *shape, *gradients),
                    into_logits=products.prepared(hidden[of_block], right, part),
                    into_output_grad=products.prepared(part.T, hidden[of_block], self.output_grad, add=first > 0),
                    into_dhidden=products.prepared(part, self.output, dhidden[of_block]),
                )
            )
