"""The script for an accelerator on the processor, with a small model: everything but CUDA itself."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch
from lm_builders import invented_texts, small_llama

_SPEC = importlib.util.spec_from_file_location("real_weights", Path(__file__).parent / "real_weights.py")
script = importlib.util.module_from_spec(_SPEC)


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """The script as a module; the folder that it adds to the path is taken off again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        patch.setitem(sys.modules, _SPEC.name, script)
        _SPEC.loader.exec_module(script)
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    return small_llama(tmp_path_factory.mktemp("model"), invented_texts(), **sizes)


def small(model):
    words = [f"model.weights={model}", "model.trained_layers=1", "facts.number=20", "world.templates=[4]"]
    words += ["world.multiplicity=[2]", "world.finetuned=[0,5]", "arms.run=[]", "arms.finetuned=[]"]
    words += ["arms.multiplicity=[]", "pretraining.steps=2", "finetuning.steps=2", "compute.dtype=bfloat16"]
    return [part for word in words for part in ("--set", word)]


def test_one_world_then_all_that_fit(model, tmp_path, monkeypatch, capsys):
    now = iter([0.0, 10.0, 25.0])
    monkeypatch.setattr(script, "monotonic", lambda: next(now))
    ran = []
    monkeypatch.setattr(script, "run", lambda words: ran.append(words[-1]) or original(words))
    original = importlib.import_module("empirics.cli.app").run
    assert script.main(["--device", "cpu", "--minutes", "1", "--output", str(tmp_path / "o"), *small(model)]) == 0
    assert ran == ["seeds.looks=[1]", "seeds.looks=[3]"]
    document = json.loads((tmp_path / "o" / "results.json").read_text("utf-8"))
    assert [cell["seeds"] for cell in document["cells"]] == [[400, 401, 402]] * 2
    assert document["environment"]["dtype"] == "bfloat16"
    told = (tmp_path / "o" / "real-weights.md").read_text("utf-8")
    assert capsys.readouterr().out.endswith(told)
    assert told.count("| `language-model` | 2 | ") == 2


def test_where_nothing_is_left_one_world_stays(model, tmp_path):
    words = ["--device", "cpu", "--minutes", "0", "--output", str(tmp_path / "o"), *small(model)]
    assert script.main(words) == 0
    assert len(json.loads((tmp_path / "o" / "results.json").read_text("utf-8"))["cells"][0]["seeds"]) == 1


def test_without_a_device_or_with_bad_settings_it_says_so(tmp_path, capsys):
    if not torch.cuda.is_available():
        assert script.main([]) == 2
        assert "no CUDA device" in capsys.readouterr().err
    assert script.main(["--device", "cpu", "--output", str(tmp_path / "o"), "--set", "facts.number=1e9"]) == 1
