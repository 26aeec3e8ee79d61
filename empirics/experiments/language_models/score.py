"""What a language model knows: statements it completes, answers it gives, how it ranks candidates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirics.experiments.language_models.facts.selection import normalised
from empirics.experiments.language_models.layers import predicted
from empirics.experiments.language_models.tokenizer import Encoded, Tokens
from empirics.experiments.language_models.train import Arithmetic, Example, batch, cut_examples


def right(answer: str, accepted: Iterable[str]) -> bool:
    """Exact match with an accepted answer, apart from case, punctuation and spacing."""
    return normalised(answer) in {normalised(other) for other in accepted}


@dataclass(frozen=True)
class Scorer:
    """Scores a model, ``size`` sequences at a time."""

    model: Any
    tokens: Tokens
    arithmetic: Arithmetic
    size: int

    def completed(self, texts: Sequence[Encoded]) -> NDArray[np.bool_]:
        """Whether greedy decoding after the text's beginning gives its answer, token by token; shape [texts].

        Each answer token must be the arg max after those before it, which is the same as decoding greedily.
        """
        found: list[bool] = []
        for part in self._parts(texts):
            logits, target, text = self._predicted(cut_examples(part))
            missed = set(text[logits.argmax(-1) != target].tolist())
            found += [number not in missed for number in range(len(part))]
        return np.array(found, dtype=bool)

    def log_likelihoods(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Log probability of each example's targets given what stands before them, in nats; shape [examples]."""
        order = np.argsort([len(example.tokens) for example in examples], kind="stable")
        found = np.empty(len(examples))
        for part in self._parts(order.tolist()):
            logits, target, text = self._predicted([examples[i] for i in part])
            each = logits.float().log_softmax(dim=1).gather(1, target[:, None])[:, 0]
            sums = torch.zeros(len(part), dtype=torch.float64, device=each.device).index_add(0, text, each.double())
            found[part] = sums.cpu().numpy()
        return found

    @torch.no_grad()
    def greedy_answers(self, prompts: Sequence[Sequence[int]], longest: int) -> list[str]:
        """The answers that greedy decoding gives, of at most ``longest`` tokens."""
        answers: list[str] = []
        for part in self._parts(prompts):
            width = max(len(prompt) for prompt in part)
            inputs = torch.full((len(part), width), self.tokens.pad)
            mask = torch.zeros((len(part), width), dtype=torch.long)
            for row, prompt in enumerate(part):  # padded at the front, so that answers begin at one position
                inputs[row, width - len(prompt) :] = torch.tensor(prompt)
                mask[row, width - len(prompt) :] = 1
            with self.arithmetic():
                given = self.model.generate(
                    input_ids=inputs.to(self.arithmetic.device),
                    attention_mask=mask.to(self.arithmetic.device),
                    max_new_tokens=longest,
                    do_sample=False,
                    num_beams=1,
                    eos_token_id=self.tokens.end,
                    pad_token_id=self.tokens.pad,
                )
            answers += [self.tokens.decode(row) for row in given[:, width:].tolist()]
        return answers

    def ranks(
        self, prompts: Sequence[Sequence[int]], candidates: Sequence[Sequence[tuple[int, ...]]]
    ) -> NDArray[np.int64]:
        """Rank, from 1, of each first candidate, the right one, by log probability, ties against it; [prompts]."""
        examples = [
            Example((*prompt, *candidate), len(prompt))
            for prompt, own in zip(prompts, candidates, strict=True)
            for candidate in own
        ]
        scores = self.log_likelihoods(examples)
        found, start = [], 0
        for own in candidates:
            mine = scores[start : start + len(own)]
            start += len(own)
            found.append(1 + int((mine[1:] >= mine[0]).sum()) if math.isfinite(mine[0]) else len(own))
        return np.array(found, dtype=np.int64)

    def next_tokens(
        self, texts: Sequence[Encoded], candidates: Sequence[Sequence[int]]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
        """For answers of one token: log probability, rank among candidates (the first is right), and whether greedy.

        Ranks are from 1, ties count against the answer; all of shape [texts].
        """
        likelihoods, ranks, greedy = [], [], []
        for part in self._parts(range(len(texts))):
            logits, target, _ = self._predicted(cut_examples([texts[i] for i in part]))
            scores = logits.double().log_softmax(dim=1)
            mine = scores.gather(1, target[:, None])[:, 0]
            likelihoods += mine.tolist()
            greedy += (logits.argmax(-1) == target).tolist()
            for row, place in enumerate(part):
                others = scores[row, torch.tensor(candidates[place][1:], device=scores.device)]
                ranks.append(1 + int((others >= mine[row]).sum()))
        return np.array(likelihoods), np.array(ranks, dtype=np.int64), np.array(greedy, dtype=bool)

    @torch.no_grad()
    def _predicted(self, examples: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of what the examples predict, their targets, and the example of each."""
        inputs, labels = batch(examples, self.tokens.pad, self.arithmetic.device)
        with self.arithmetic():
            return predicted(self.model, inputs, labels)

    def _parts(self, items: Sequence[Any]) -> Iterator[Any]:
        for start in range(0, len(items), self.size):
            yield items[start : start + self.size]
