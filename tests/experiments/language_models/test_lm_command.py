"""factbound lm: runs, plans, reports; bad input gives exit 2 and one clear line."""

import builtins
import json
import sys
import time

import pytest
import torch
from lm_builders import SIX_FACTS, TINY, tiny

from empirics.cli.app import run
from empirics.experiments.language_models.model import new_model, resolve_model
from empirics.experiments.language_models.run import prepare
from empirics.experiments.language_models.texts import draw_fact_world
from empirics.experiments.language_models.tokenizer import Tokens, build_tokenizer
from empirics.experiments.protocol import Point
from empirics.verification.results import read_results

SHORT = [*TINY, "pretraining.steps=10", "finetuning.steps=3"]


def _set(*settings):
    return [part for setting in settings for part in ("--set", setting)]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """One small run, in this process."""
    directory = tmp_path_factory.mktemp("lm")
    status = run(["lm", "run", "--workers", "1", "--output", str(directory), *_set(*SHORT)])
    return status, directory


def test_a_run_judges_the_claims_on_language_models(done):
    status, directory = done
    assert status == 3, "so few steps leave no cell in scope"
    results = read_results(directory / "results.json")
    assert {c.variant for c in results.cells} == {"language-model", "lm-low-rank"}
    assert len(results.cells) == 2 * 2 * 2
    assert [(cell.seeds, cell.failures) for cell in results.cells] == [([1, 2], {})] * 8
    judged = {c.id: c.verdict for c in results.claims}
    assert set(judged) == {
        "lm-trends", "lm-trends-multiplicity", "lm-trends-templates", "lm-multiplicity", "lm-low-rank"
    }  # fmt: skip
    assert judged["lm-trends-templates"] == "NOT TESTED"
    assert results.config["facts"]["relations"] == ["capital", "author", "composer", "director"]


def test_the_report_says_that_the_bound_is_not_claimed(done, capsys):
    _, directory = done
    page = (directory / "report.html").read_text()
    assert "not claimed for language models" in page
    assert "literal bound (comparison only)" in page
    (directory / "report.html").unlink()
    capsys.readouterr()
    assert run(["lm", "report", str(directory)]) == 0
    assert "not claimed for language models" in " ".join(capsys.readouterr().out.split())
    assert (directory / "report.html").read_text() == page
    assert (directory / "plots" / "language-models.svg").is_file()


def test_a_second_run_finds_everything_and_trains_nothing(done, capsys):
    _, directory = done
    before = read_results(directory / "results.json")
    capsys.readouterr()
    assert run(["lm", "run", "--workers", "1", "--json", "--output", str(directory), *_set(*SHORT)]) == 3
    out, err = capsys.readouterr()
    assert "8 finished runs found" in err
    again = json.loads(out)
    assert again["cells"] == before.model_dump(mode="json")["cells"]


def test_the_plan_states_facts_runs_and_time(capsys):
    assert run(["lm", "plan", "--json", *_set(*SHORT, f"facts.source={SIX_FACTS}", "world.finetuned=[2]")]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["facts"]["taking_part"] == 6
    assert plan["runs"] == {"minimum": 8, "maximum": 8}
    assert 0 < plan["seconds"]["estimate_minimum"] < 600


def _saved(folder, positions):
    """A small GPT-2 with a byte-level tokenizer, as save_pretrained writes them."""
    world = draw_fact_world(tiny(), 4, 3, 0)
    tokens = Tokens(build_tokenizer("bpe", 400, [text.whole for text in world.statements()]))
    model = new_model(tiny().model, tokens, positions, seed=0)
    model.save_pretrained(folder)
    tokens.tokenizer.save_pretrained(folder)
    return model, tokens


def test_a_model_in_a_folder_is_loaded_with_its_own_tokenizer(tmp_path):
    model, tokens = _saved(tmp_path / "model", 160)
    settings = [*SHORT, f"model.name={tmp_path / 'model'}", "seeds.minimum=1", "seeds.maximum=1", "arms.run=[]"]
    at = prepare(tiny(*settings), Point.of(R=4, K=1), 1, "cpu")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), at.model.parameters(), strict=True))
    assert at.tokens.tokenizer.get_vocab() == tokens.tokenizer.get_vocab()
    assert run(["lm", "run", "--workers", "1", "--output", str(tmp_path / "out"), *_set(*settings)]) == 3
    (first, *_) = read_results(tmp_path / "out" / "results.json").cells
    assert first.observables["ood_error"].mean is not None


def test_texts_longer_than_a_model_can_read_are_refused(tmp_path, capsys):
    _saved(tmp_path, 20)
    assert run(["lm", "plan", *_set(*TINY, f"model.name={tmp_path}")]) == 2
    assert "has 20 positions" in capsys.readouterr().err


def test_a_hub_name_without_network_fails_within_seconds(capsys, monkeypatch):
    resolve_model.cache_clear()
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    start = time.monotonic()
    assert run(["lm", "plan", *_set("model.name=no-such-owner/no-such-model")]) == 2
    assert time.monotonic() - start < 20
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    for words in ("no-such-owner/no-such-model", "hub cannot be reached", "--set model.name=/path"):
        assert words in error


BAD = {
    "offline": (["model.name=some/model"], ["some/model", "HF_HUB_OFFLINE", "/path"]),
    "no such folder": (["model.name=/no/such/folder"], ["/no/such/folder", "no such folder"]),
    "a folder without a model": (["model.name=tests"], ["tests", "config.json"]),
    "K > |R|": (["world.multiplicity=[30]"], ["world.multiplicity", "30", "24"]),
    "more templates than there are": (
        ["world.templates=[99]", "world.multiplicity=[1]"], ["99", "'capital'", "templates"]
    ),
    "K above the templates of a file": (
        ["facts.templates={templates}", "facts.source={facts}", "world.finetuned=[2]", "world.multiplicity=[3]"],
        ["multiplicity (K) = 3", "2", "'capital'", "mine.toml"],
    ),
    "a relation without templates": (
        ["facts.source={odd}", "world.finetuned=[1]"], ["no templates for relation 'shape'"]
    ),
    "missing columns": (["facts.source={columns}"], ["missing columns", "possible_answers"]),
    "a broken row": (["facts.source={broken}"], ["line 2", "broken"]),
    "no such file": (["facts.source=/no/such.tsv"], ["/no/such.tsv"]),
    "no such relation": (["facts.relations=['sport']"], ["'sport'", "capital"]),
    "N_f >= facts": (["facts.source={facts}", "world.finetuned=[80]"], ["world.finetuned=", "80"]),
    "N_f >= facts.number": (["facts.number=40", "world.finetuned=[80]"], ["world.finetuned", "80", "39"]),
    "unknown arm": (["arms.run=['lora']"], ["lora", "lm-low-rank"]),
    "unknown key": (["model.depth=3"], ["model.depth", "layers"]),
    "unknown section": (["optimizer.name=x"], ["optimizer", "pretraining"]),
    "unknown matrix": (["finetuning.method=lora", "finetuning.targets=['nothing']"], ["finetuning.targets", "nothing"]),
    "odd heads": (["model.heads=3"], ["model.width", "64", "3"]),
    "seeds out of order": (["seeds.maximum=2"], ["seeds.maximum", "2", "16"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_line(case, capsys, monkeypatch, tmp_path):
    resolve_model.cache_clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    head, *rows = SIX_FACTS.read_text().splitlines()
    files = {
        "templates": ("mine.toml", '[relation.capital]\nstatements = ["{subject}: {answer}.", "O {subject}, {answer}."]'
                      '\nquestions = ["{subject}? {answer}"]\n'),
        "facts": ("facts.tsv", SIX_FACTS.read_text()),
        "odd": ("odd.tsv", SIX_FACTS.read_text().replace("capital", "shape")),
        "columns": ("columns.tsv", "id\tsubj\tprop\tobj\n1\ta\tb\tc\n"),
        "broken": ("broken.tsv", f'{head}\n1\ta\tcapital\tb\t"["b"]"\n' + "\n".join(rows)),
    }  # fmt: skip
    places = {}
    for key, (name, text) in files.items():
        (tmp_path / name).write_text(text)
        places[key] = tmp_path / name
    settings, words = BAD[case]
    filled = [setting.format(**places) if "{" in setting else setting for setting in settings]
    assert run(["lm", "plan", *_set(*filled)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("factbound: ")
    assert error.count("\n") == 1, error
    for word in words:
        assert word in error


def test_without_the_extra_one_line_says_how_to_install_it(capsys, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] in ("peft", "transformers", "tokenizers"):
            raise ImportError(f"No module named {name!r}")
        return real(name, *args, **kwargs)

    for name in [n for n in sys.modules if n.partition(".")[0] == "tokenizers"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr("importlib.import_module", lambda name, package=None: without(name))
    assert run(["lm", "plan"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "pip install 'factbound[lm]'" in error
