"""Logits where they are needed, and models of which the last layers alone are trained.

The vocabulary of a pre-trained model is large, and a batch asks for few positions: the hidden state is projected there
alone. What lies below the layers that are trained never changes, so it is computed once for each text and kept.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from empirics.errors import UsageError


class LastLayers(torch.nn.Module):
    """A causal language model of Llama's kind; all but its last layers, embeddings and head included, stay as they are.

    Attributes:
        upper: the model with these layers alone, fed with what those below give; adapters are put into it.
    """

    def __init__(self, model: Any, trained: int, pad: int) -> None:
        super().__init__()
        layers = getattr(getattr(model, "model", None), "layers", None)
        if layers is None or not 1 <= trained <= len(layers):
            most = f"1 to {len(layers)}" if layers is not None else "0, since the model is none of Llama's kind"
            raise UsageError(f"model.trained_layers={trained} is refused: allowed is {most}")
        self.lower = copy.copy(model.model)
        self.lower._modules = dict(model.model._modules)
        self.lower.layers = layers[: len(layers) - trained]
        self.lower.norm = torch.nn.Identity()
        self.upper = model
        self.upper.model.layers = layers[len(layers) - trained :]
        self._pad = pad
        self._known: dict[tuple[int, ...], Tensor] = {}
        self.requires_grad_(True)

    def requires_grad_(self, requires_grad: bool = True) -> LastLayers:
        """As of any module, for the layers that are trained; nothing else ever is."""
        super().requires_grad_(False)
        for layer in inner(self.upper).model.layers:
            layer.requires_grad_(requires_grad)
        return self

    def adapted(self, upper: Any) -> LastLayers:
        """The same with another upper part; what was computed below is shared."""
        other = copy.copy(self)
        other._modules = dict(self._modules)
        other.upper = upper
        return other

    def unload(self) -> None:
        """Take adapters out of the model again."""
        self.upper.unload()

    def hidden(self, tokens: Tensor) -> Tensor:
        """The last hidden states, shape [texts, longest, width]; tokens are padded at the end."""
        given: Tensor = inner(self.upper).model(inputs_embeds=self._below(tokens), use_cache=False).last_hidden_state
        return given

    @torch.no_grad()
    def _below(self, tokens: Tensor) -> Tensor:
        rows = [tuple(row) for row in tokens.tolist()]
        texts = [row[: max((i + 1 for i, token in enumerate(row) if token != self._pad), default=1)] for row in rows]
        if missing := [text for text in dict.fromkeys(texts) if text not in self._known]:
            longest = max(map(len, missing))
            padded = torch.tensor([text + (self._pad,) * (longest - len(text)) for text in missing])
            found = self.lower(input_ids=padded.to(tokens.device), use_cache=False).last_hidden_state
            self._known |= {text: row[: len(text)].clone() for text, row in zip(missing, found, strict=True)}
        below = torch.zeros((*tokens.shape, self._known[texts[0]].shape[-1]), device=tokens.device)
        for row, text in enumerate(texts):
            below[row, : len(text)] = self._known[text]
        return below


def inner(model: Any) -> Any:
    """The causal language model itself, without what holds adapters."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def predicted(model: Any, tokens: Tensor, labels: Tensor, past: Any = None) -> tuple[Tensor, Tensor, Tensor]:
    """What a model predicts where a label is not negative.

    Args:
        model: a causal language model of transformers, or :class:`LastLayers`.
        tokens: shape [texts, longest], padded at the end.
        labels: of the tokens themselves, of the same shape; negative where nothing is to be predicted.
        past: what a causal language model of transformers has read before the tokens, as its cache.

    Returns:
        logits, shape [targets, vocabulary]; the targets; and the text that each belongs to.
    """
    wanted = labels[:, 1:] >= 0
    before = tokens[:, :-1]
    if isinstance(model, LastLayers):
        hidden, whole = model.hidden(before), inner(model.upper)
    else:
        whole = inner(model)
        cached = {"use_cache": False} if past is None else {"use_cache": True, "past_key_values": past}
        hidden = whole.base_model(input_ids=before, **cached).last_hidden_state
    text, _ = wanted.nonzero(as_tuple=True)
    return whole.get_output_embeddings()(hidden[wanted]), labels[:, 1:][wanted], text
