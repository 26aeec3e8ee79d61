"""``verify --dry-run``, and the plan in what ``verify`` writes."""

import json

import pytest

from empirics.cli.app import run

TINY = [
    "--set=world.subjects=12",
    "--set=world.answers=12",
    "--set=world.templates=[6]",
    "--set=world.multiplicity=[3]",
    "--set=world.finetuned=[2,8]",
    "--set=model.width=16",
    "--set=pretraining.steps=50",
    "--set=seeds.looks=[2]",
    "--set=arms.run=[]",
    "--claims=ood-error-literal,trend-finetuned",
    "--workers=1",
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """The directory of a verification, after a dry run into it."""
    return tmp_path_factory.mktemp("planned") / "results"


@pytest.fixture(scope="module")
def verified(directory):
    run(["verify", *TINY, "--output", str(directory)])
    return directory


def test_a_dry_run_writes_nothing_and_tells_plan_cost_and_what_can_be_decided(tmp_path, capsys):
    output = tmp_path / "results"
    assert run(["verify", "--dry-run", *TINY, "--set=seeds.looks=[16,32]", "--output", str(output)]) == 0
    assert list(tmp_path.iterdir()) == []
    out = capsys.readouterr().out
    assert "2 claims; seeds 0 to 31" in out
    assert "looks at 16 seeds, 32 seeds" in out
    assert "Results would be declared before the data: none of its runs existed before it." in out
    assert "16 runs at 16 seeds, 32 runs at 32 seeds" in out
    assert "time: about" in out
    assert "at 16 of 16, 30 of 32" in out
    assert "(limit 0.0979)" in out


def test_its_hash_is_that_of_the_verification_that_follows(directory, capsys):
    assert run(["verify", "--dry-run", "--json", *TINY, "--output", str(directory)]) == 0
    forecasted = json.loads(capsys.readouterr().out)
    assert not directory.exists()
    run(["verify", *TINY, "--output", str(directory)])
    out = capsys.readouterr().out
    plan = json.loads((directory / "plan.json").read_text("utf-8"))
    assert forecasted["plan"] == plan
    results = json.loads((directory / "results.json").read_text("utf-8"))
    assert results["plan"] == forecasted["standing"]
    line = f"Plan {plan['hash'][:12]}: declared before the data; none of its runs existed before it."
    assert line in out
    assert line in (directory / "report.html").read_text("utf-8")


def test_a_changed_plan_is_called_exploratory_everywhere(verified, capsys):
    changed = [*TINY, "--set=verdict.alpha=0.01", "--output", str(verified)]
    assert run(["verify", "--dry-run", *changed]) == 0
    assert "Results would be exploratory: 2 of its 2 runs existed before it" in capsys.readouterr().out
    run(["verify", *changed])
    assert "exploratory; 2 of its 2 runs existed before it" in capsys.readouterr().out
    assert "other verdict.alpha" in (verified / "report.html").read_text("utf-8")
    assert json.loads((verified / "results.json").read_text("utf-8"))["plan"]["declared"] is False


def test_bad_usage_is_refused_as_without_it(tmp_path, capsys):
    assert run(["verify", "--dry-run", "--workers=0"]) == 2
    capsys.readouterr()
    assert run(["verify", "--dry-run", "--claims=nothing"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()  # no run was timed before
    assert "nothing" in line
