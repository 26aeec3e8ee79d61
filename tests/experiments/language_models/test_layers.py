"""Models of which the last layers alone are trained: the same numbers as the whole model gives."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers

from empirics.errors import UsageError
from empirics.experiments.language_models.config import QuestionTraining
from empirics.experiments.language_models.layers import LastLayers, predicted
from empirics.experiments.language_models.model import with_adapters
from empirics.experiments.language_models.train import Arithmetic, Example, batch, train

CPU = torch.device("cpu")
PAD = 2
TEXTS = [
    Example((1, 5, 6, 7, 8), 4),
    Example((1, 9, 6), 2),
    Example((1, 5, 6, 7, 8, 9, 10), 5),
    Example((1, 5, 2, 7), 3),  # the padding inside of a text is a token like others
]


@pytest.fixture
def whole():
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=16,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=16,
        tie_word_embeddings=True,
        initializer_range=0.5,
    )
    return transformers.AutoModelForCausalLM.from_config(config).double()


def by_transformers(model, examples):
    """Log probabilities of the targets, one text at a time, without padding."""
    found = []
    for example in examples:
        scores = torch.log_softmax(model(torch.tensor([example.tokens])).logits[0], -1)
        places = range(example.first_target, len(example.tokens))
        found += [scores[i - 1, example.tokens[i]] for i in places]
    return torch.stack(found)


def by_us(model, examples):
    logits, targets, texts = predicted(model, *batch(examples, PAD, CPU))
    assert texts.tolist() == [i for i, e in enumerate(examples) for _ in range(len(e.tokens) - e.first_target)]
    return logits.log_softmax(1).gather(1, targets[:, None])[:, 0]


@pytest.mark.parametrize("trained", [1, 3, 4])
def test_the_same_predictions_as_the_whole_model(whole, trained):
    expected = by_transformers(whole, TEXTS)
    assert torch.allclose(by_us(whole, TEXTS), expected, atol=1e-12)
    model = LastLayers(copy.deepcopy(whole), trained, PAD)
    for texts in (TEXTS, TEXTS[::-1], TEXTS):  # the second time from what is kept
        assert torch.allclose(by_us(model, texts), by_transformers(whole, texts), atol=1e-12)
    assert torch.allclose(by_us(model, TEXTS[1:2]), by_transformers(whole, TEXTS[1:2]), atol=1e-12)


def test_the_same_gradients_as_the_whole_model_and_none_elsewhere(whole):
    model = LastLayers(copy.deepcopy(whole), 2, PAD)
    by_us(model, TEXTS).sum().backward()
    by_transformers(whole, TEXTS).sum().backward()
    for mine, other in zip(model.upper.model.layers, whole.model.layers[2:], strict=True):
        for (name, found), expected in zip(mine.named_parameters(), other.parameters(), strict=True):
            # Llama's norms are computed in float32.
            assert torch.allclose(found.grad, expected.grad, rtol=1e-4, atol=1e-6), name
    trained = {id(p) for layer in model.upper.model.layers for p in layer.parameters()}
    assert all((id(p) in trained) == p.requires_grad == (p.grad is not None) for p in model.parameters())


def test_training_moves_the_last_layers_alone(whole):
    model = LastLayers(whole.float(), 1, PAD)
    before = {name: p.clone() for name, p in model.named_parameters()}
    settings = QuestionTraining(steps=5, batch_size=4, learning_rate=0.05)
    order = np.random.default_rng(0)
    curve = train(model, TEXTS, settings, pad=PAD, arithmetic=Arithmetic(CPU, False), order=order)
    assert curve.values[-1] < curve.values[0]
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved
    assert all(name.startswith("upper.model.layers.0.") for name in moved)


def test_adapters_come_and_go(whole):
    model = LastLayers(whole.float(), 2, PAD)
    before = by_us(model, TEXTS)
    adapted = model.adapted(with_adapters(model.upper, QuestionTraining(rank=2), 0))
    trained = [name for name, p in adapted.named_parameters() if p.requires_grad]
    assert trained
    assert all("lora" in name for name in trained)
    assert torch.equal(by_us(adapted, TEXTS), before)  # adapters begin at nothing
    settings = QuestionTraining(steps=5, batch_size=4, learning_rate=0.05)
    train(adapted, TEXTS, settings, pad=PAD, arithmetic=Arithmetic(CPU, False), order=np.random.default_rng(0))
    assert not torch.allclose(by_us(adapted, TEXTS), before)
    adapted.unload()
    assert torch.equal(by_us(model, TEXTS), before)


@pytest.mark.parametrize("trained", [0, 5])
def test_more_layers_than_there_are(whole, trained):
    with pytest.raises(UsageError, match=rf"model.trained_layers={trained} is refused: allowed is 1 to 4"):
        LastLayers(whole, trained, PAD)
    with pytest.raises(UsageError, match="allowed is 0, since the model is none of Llama's kind"):
        LastLayers(SimpleNamespace(transformer=None), 1, PAD)
