"""One model by autograd on the same loss: trained embeddings, mini-batches; the yardstick of the closed forms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import Rows
from empirics.experiments.one_layer.engine.backend import Part, trained_parts
from empirics.experiments.one_layer.forward import corpus_loss
from empirics.experiments.one_layer.parameters import Parameters


class Autograd:
    """One model and one corpus; a :class:`~empirics.experiments.one_layer.engine.backend.Backend` with B = 1.

    It starts from a copy of ``weights``. A mini-batch has ``batch_size`` rows of each shape (0: the full batch); the
    loss is always that of all rows.
    """

    def __init__(
        self,
        weights: Parameters,
        corpus: Sequence[Rows],
        config: configuration.Model,
        *,
        batch_size: int = 0,
        seed: int = 0,
    ) -> None:
        self.config = config
        self._corpus = corpus
        self._batch_size = batch_size
        self._draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 7])))
        self._current = weights.clone()
        matrices = {name: (tensor, torch.zeros_like(tensor)) for name, tensor in self._current.tensors().items()}
        self.trained: list[Part] = trained_parts(config, **matrices)
        for part in self.trained:
            part.parameter.requires_grad_(True)

    def losses(self) -> list[float]:
        """The loss of the whole corpus."""
        with torch.no_grad():
            return [float(corpus_loss(self._current, self._corpus, self.config))]

    def gradients(self) -> None:
        """Fill the gradients, of the next mini-batch if there are such."""
        loss = corpus_loss(self._current, self._mini_batch() if self._batch_size else self._corpus, self.config)
        found = torch.autograd.grad(loss, [part.parameter for part in self.trained], allow_unused=True)
        for part, gradient in zip(self.trained, found, strict=True):
            part.gradient.zero_() if gradient is None else part.gradient.copy_(gradient)

    def weights(self) -> list[Parameters]:
        """The current weights (a copy)."""
        return [self._current.clone()]

    def _mini_batch(self) -> list[Rows]:
        """Rows of each shape, with replacement, reweighted so that the gradient is unbiased."""
        size, part = self._batch_size, []
        for rows in self._corpus:
            chosen = self._draw.integers(0, len(rows.tokens), size=size)
            part.append(Rows(rows.tokens[chosen], rows.targets[chosen], rows.weight * len(rows.tokens) / size))
        return part
