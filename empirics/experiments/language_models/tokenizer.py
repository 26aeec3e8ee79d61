"""Texts as token numbers: a tokenizer built on the corpus, or a model's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from empirics.experiments.language_models.extra import library
from empirics.experiments.language_models.facts.templates import Text

_PAD, _UNKNOWN, _END = "<pad>", "<unk>", "<end>"


def build_tokenizer(kind: str, vocabulary_size: int, texts: Iterable[str]) -> Any:
    """A fast tokenizer of transformers, trained on ``texts``.

    ``kind`` is ``"word"`` (every word and punctuation mark is a token; all are kept) or ``"bpe"`` (byte-level, cased).
    """
    tokenizers, transformers = library("tokenizers"), library("transformers")
    if kind == "word":
        made = tokenizers.Tokenizer(tokenizers.models.WordLevel(unk_token=_UNKNOWN))
        made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        trainer = tokenizers.trainers.WordLevelTrainer(
            vocab_size=10**7, special_tokens=[_PAD, _UNKNOWN, _END], show_progress=False
        )
    else:
        made = tokenizers.Tokenizer(tokenizers.models.BPE())
        made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = tokenizers.decoders.ByteLevel()
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=vocabulary_size,
            special_tokens=[_PAD, _UNKNOWN, _END],
            initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
    made.train_from_iterator(texts, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=_PAD, unk_token=_UNKNOWN, bos_token=_END, eos_token=_END
    )


@dataclass(frozen=True)
class Encoded:
    """A text as tokens: begin mark, what stands before the answer, the answer, the rest, end mark."""

    tokens: tuple[int, ...]
    answer: tuple[int, int]  # its positions, as a half-open range

    @property
    def prompt(self) -> tuple[int, ...]:
        """The tokens before the answer."""
        return self.tokens[: self.answer[0]]


class Tokens:
    """Texts to tokens and back; the parts of a text are tokenised apart, so that the answer begins at a token."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        end = tokenizer.sep_token_id if tokenizer.eos_token_id is None else tokenizer.eos_token_id
        if end is None:
            raise ValueError("the tokenizer has no end-of-text token")
        self.end: int = end
        self.begin: int = end if tokenizer.bos_token_id is None else tokenizer.bos_token_id
        self.pad: int = end if tokenizer.pad_token_id is None else tokenizer.pad_token_id

    def encode(self, texts: Sequence[Text]) -> list[Encoded]:
        """Tokens of texts."""
        parts = [self._ids([getattr(text, name) for text in texts]) for name in ("before", "answer", "after")]
        found = []
        for before, answer, after in zip(*parts, strict=True):
            start = 1 + len(before)
            found.append(Encoded((self.begin, *before, *answer, *after, self.end), (start, start + len(answer))))
        return found

    def answers(self, answers: Sequence[str]) -> list[tuple[int, ...]]:
        """Tokens of answers that follow a prompt after a space, with the end mark."""
        return [(*ids, self.end) for ids in self._ids([f" {answer}" for answer in answers])]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens up to the first end mark."""
        kept = list(tokens)
        for stop in {self.end, self.pad}:
            if stop in kept:
                kept = kept[: kept.index(stop)]
        return str(self.tokenizer.decode(kept, skip_special_tokens=True)).strip()

    def _ids(self, texts: list[str]) -> list[list[int]]:
        found: list[list[int]] = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        return found
