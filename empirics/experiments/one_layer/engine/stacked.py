"""The same gradients for B models at a time, stacked: the route for accelerators.

One model of this size leaves an accelerator idle, so models are stacked along a batch dimension. On a CPU
:mod:`.compiled` is faster, and its results cannot depend on the batch. Derivation: docs/gradients.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.engine.backend import ClosedForm
from empirics.experiments.one_layer.engine.layout import queried_entries
from empirics.experiments.one_layer.parameters import Parameters


@dataclass
class _Group:
    """Rows of one shape, with their indices and work space; B models, N rows, n tokens, m hidden units."""

    weight: float
    tokens: list[Int64[Tensor, " B*N"]]  # n index vectors into the flattened [B V]
    entries: Int64[Tensor, "n B*N"] | None  # into the flattened entries [B U] of Z; None if n = 1
    targets: Int64[Tensor, " B*N*q"]  # into the flattened [B N V]
    target_mass: Float[Tensor, " B*N*q"]  # all -1/q
    logits: Float[Tensor, "B N V"]
    hidden: Float[Tensor, "B N m"]
    preactivation: Float[Tensor, "B N m"]
    gathered: list[Float[Tensor, "B*N m"]]  # n of them: W e_{v_l}
    alpha: Float[Tensor, "n B*N 1"]
    coefficient: Float[Tensor, "n B*N 1"]
    scratch: Float[Tensor, "B*N m"]
    dalpha: Float[Tensor, "n B*N 1"]


class StackedEngine(ClosedForm):
    """B models of one shape on corpora of one shape; a :class:`~empirics.experiments.one_layer.engine.backend.Backend`.

    They start from copies of the weights.

    Raises ValueError: embeddings are to be trained.
    """

    def __init__(
        self, weights: Sequence[Parameters], corpora: Sequence[Sequence[Rows]], config: configuration.Model
    ) -> None:
        if config.trained_embeddings:
            raise ValueError("the closed-form engine has one-hot embeddings; trained ones need autograd")
        self._start = list(weights)
        self._size = len(weights)
        device, vocabulary = weights[0].output.device, weights[0].output.shape[0]
        self._queried = [queried_entries(corpus, vocabulary) for corpus in corpora]
        longest = max(len(p) for p in self._queried)
        padded = [_padded(p, longest, vocabulary * vocabulary) for p in self._queried]
        self._positions = [torch.from_numpy(p).to(device) for p in padded]
        super().__init__(
            config,
            torch.stack([w.input for w in weights]),
            torch.stack([w.output for w in weights]),
            torch.stack([w.attention.reshape(-1)[p] for w, p in zip(weights, self._positions, strict=True)]),
        )
        self._groups = [self._prepare([corpus[g] for corpus in corpora], device) for g in range(len(corpora[0]))]

    def weights(self) -> list[Parameters]:
        """The current weights, one per model (copies)."""
        result = []
        for b, start in enumerate(self._start):
            attention = start.attention.clone()
            attention.view(-1)[self._positions[b]] = self.entries[b]
            result.append(Parameters(attention, self.input[b].clone(), self.output[b].clone()))
        return result

    def losses(self) -> list[float]:
        """The corpus loss of each model."""
        total = torch.zeros(self._size, dtype=torch.float64, device=self.output.device)
        for group in self._groups:
            self._forward(group)
            rows = torch.logsumexp(group.logits.double(), dim=2).sum(dim=1)
            hit = group.logits.view(-1)[group.targets] * group.target_mass
            total += group.weight * (rows + hit.double().view(self._size, -1).sum(dim=1))
        found: list[float] = total.tolist()
        return found

    def gradients(self) -> None:
        """Fill the gradient buffers at the current parameters."""
        flat_input = self.input_grad.view(-1, self.input.shape[2])
        self.input_grad.zero_()
        self.entries_grad.zero_()
        for index, group in enumerate(self._groups):
            self._forward(group)
            torch.softmax(group.logits, dim=2, out=group.logits)
            group.logits.view(-1).index_add_(0, group.targets, group.target_mass)
            torch.baddbmm(
                self.output_grad,
                group.logits.transpose(1, 2),
                group.hidden,
                beta=0.0 if index == 0 else 1.0,
                alpha=group.weight,
                out=self.output_grad,
            )
            if not self.config.mlp and not self.config.attention:
                continue
            torch.baddbmm(group.hidden, group.logits, self.output, beta=0.0, alpha=group.weight, out=group.hidden)
            self._through_activation(group)
            self._through_mixture(group, flat_input)

    def _forward(self, group: _Group) -> None:
        flat = self.input.view(-1, self.input.shape[2])
        if group.entries is not None:
            self._attend(group, group.entries)
        flat_p = group.preactivation.view_as(group.scratch)
        for place, (index, gathered) in enumerate(zip(group.tokens, group.gathered, strict=True)):
            torch.index_select(flat, 0, index, out=gathered)
            if place == 0:
                torch.mul(gathered, group.coefficient[0], out=flat_p)
            else:
                flat_p.addcmul_(gathered, group.coefficient[place])
        self._activate(group)
        torch.bmm(group.hidden, self.output.transpose(1, 2), out=group.logits)

    def _attend(self, group: _Group, entries: Tensor) -> None:
        if self.config.attention:
            torch.index_select(self.entries.view(-1), 0, entries.view(-1), out=group.alpha.view(-1))
            if len(group.tokens) == 2:
                first, last = group.alpha[0], group.alpha[1]
                torch.sub(first, last, out=first).sigmoid_()
                torch.sub(1.0, first, out=last)
            else:
                torch.softmax(group.alpha, dim=0, out=group.alpha)
        else:
            group.alpha.fill_(1.0 / len(group.tokens))
        group.coefficient.copy_(group.alpha)
        if self.config.residual:
            group.coefficient[-1].add_(1.0)

    def _activate(self, group: _Group) -> None:
        if not self.config.mlp or self.config.activation == "identity":
            group.hidden.copy_(group.preactivation)
        elif self.config.activation == "relu":
            torch.clamp_min(group.preactivation, 0.0, out=group.hidden)
        else:
            kappa = self.config.smoothing
            # x^2 / (2 kappa) on [0, kappa] and x - kappa/2 beyond = y (x - y/2) / kappa with y = clamp(x, 0, kappa).
            torch.clamp(group.preactivation, 0.0, kappa, out=group.hidden)
            scratch = group.scratch.view_as(group.hidden)
            torch.sub(group.preactivation, group.hidden, alpha=0.5, out=scratch)
            group.hidden.mul_(scratch).div_(kappa)

    def _through_activation(self, group: _Group) -> None:
        """dH, in ``hidden``, becomes dP, in ``hidden``."""
        if not self.config.mlp or self.config.activation == "identity":
            return
        if self.config.activation == "relu":
            torch.ops.aten.threshold_backward.grad_input(
                group.hidden, group.preactivation, 0.0, grad_input=group.hidden
            )
        else:
            kappa = self.config.smoothing
            group.preactivation.clamp_(0.0, kappa).div_(kappa)
            group.hidden.mul_(group.preactivation)

    def _through_mixture(self, group: _Group, flat_input_grad: Tensor) -> None:
        dp = group.hidden.view_as(group.scratch)
        for place, index in enumerate(group.tokens):
            if self.config.attention and group.entries is not None:
                torch.mul(dp, group.gathered[place], out=group.scratch)
                torch.sum(group.scratch, dim=1, keepdim=True, out=group.dalpha[place])
            if self.config.mlp and self.config.train_input:
                torch.mul(dp, group.coefficient[place], out=group.scratch)
                flat_input_grad.index_add_(0, index, group.scratch)
        if self.config.attention and group.entries is not None:
            mean = (group.alpha * group.dalpha).sum(dim=0, keepdim=True)
            group.dalpha.sub_(mean).mul_(group.alpha)
            self.entries_grad.view(-1).index_add_(0, group.entries.view(-1), group.dalpha.view(-1))

    def _prepare(self, rows: Sequence[Rows], device: torch.device) -> _Group:
        batch, vocabulary, hidden = self.input.shape[0], self.output.shape[1], self.input.shape[2]
        count, length = rows[0].tokens.shape
        shares = rows[0].targets.shape[1]

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array)).to(device)

        def empty(*shape: int) -> Tensor:
            return torch.empty(shape, dtype=self.output.dtype, device=device)

        def stack(arrays: list[np.ndarray], stride: int) -> np.ndarray:
            return np.stack([array + b * stride for b, array in enumerate(arrays)])

        tokens = stack([r.tokens for r in rows], self.input.shape[1])
        offsets = np.arange(count)[:, None] * vocabulary
        targets = stack([r.targets + offsets for r in rows], count * vocabulary)
        entries = None
        if length > 1:
            found = [
                np.searchsorted(positions, r.tokens[:, -1:] * vocabulary + r.tokens)
                for positions, r in zip(self._queried, rows, strict=True)
            ]
            entries = tensor(stack(found, self.entries.shape[1]).reshape(-1, length).T)
        alpha = torch.ones((length, batch * count, 1), dtype=self.output.dtype, device=device)
        coefficient = alpha.clone()
        if length == 1 and self.config.residual:
            coefficient += 1.0
        return _Group(
            weight=rows[0].weight,
            tokens=[tensor(tokens[:, :, place].reshape(-1)) for place in range(length)],
            entries=entries,
            targets=tensor(targets.reshape(-1)),
            target_mass=torch.full((targets.size,), -1.0 / shares, dtype=self.output.dtype, device=device),
            logits=empty(batch, count, vocabulary),
            hidden=empty(batch, count, hidden),
            preactivation=empty(batch, count, hidden),
            gathered=[empty(batch * count, hidden) for _ in range(length)],
            alpha=alpha,
            coefficient=coefficient,
            scratch=empty(batch * count, hidden),
            dalpha=empty(length, batch * count, 1),
        )


def room(weights: Parameters, corpus: Sequence[Rows]) -> int:
    """How many models like this one fit into the free memory of their device; a quarter of it is left alone."""
    if not weights.output.is_cuda:
        return sys.maxsize
    torch.cuda.empty_cache()  # what earlier stacks left is free
    free, _ = torch.cuda.mem_get_info(weights.output.device)
    return max(1, free * 3 // 4 // bytes_of_one(weights, corpus))


def bytes_of_one(weights: Parameters, corpus: Sequence[Rows]) -> int:
    """Memory that one model takes in a stack: its weights before and after, gradients, work space, indices, losses."""
    (vocabulary, hidden), size = weights.output.shape, weights.output.element_size()
    entries = len(queried_entries(corpus, vocabulary))
    numbers = sum(2 * tensor.numel() for tensor in weights.tensors().values())
    numbers += 2 * (weights.input.numel() + weights.output.numel() + entries)
    indices, losses = entries, 0
    for rows in corpus:
        (count, n), shares = rows.tokens.shape, rows.targets.shape[1]
        numbers += count * (vocabulary + (3 + n) * hidden + 4 * n + shares)
        indices += count * (2 * n + shares)
        losses = max(losses, 2 * count * vocabulary)  # in double precision, with the exponentials
    return numbers * size + (indices + losses) * 8


def _padded(positions: Int64[np.ndarray, " U"], length: int, total: int) -> Int64[np.ndarray, " length"]:
    """``positions`` made up to ``length`` by positions that no row queries, which are never changed."""
    if len(positions) == length:
        return positions
    free = np.setdiff1d(np.arange(min(total, 2 * length), dtype=np.int64), positions)
    return np.concatenate([positions, free[: length - len(positions)]])
