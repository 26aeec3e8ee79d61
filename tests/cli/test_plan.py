"""``factbound plan``: the inverse question at the command line."""

import json
import math

import pytest

from empirics.cli.app import run


def planned(capsys, *arguments):
    assert run(["plan", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_question_of_the_readme(capsys):
    """How many fine-tuning facts for an error of 0.05 at K = 4, |R| = 40?"""
    answer = planned(capsys, "ood-error-literal", "--target", "0.05", "K=4", "R=40")
    assert answer["value"] == math.ceil(-2 * 40**2 * math.log(0.05) / (16 * math.log(40)))
    assert answer["bound_at"] <= 0.05 < answer["bound_before"]
    beside = {p["id"]: p for p in answer["beside"]}
    assert beside["ood-error-normalised"]["value"] == math.ceil(-2 * 40**2 * math.log(0.05) / 16)
    exact = beside["covering-some-unseen"]
    assert exact["bound_at"] <= 0.05 < exact["bound_before"]
    assert exact["value"] <= beside["covering-some-unseen-sharp"]["value"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--target", "0.05", "K=1", "R=40"], "premise K >= 2 fails"),
        (["--target", "0.05", "K=4", "R=40", "S=60"], "at most 59 can be fine-tuned"),
        (["--target", "0", "K=4", "R=40"], "positive for every N_f"),
    ],
)
def test_unreachable_says_why(capsys, arguments, reason):
    answer = planned(capsys, "ood-error-literal", *arguments)
    assert answer["reachable"] is False
    assert answer["value"] is None
    assert reason in answer["reason"]
    assert run(["plan", "ood-error-literal", *arguments]) == 0
    shown = capsys.readouterr().out
    assert "unreachable" in shown
    assert reason in " ".join(shown.split())


def test_the_unknown_is_the_symbol_not_given(capsys):
    answer = planned(capsys, "ood-error-literal", "--target", "0.05", "N_f=20", "R=40")
    assert answer["unknown"] == "K"
    assert answer["bound_at"] <= 0.05 < answer["bound_before"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ood-error-literal", "K=4", "R=40"], ["--target"]),
        (["ood-error-literal", "--target", "soon", "K=4", "R=40"], ["soon", "number"]),
        (["ood-error-literal", "--target", "0.05", "K=4"], ["R"]),
        (["ood-error-literal", "--target", "0.05", "K=41", "R=40"], ["K=41", "K <= R"]),
        (["trend-finetuned", "--target", "0.05", "K=4", "R=40"], ["trend-finetuned", "no number"]),
        (["nothing", "--target", "0.05"], ["nothing", "ood-error-literal"]),
        (["ood-error-literal", "--target", "0.05", "K=4", "R=40", "--unknown", "Q"], ["Q"]),
    ],
)
def test_bad_questions(capsys, arguments, words):
    assert run(["plan", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    for word in words:
        assert word in captured.err
