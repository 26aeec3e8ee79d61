"""What a configuration asks for is counted without building its grid, and refused where a machine cannot hold it."""

import math
import os
from pathlib import Path

import pytest

from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.experiments.arms import arms_of
from empirics.experiments.load import load_config
from empirics.experiments.protocol import Experiment, Point
from empirics.experiments.registry import experiment
from empirics.verification import size
from empirics.verification.verify import verify


def asked(*settings, workers=2, trial=None):
    trial = trial or experiment()
    return size.size_of(trial, arms_of(trial, load_config("default", None, list(settings))), workers)


def test_runs_and_cells_are_those_of_the_grid():
    trial = experiment()
    config = load_config("default")
    arms = arms_of(trial, config)
    found = size.size_of(trial, arms, 2)
    assert found.runs == config.seeds.maximum * sum(len(trial.units(arm.settings)) for arm in arms)
    assert found.cells == sum(len(trial.cells(arm.settings)) for arm in arms)
    assert found.processes == 2
    assert found.memory == found.collecting + 2 * found.running
    size.check_size(found)


def test_the_default_is_within_what_was_measured():
    """docs/howto/cluster.md: 3.5 KiB a run with five cells in the store."""
    found = asked("arms.run=[]")
    assert 0.5 * 3584 <= found.disk / found.runs <= 3584


@pytest.mark.parametrize(
    ("settings", "key", "number"),
    [
        (["world.subjects=10000000", "world.answers=10000000"], "world.subjects", "6.4 PB"),
        (["seeds.looks=[10000000]"], "seeds.looks", "60,000,000 runs"),
        (["model.width=10000000"], "model.width", "GB"),
        (
            [
                "world.subjects=1100",
                "world.answers=1100",
                f"world.templates={list(range(1000, 2001))}",
                f"world.multiplicity={list(range(1, 1001))}",
                f"world.finetuned={list(range(1, 1001))}",
            ],
            "world.templates",
            "1,001,000,000",
        ),
    ],
)
def test_impossible_sizes_are_refused_with_their_numbers_and_the_key(
    settings, key, number, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(size, "memory_here", lambda: 16e9)
    monkeypatch.setattr(Experiment, "units", lambda *_: pytest.fail("the grid was built"))
    monkeypatch.setattr(Experiment, "cells", lambda *_: pytest.fail("the grid was built"))
    settings = ["arms.run=[]", *settings]
    words = [word for setting in settings for word in ("--set", setting)]
    for more in ([], ["--dry-run"]):
        assert run(["verify", "--output", str(tmp_path / "r"), *words, *more]) == 2
        out, err = capsys.readouterr()
        (line,) = (told for told in err.splitlines() if "defaults that follow your settings" not in told)
        assert line.startswith(f"factbound: {key} asks for ")
        assert number in line
        assert line.endswith("; this machine has 16 GB of memory: make it smaller")
        assert out == ""
    assert not (tmp_path / "r").exists()
    with pytest.raises(UsageError, match=rf"^{key} asks for"):
        verify(load_config("default", None, settings))


def test_a_disk_that_is_too_small_is_told_before_the_first_run(monkeypatch, tmp_path):
    monkeypatch.setattr(size, "memory_here", lambda: math.inf)
    monkeypatch.setattr(size, "_free", lambda directory: 1000.0)
    with pytest.raises(UsageError, match=rf"asks for .* of disk; {tmp_path} has 1 kB free: make it smaller"):
        size.check_size(asked(), tmp_path)
    size.check_size(asked())
    monkeypatch.undo()
    assert size._free(tmp_path / "not" / "there") > 0
    assert size._free(Path("nowhere")) > 0


def test_an_experiment_that_does_not_tell_is_counted_by_its_runs_alone():
    class Silent(type(experiment())):
        memory = Experiment.memory

    found = asked(trial=Silent())
    assert (found.running, found.memory) == (0, found.collecting)
    assert "for each run" not in found.text


def test_memory_of_a_run_is_a_lower_bound_on_what_was_measured():
    """Measured: 173 MB beyond an empty process at 1000 subjects, 935 MB at 3000 (float32, width 64)."""
    for subjects, measured in ((1000, 173e6), (3000, 935e6)):
        config = load_config("default", None, [f"world.subjects={subjects}", f"world.answers={subjects}"])
        found, key = experiment().memory(config, Point.of(R=20, K=3))
        assert measured / 4 < found <= measured
        assert key == "world.subjects"
    double, _ = experiment().memory(
        config.model_copy(update={"compute": config.compute.model_copy(update={"dtype": "float64"})}),
        Point.of(R=20, K=3),
    )
    assert double == 2 * found


def test_the_memory_of_language_models():
    trial = experiment("language-model")
    model = load_config("default", experiment="language-model")
    found, key = trial.memory(model, Point.of(R=4, K=1))
    assert found > 0
    assert key == "model.width"
    named = model.model_copy(update={"model": model.model.model_copy(update={"name": "somewhere"})})
    assert trial.memory(named, Point.of(R=4, K=1)) == (0, "")


def test_what_the_system_does_not_tell_is_no_limit(monkeypatch):
    assert 0 < size.memory_here() < math.inf
    monkeypatch.setattr(os, "sysconf", lambda name: (_ for _ in ()).throw(ValueError(name)))
    monkeypatch.setattr(size, "Path", lambda place: Path("/nonexistent"))
    assert size.memory_here() == math.inf
    monkeypatch.delattr(os, "sysconf")
    assert size.memory_here() == math.inf
