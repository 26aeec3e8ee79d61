"""A pretrained model, asked about facts with examples before the question.

What stands before a question is read once for all facts of a relation.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from empirics.experiments.language_models.facts.table import Fact
from empirics.experiments.language_models.facts.templates import Text
from empirics.experiments.language_models.layers import predicted
from empirics.experiments.language_models.tokenizer import Tokens
from empirics.experiments.language_models.train import Example, batch

_AT_ONCE: Final = 32


@dataclass(frozen=True)
class FewShot:
    """Asks a model; samples are drawn at ``temperature``."""

    model: Any
    tokens: Tokens
    temperature: float

    def answers(self, prefix: str, question: str, facts: Sequence[Fact]) -> list[tuple[bool, float]]:
        """For each fact whether the greedy answer is right, and the probability that a sampled one is."""
        texts = [
            (row, text)
            for row, fact in enumerate(facts)
            for text in self._distinct([Text.of(question, fact.subject, answer) for answer in fact.accepted])
        ]
        texts.sort(key=lambda text: len(text[1].tokens))  # so that padding is short
        said, probability = [False] * len(facts), [0.0] * len(facts)
        for (row, _), (greedy, likelihood) in zip(texts, self._read(prefix, [t for _, t in texts]), strict=True):
            said[row] |= greedy
            probability[row] += math.exp(likelihood)
        return list(zip(said, (min(1.0, p) for p in probability), strict=True))

    def _distinct(self, texts: Sequence[Text]) -> list[Example]:
        """The texts as tokens without a begin mark; none whose answer begins with another's, which it implies."""
        whole = {text.tokens[1 : text.answer[1]]: text.answer[0] - 1 for text in self.tokens.encode(texts)}
        return [
            Example(mine, first)
            for mine, first in whole.items()
            if not any(other != mine and mine[: len(other)] == other for other in whole)
        ]

    @torch.no_grad()
    def _read(self, prefix: str, examples: Sequence[Example]) -> Iterator[tuple[bool, float]]:
        """Whether each example's targets are what greedy decoding gives, and their log probability when sampled."""
        (before,) = self.tokens.tokenizer([prefix], add_special_tokens=False)["input_ids"]
        start = torch.tensor([[self.tokens.begin, *before]])
        past = self.model.base_model(input_ids=start, use_cache=True).past_key_values
        for first in range(0, len(examples), _AT_ONCE):
            part = examples[first : first + _AT_ONCE]
            mine = copy.deepcopy(past)
            mine.batch_repeat_interleave(len(part))
            tokens, labels = batch(part, self.tokens.pad, torch.device("cpu"))
            with warnings.catch_warnings():  # newer versions of transformers give the cache another name
                warnings.simplefilter("ignore", FutureWarning)
                logits, target, text = predicted(self.model, tokens, labels, mine)
            missed = set(text[logits.argmax(-1) != target].tolist())
            each = (logits / self.temperature).log_softmax(dim=1).gather(1, target[:, None])[:, 0]
            sums = torch.zeros(len(part), dtype=torch.float64).index_add(0, text, each.double())
            yield from ((row not in missed, float(total)) for row, total in enumerate(sums))
