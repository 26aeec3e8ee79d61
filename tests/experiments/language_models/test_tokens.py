"""Tokenizers built on the corpus: every text survives, and the answer stands where it is said to stand."""

import pytest
from lm_builders import tiny

from empirics.experiments.language_models.facts.selection import normalised
from empirics.experiments.language_models.texts import draw_fact_world
from empirics.experiments.language_models.tokenizer import Tokens, build_tokenizer


@pytest.mark.parametrize("kind", ["word", "bpe"])
def test_answers_survive_tokens_at_their_positions(kind):
    world = draw_fact_world(tiny(), 4, 3, 0)
    texts = [*world.statements(), *(world.question(i) for i in range(24))]
    tokens = Tokens(build_tokenizer(kind, 600, [text.whole for text in texts]))
    for text, encoded in zip(texts, tokens.encode(texts), strict=True):
        start, stop = encoded.answer
        assert encoded.tokens[0] == tokens.begin
        assert encoded.tokens[-1] == tokens.end
        assert normalised(tokens.decode(encoded.tokens[start:stop])) == normalised(text.answer)
        assert normalised(tokens.decode(encoded.tokens[1:])) == normalised(text.whole)
        assert encoded.prompt == encoded.tokens[:start]


def test_no_word_of_the_corpus_is_unknown():
    world = draw_fact_world(tiny(), 4, 1, 0)
    texts = world.statements()
    tokens = Tokens(build_tokenizer("word", 0, [text.whole for text in texts]))
    unknown = tokens.tokenizer.unk_token_id
    assert not any(unknown in encoded.tokens for encoded in tokens.encode(texts))


def test_decoding_stops_at_the_end_mark():
    tokens = Tokens(build_tokenizer("word", 0, ["one two three"]))
    one, two = tokens.tokenizer("one two")["input_ids"]
    assert tokens.decode([one, tokens.end, two]) == "one"
    assert tokens.decode([one, two, tokens.pad]) == "one two"


def test_an_answer_alone_has_the_tokens_it_has_after_a_prompt():
    world = draw_fact_world(tiny(), 4, 1, 0)
    asked = [world.question(i) for i in range(24)]
    tokens = Tokens(build_tokenizer("bpe", 600, [text.whole for text in asked]))
    alone = tokens.answers([fact.answer for fact in world.facts])
    for encoded, own in zip(tokens.encode(asked), alone, strict=True):
        assert encoded.tokens[encoded.answer[0] :] == own
