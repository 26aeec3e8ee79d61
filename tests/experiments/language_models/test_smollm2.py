"""A model with real weights: what a conversion must keep, and the smallest form of the experiment on it."""

import json

import pytest
import torch

from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.experiments.language_models import weights
from empirics.experiments.language_models.facts.invented import CITIES
from empirics.experiments.language_models.model import load_model, own_tokens

HERE = (weights.cache() / weights.SMOLLM2 / "config.json").is_file()
needed = pytest.mark.skipif(not HERE, reason="no weights here: make weights")


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    weights.folder_with.cache_clear()
    yield
    weights.folder_with.cache_clear()


def test_without_the_weights_it_is_said_how_to_get_them(nowhere, tmp_path, capsys):
    assert run(["lm", "run", "--preset", "smollm2", "--output", str(tmp_path / "o")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "model.weights=smollm2 is not on this machine yet: type 'make weights'" in line
    assert not (tmp_path / "o").exists()


def test_what_is_no_model_is_refused(nowhere, tmp_path):
    with pytest.raises(UsageError, match=r"the folder has no config\.json"):
        weights.folder_with(str(tmp_path))
    (tmp_path / "a.gguf").write_bytes(b"none")
    with pytest.raises(UsageError, match=r"a\.gguf is refused: it is no GGUF file"):
        weights.folder_with(str(tmp_path / "a.gguf"))
    (tmp_path / "a.gguf").write_bytes(b"GGUF" + b"\0" * 60)
    with pytest.raises(UsageError, match=r"a\.gguf is refused: "):
        weights.folder_with(str(tmp_path / "a.gguf"))
    assert not list((tmp_path / "factbound" / "models").glob("*"))


@needed
def test_the_model_speaks_and_cities_are_one_token():
    folder = weights.folder_with("smollm2")
    tokens, model = own_tokens(folder), load_model(folder)
    assert {len(ids) for ids in tokens.answers(CITIES)} == {2}  # with the end mark
    (text,) = tokens.tokenizer(["The capital of France is"], add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        found = model(torch.tensor([text])).logits[0, -1].argmax()
    assert tokens.tokenizer.decode([int(found)]) == " Paris"


@needed
def test_the_smallest_form_of_the_experiment(tmp_path):
    assert run(["lm", "run", "--preset", "smollm2-quick", "--workers", "1", "--output", str(tmp_path)]) in (0, 3)
    found = json.loads((tmp_path / "results.json").read_text("utf-8"))
    main, low = found["cells"]
    assert main["observables"]["statement_accuracy"]["mean"] >= 0.95  # facts that it cannot have known
    assert main["observables"]["finetuning_error"]["mean"] <= 0.2
    assert 0.0 < main["observables"]["ood_error"]["mean"] < 0.95  # the chance level
    assert main["observables"]["passage_loss_rise"]["mean"] > 0.0
    assert low["variant"] == "lm-low-rank"
