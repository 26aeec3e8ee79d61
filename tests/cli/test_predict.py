"""``factbound predict``: the law at the command line."""

import json
import subprocess
import sys

import pytest

import empirics
from empirics.cli.app import run
from empirics.experiments.one_layer.predict.stored import stored_law

CELL = ["--templates", "40", "--multiplicity", "4"]


def predicted(capsys, *arguments):
    assert run(["predict", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_number_with_limits_and_the_bounds_beside_it(capsys):
    found = predicted(capsys, *CELL, "--finetuned", "5")
    assert 0 < found["lower"] < found["value"] < found["upper"] < 0.2
    assert found["cell"] == {"R": 40, "K": 4, "N_f": 5}
    assert found["outside"] == []
    bounds = {b["claim"]: b for b in found["bounds"]}
    assert bounds["ood-error-literal"]["bound"] > found["value"]
    assert bounds["ood-error-literal"]["status"].startswith("STATED")
    assert bounds["ood-error-linear-memory"]["arm"] == "linear-memory"
    assert bounds["ood-error-linear-memory"]["status"].endswith("premises to be measured")
    assert "failure-regime" not in bounds, "it is about K = 1"
    assert run(["predict", *CELL, "--finetuned", "5"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].startswith("ood_error at R=40, K=4, N_f=5: about 0.0")
    assert "95 % of the cells need on which the law was tested" in shown
    assert "S = 60; features interpolated" in shown


def test_python_says_the_same_and_nothing_is_trained(capsys):
    found = empirics.predict(templates=40, multiplicity=4, finetuned=5)
    assert found.value == predicted(capsys, *CELL, "--finetuned", "5")["value"]
    code = "import sys; from empirics import predict; predict(templates=40, multiplicity=4, finetuned=5); "
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_outside_the_data_there_are_no_limits(capsys):
    for more, what in (
        (["--finetuned", "1"], "N_f=1 (the data have 2"),
        (["--finetuned", "50"], "N_f=50"),
        (["--finetuned", "25", "--subjects", "40"], ""),
        (["--finetuned", "30", "--subjects", "40"], "N_f=30, three quarters of S=40"),
        (["--finetuned", "5", "--set", "world.answers=90"], "A=90 (the data have A = S)"),
        (["--finetuned", "5", "--subjects", "300"], "S=300 (the data have"),
        (["--finetuned", "5", "--set", "finetuning.steps=100"], "finetuning.steps=100 (the data have 200)"),
    ):
        found = predicted(capsys, *CELL, *more)
        if not what:
            assert found["lower"] is not None
            continue
        assert found["lower"] is None
        assert any(text.startswith(what) for text in found["outside"]), found["outside"]


def test_more_steps_or_facts_extract_more(capsys):
    few, many = (predicted(capsys, *CELL, "--finetuned", "5", "--set", f"finetuning.steps={n}") for n in (20, 200))
    assert many["value"] < few["value"]
    assert (
        predicted(capsys, *CELL, "--finetuned", "10")["value"] < predicted(capsys, *CELL, "--finetuned", "3")["value"]
    )


def test_models_can_be_pretrained_for_it(capsys):
    small = ["--templates", "8", "--multiplicity", "2", "--finetuned", "4", "--subjects", "15"]
    found = predicted(capsys, *small, "--worlds", "2", "--set", "pretraining.steps=300")
    ((name, value, error),) = found["others"]
    assert name == "fact by fact"
    assert 0 <= value <= 1
    assert error >= 0
    assert "2 models pre-trained for this" in found["basis"]
    assert any("pretraining.steps=300" in text for text in found["outside"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--finetuned", "5", "--set", "model.width=32"], ["model.width=32", "--worlds 4 measures them"]),
        (["--finetuned", "5", "--set", "model.residual=true"], ["model.residual=true", "speaks of false alone"]),
        (["--finetuned", "5", "--set", 'finetuning.optimizer="adam"'], ['finetuning.optimizer="adam"', "gradient"]),
        (["--finetuned", "5", "--worlds", "-1"], ["worlds=-1", ">= 0"]),
        (["--finetuned", "60"], ["world.finetuned", "59"]),
        (["--finetuned", "5", "--multiplicity", "1"], ["K=1", "K >= 2"]),
        (
            ["--finetuned", "5", "--subjects", "40", "--set", "world.subjects=80"],
            ["--set world.subjects=80", "world.subjects=40; give one"],
        ),
        ([], ["finetuned is missing"]),
        (["--finetuned", "5", "--experiment", "stored-bits"], ["stored-bits", "no law"]),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, words):
    assert run(["predict", *CELL, *arguments]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert all(word in told for word in words), told


def test_the_plan_says_first_what_is_predicted(capsys):
    assert run(["plan", "ood-error-literal", "--target", "0.05", "K=4", "R=40", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["expected"]
    number = found["cell"]["N_f"]
    assert found["value"] <= 0.05 < predicted(capsys, *CELL, "--finetuned", str(number - 1))["value"]
    assert run(["plan", "ood-error-literal", "--target", "0.05", "N_f=10", "R=40", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["expected"]["cell"]["K"] <= 4
    assert run(["plan", "covering-none-seen", "--target", "0.05", "K=4", "R=40", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["expected"] is None
    assert run(["plan", "ood-error-linear-memory", "--target", "0.05", "K=4", "R=40", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["expected"] is None, "the law is not one of the linear memory"
    run(["plan", "ood-error-literal", "--target", "0.05", "K=4", "R=40"])
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"about N_f = {number}: predicted ood_error 0.0")
    assert first.endswith("by the tightest bound from 163 on")


def test_features_at_measured_sizes_are_those_that_were_measured():
    law = stored_law()
    at = law.features_at(60, 30, 3).vector()
    between = law.features_at(60, 31, 3).vector()
    assert at.shape == (34,)
    assert abs(between[0] - at[0]) < 0.05
    assert at[0] != between[0]
    assert law.features_at(1000, 30, 3).vector().tolist() == law.features_at(120, 30, 3).vector().tolist()
