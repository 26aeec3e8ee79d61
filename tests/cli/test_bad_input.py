"""Bad input: exit 2, one clear line that names key, value and what is allowed, no traceback."""

import pytest

from empirics.cli.app import run

LANGUAGE_PRESETS = "language-model has default, smollm2-long, smollm2-quick, smollm2; quick is"

CASES = {
    "K > |R|": (["verify", "--set", "world.multiplicity=[70]"], ["world.multiplicity", "70", "20"]),
    "N_f >= S": (["verify", "--set", "world.finetuned=[60]"], ["world.finetuned", "60", "59"]),
    "unknown key": (["verify", "--set", "world.subject=5"], ["world.subject=5", "did you mean subjects?"]),
    "unknown section": (["verify", "--set", "worlds.subjects=5"], ["worlds", "world"]),
    "text for a number": (["verify", "--set", "world.subjects=sixty"], ["world.subjects", "sixty", "integer"]),
    "true for a number": (["verify", "--set", "world.subjects=true"], ["world.subjects", "true", "integer"]),
    "float for an integer": (["verify", "--set", "world.subjects=6.5"], ["world.subjects", "6.5", "integer"]),
    "nan": (["verify", "--set", "pretraining.learning_rate=nan"], ["pretraining.learning_rate", "nan", "finite"]),
    "infinity": (["verify", "--set", "pretraining.learning_rate=inf"], ["pretraining.learning_rate", "inf", "finite"]),
    "negative step": (
        ["verify", "--set", "pretraining.learning_rate=-1.0"],
        ["pretraining.learning_rate", "-1.0", "0"],
    ),
    "negative steps": (["verify", "--set", "pretraining.steps=-5"], ["pretraining.steps", "-5", "1"]),
    "empty axis": (["verify", "--set", "world.templates=[]"], ["world.templates", "[]", "empty"]),
    "scalar axis": (["verify", "--set", "world.templates=5"], ["world.templates", "5", "list"]),
    "zero on an axis": (["verify", "--set", "world.multiplicity=[0]"], ["world.multiplicity", "0", "1"]),
    "repeated value": (["verify", "--set", "world.multiplicity=[1,1]"], ["world.multiplicity", "[1, 1]"]),
    "A < S": (["verify", "--set", "world.answers=5"], ["world.answers", "5", "60"]),
    "unknown choice": (["verify", "--set", "pretraining.optimizer=lion"], ["pretraining.optimizer", "lion", "adam"]),
    "unknown preset": (["verify", "--preset", "tiny"], ["preset", "tiny", "quick"]),
    "setting without value": (["verify", "--set", "world.subjects"], ["world.subjects", "section.key=VALUE"]),
    "setting without section": (["verify", "--set", "subjects=4"], ["subjects=4", "section.key=VALUE"]),
    "zero workers": (["verify", "--workers", "0"], ["--workers", "0", "1"]),
    "an option twice": (["verify", "--workers", "2", "--workers", "two"], ["--workers=two", "int"]),
    "text for workers": (["verify", "--workers", "two"], ["--workers", "two", "int"]),
    "unknown claim": (["verify", "--claims", "no-such-claim"], ["no-such-claim", "ood-error-literal"]),
    "mistyped claim": (["claims", "ood-error-litral"], ["ood-error-litral", "did you mean ood-error-literal"]),
    "mistyped preset": (["verify", "--preset", "Quik"], ["preset=Quik", "did you mean quick?"]),
    **{
        f"mistyped preset of {command}": ([*command.split(), "--preset", "quik"], [f"preset=quik is unknown; {told}"])
        for command, told in {
            "verify": "did you mean quick? one-layer has default, full, quick",
            "verify --experiment language-model": LANGUAGE_PRESETS,
            "lm plan": LANGUAGE_PRESETS,
            "lm run": LANGUAGE_PRESETS,
            "run --templates 4 --multiplicity 2 --finetuned=2": "did you mean quick? one-layer has default",
            "check --update": "did you mean quick? one-layer has default, full, quick",
            "map": "did you mean quick? a map has quick, default",
        }.items()
    },
    "a preset of verify for a map": (
        ["map", "--preset", "full"],
        ["a map has quick, default; full is a preset of one"],
    ),
    "mistyped experiment": (["verify", "--experiment", "one-leyer"], ["one-leyer", "did you mean one-layer?"]),
    "mistyped symbol": (["bound", "ood-error-literal", "n_f=3"], ["n_f", "did you mean N_f?"]),
    "no claim": (["verify", "--claims", " , "], ["--claims", "names nothing"]),
    "plan: an error above 1": (
        ["plan", "ood-error-literal", "--target", "5", "K=3", "R=20"],
        ["--target=5", "below 1"],
    ),
    "plan: an error of 1": (["plan", "ood-error-literal", "--target=1", "K=3", "R=20"], ["--target=1", "below 1"]),
    "plan: nothing to solve for": (
        ["plan", "ood-error-literal", "--target=0.1", "K=3", "R=20", "N_f=4"],
        ["nothing is left to solve for: leave out N_f or K"],
    ),
    "an integer option": (["verify", "--workers", "abc"], ["--workers=abc is refused: allowed is a valid integer"]),
    "no experiment of single runs": (
        ["run", "--experiment", "language-model"],
        ["the experiment language-model does not support factbound run"],
    ),
    "compare: nothing there": (["compare", "no-such", "other"], ["no-such is not there", "results.json"]),
    "archive: no results": (["archive", ".", "--output", "x.zip"], ["cannot read results.json", "No such file"]),
    "check: no archive": (["check", "no-such.zip"], ["no-such.zip is not an archive", "No such file"]),
    "cite: no results": (["cite", "no-such"], ["cannot read no-such/results.json", "No such file"]),
    "mistyped comparison": (["compere", "a", "b"], ["factbound has no command compere; did you mean compare?"]),
    "missing file": (["verify", "--config", "/no/such/file.toml"], ["/no/such/file.toml", "No such file"]),
    "unknown option": (["verify", "--fast"], ["--fast"]),
    "unknown command": (["xyz"], ["factbound has no command xyz; known are certify, verify"]),
    "mistyped command": (["verfy"], ["factbound has no command verfy; did you mean verify?"]),
    "mistyped command of a group": (["lm", "rnu"], ["factbound lm has no command rnu; did you mean run?"]),
    "mistyped option": (["verify", "--presett", "quick"], ["verify has no option --presett; did you mean --preset?"]),
    "mistyped option of a group": (["lm", "run", "--worker=1"], ["has no option --worker; did you mean --workers?"]),
    "mistyped symbol without a mark": (["bound", "ood-error-literal", "Nf=4"], ["Nf", "did you mean N_f?"]),
    "mistyped unknown": (
        ["plan", "ood-error-literal", "--target=0.1", "--unknown=Nf", "K=3", "R=20"],
        ["cannot solve for Nf; did you mean N_f?"],
    ),
    "mistyped arm": (["verify", "--set", 'arms.run=["low-rnak"]'], ["low-rnak", "did you mean low-rank"]),
    "half a claim": (["certify", "ood-eror"], ["did you mean ood-error-literal?"]),
    "mistyped claim of a plot": (["plot", "ood-eror-literal"], ["did you mean ood-error-literal?"]),
    "mistyped preset of a map": (["map", "--preset", "quik"], ["did you mean quick?"]),
    "unknown device": (["verify", "--device", "tpu"], ["compute.device", "tpu", "cuda"]),
    "seeds out of order": (["verify", "--set", "seeds.maximum=2"], ["seeds.maximum", "2", "16"]),
    "batch without sgd": (["verify", "--set", "pretraining.batch_size=4"], ["pretraining.batch_size", "4", "gd"]),
    "nothing trained": (
        ["verify", "--set", "model.mlp=false", "--set", "model.attention=false", "--set", "model.train_output=false"],
        ["model.train_output", "nothing else is trained"],
    ),
    "absurd size": (["verify", "--set", f"world.subjects={10**20}"], ["world.subjects", "10000000"]),
    "absurd rate": (["verify", "--set", "pretraining.learning_rate=1e200"], ["pretraining.learning_rate", "1000000"]),
    "absurd alpha": (["verify", "--set", "verdict.alpha=5e-324"], ["verdict.alpha", "0.000000000001"]),
    "absurd seed": (["verify", "--set", f"seeds.base={2**63}"], ["seeds.base", str(2**53)]),
    "deep nesting": (["verify", "--set", "world.templates=" + "[" * 3000], ["world.templates", "list"]),
    "two lines": (["verify", "--set", "world.subjects=3\nfoo=4"], ["world.subjects", "integer"]),
    "lora with mini-batches": (
        [
            "verify",
            "--set",
            "finetuning.method=lora",
            "--set",
            "finetuning.optimizer=sgd",
            "--set",
            "finetuning.batch_size=2",
        ],
        ["finetuning.method", "lora", "full"],
    ),
    "lora twice on one matrix": (
        ["verify", "--set", "finetuning.method=lora", "--set", 'finetuning.targets=["input","input"]'],
        ["finetuning.targets", "once"],
    ),
    "lora on a frozen matrix": (
        ["verify", "--set", "finetuning.method=lora", "--set", "model.train_input=false"],
        ["finetuning.targets", "train_input"],
    ),
    "bound: absurd": (["bound", "ood-error-literal", "K=3", "R=9", "N_f=" + "9" * 400], ["N_f=", "10^18"]),
    "run: K > |R|": (
        ["run", "--templates", "3", "--multiplicity", "4", "--finetuned", "2", "--seed", "0"],
        ["world.multiplicity", "4", "3"],
    ),
    "run: N_f >= S": (
        ["run", "--templates", "9", "--multiplicity", "4", "--finetuned", "60", "--seed", "0"],
        ["world.finetuned", "60"],
    ),
    "run: negative seed": (
        ["run", "--templates", "9", "--multiplicity", "4", "--finetuned", "6", "--seed", "-1"],
        ["seed", "-1", "0"],
    ),
    "bound: unknown claim": (["bound", "no-such", "K=3"], ["no-such", "ood-error-literal"]),
    "bound: missing symbol": (["bound", "ood-error-literal", "K=3"], ["N_f", "R"]),
    "bound: unknown symbol": (["bound", "ood-error-literal", "K=3", "R=9", "N_f=3", "Q=3"], ["Q", "N_f"]),
    "bound: K > |R|": (["bound", "ood-error-literal", "K=30", "R=9", "N_f=3"], ["K=30", "R=9", "K <= R"]),
    "bound: text": (["bound", "ood-error-literal", "K=three", "R=9", "N_f=3"], ["K=three", "integer"]),
    "bound: negative": (["bound", "ood-error-literal", "K=3", "R=9", "N_f=-3"], ["N_f=-3", ">= 0"]),
    "bound: no equals": (["bound", "ood-error-literal", "K"], ["'K'", "NAME=VALUE"]),
    "bound: twice": (["bound", "ood-error-literal", "K=3", "K=4"], ["K", "twice"]),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_in_one_clear_line(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, expected = CASES[name]
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("factbound: ")
    assert "Traceback" not in lines[0]
    for word in expected:
        assert word in lines[0]
    assert len(lines[0]) < 700
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "results"])


def test_broken_toml_is_refused_with_its_place(capsys, tmp_path):
    file = tmp_path / "broken.toml"
    file.write_text("[world\nsubjects = 5\n")
    assert run(["verify", "--config", str(file)]) == 2
    assert "broken.toml is not valid TOML" in capsys.readouterr().err
    file.write_bytes(b"\xff\xfe\x00")
    assert run(["verify", "--config", str(file)]) == 2
    assert "broken.toml" in capsys.readouterr().err
    assert run(["verify", "--config", str(tmp_path)]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_output_directory_that_cannot_be_written(capsys, tmp_path):
    file = tmp_path / "a-file"
    file.write_text("")
    assert run(["verify", "--output", str(file / "below")]) == 2
    err = capsys.readouterr().err
    assert "cannot write to the output directory" in err
    assert len(err.strip().splitlines()) == 1


def test_cuda_without_a_device_is_refused_clearly(capsys, tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert run(["verify", "--device", "cuda", "--output", str(tmp_path)]) == 2
    assert "no CUDA device" in capsys.readouterr().err
