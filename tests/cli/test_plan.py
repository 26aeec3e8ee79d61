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
        (["--target", "0.05", "K=4", "R=40", "S=60"], "so N_f is at most 59"),
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


def test_the_tightest_guarantee_comes_first_with_what_it_rests_on(capsys):
    """Asked by the wider reading, the narrower one answers; laws of other quantities are no guarantee of this one."""
    answer = planned(capsys, "ood-error-normalised", "--target", "0.05", "K=4", "R=40")
    assert (answer["id"], answer["value"], answer["tightest"]) == ("ood-error-normalised", 600, "ood-error-literal")
    assert answer["premises"] == [
        {"relation": "pretraining_gap <= epsilon", "state": "to be measured"},
        {"relation": "K >= 2", "state": "holds"},
    ]
    run(["plan", "ood-error-normalised", "--target", "0.05", "K=4", "R=40"])
    said, law, _, *lines = capsys.readouterr().out.splitlines()
    assert said.startswith("about N_f = 5: predicted ood_error 0.0")
    assert law.startswith("  law      ")
    assert lines[0] == "N_f = 163 is enough for ood_error <= 0.05 at K=4, R=40"
    assert lines[1].startswith("  bound    ood-error-literal: ")
    assert "  premise  K >= 2: holds" in lines
    others = [line.split() for line in lines[lines.index("") + 2 :]]
    assert others[0][:3] == ["ood-error-normalised", "ood_error", "600"]
    assert [row[0] for row in others[1:]][:2] == ["covering-none-seen", "covering-some-unseen-sharp"]


def test_a_bound_from_below_guarantees_nothing(capsys):
    arguments = ["ood-error-linear-memory", "--target", "0.05", "K=1", "R=40"]
    answer = planned(capsys, *arguments)
    assert (answer["value"], answer["guarantees"], answer["tightest"]) == (119, False, None)
    run(["plan", *arguments])
    assert capsys.readouterr().out.startswith("N_f >= 119 is necessary for ood_error <= 0.05 at K=1, R=40; no bound")


def test_unreachable_says_how_far_the_bound_gets(capsys):
    far = planned(capsys, "ood-error-literal", "--target", "0.05", "K=4", "R=40", "S=60")
    assert far["reason"].endswith("; at N_f = 59 the bound is 0.337")
    none = planned(capsys, "ood-error-normalised", "--target", "1e-30", "N_f=40", "R=40")
    assert none["reason"].endswith(
        "no K up to 40 brings the bound of ood-error-normalised to 1e-30; at K = 40 it is 2.06e-09"
    )


def test_a_bound_that_rises_again_is_not_called_enough_for_more_facts(capsys):
    def told(claim):
        assert run(["plan", claim, "--target", "0.05", "K=4", "R=40"]) == 0
        return capsys.readouterr().out.splitlines()

    beyond = "so is every N_f from 181 on, but not each between"
    assert told("coverage-union-sharp")[0] == f"N_f = 139 is enough for coverage_union <= 0.05 at K=4, R=40; {beyond}"
    others = told("ood-error-literal")
    assert any(line.split()[:3] == ["coverage-union-sharp", "coverage_union", "139*"] for line in others)
    assert f"* coverage-union-sharp: 139 is enough; {beyond}" in others


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
