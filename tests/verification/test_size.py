"""What a configuration asks for is counted without building its grid, and refused where a machine cannot hold it."""

import math
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import empirics
from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.experiments import memory
from empirics.experiments.arms import arms_of
from empirics.experiments.load import load_config
from empirics.experiments.protocol import Experiment, Point
from empirics.experiments.registry import experiment
from empirics.verification import size
from empirics.verification.verify import verify

CELL = ["--templates", "60", "--multiplicity", "3", "--finetuned", "20"]
LARGE = ["--set", "model.width=8192", "--set", "model.layers=64", "--set", "compute.device=cpu"]
SIZE = size.Size(
    runs=8, cells=8, processes=2, collecting=20_000_000, running=3_000_000_000, disk=9_000,
    key="seeds.looks", running_key="model.width",
)  # fmt: skip


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
    assert 0 < memory.memory_here() < math.inf
    monkeypatch.setattr(os, "sysconf", lambda name: (_ for _ in ()).throw(ValueError(name)))
    monkeypatch.setattr(memory, "Path", lambda place: Path("/nonexistent"))
    assert memory.memory_here() == math.inf
    monkeypatch.delattr(os, "sysconf")
    assert memory.memory_here() == math.inf


@pytest.mark.parametrize(
    ("have", "key", "why"),
    [
        ({"memory": 1e9}, "model.width", "this machine has 1 GB of memory"),
        ({"memory": 1e6}, "model.width", "this machine has 1 MB of memory"),
        ({"memory": 1e10, "disk": 1e3, "place": "there"}, "seeds.looks", "there has 1 kB free"),
        ({"memory": 1e10, "accelerator": 1.0}, None, None),  # none is used
    ],
)
def test_what_does_not_suffice_on_a_processor(have, key, why):
    found = size.lacking(SIZE, **have)
    assert found == (None if key is None else (key, why))


@pytest.mark.parametrize(
    ("have", "key", "why"),
    [
        ({"memory": 1e8, "accelerator": 7e9}, None, None),  # the runs are on the accelerator
        ({"memory": 1e8, "accelerator": 5e9}, "model.width", "its accelerator has 5 GB of memory"),
        ({"memory": 1e7, "accelerator": 7e9}, "seeds.looks", "this machine has 10 MB of memory"),
    ],
)
def test_what_does_not_suffice_on_an_accelerator(have, key, why):
    found = size.lacking(SIZE.model_copy(update={"accelerator": True}), **have)
    assert found == (None if key is None else (key, why))


def test_an_accelerator_is_shared_by_the_processes_and_holds_one_run_at_least(monkeypatch):
    monkeypatch.setattr(size, "resolved_device", lambda name: ("cuda", "a GPU") if name == "cuda" else ("cpu", ""))
    alone, four = (asked("compute.device='cuda'", workers=n) for n in (None, 4))
    assert (alone.processes, four.processes) == (1, 4)
    assert four.accelerator_memory == 4 * alone.accelerator_memory == 4 * alone.running
    assert alone.memory == alone.collecting == four.memory
    assert "of the accelerator's memory (" in four.text
    monkeypatch.setattr(size, "_accelerator", lambda: 1e3)
    with pytest.raises(UsageError, match=r"^world.subjects asks for .* in 4 processes\).*; its accelerator has 1 kB"):
        size.check_size(four)
    size.check_size(asked(workers=4))
    monkeypatch.undo()
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=8e9))
    assert size._accelerator() == 8e9
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: (_ for _ in ()).throw(RuntimeError("none")))
    assert size._accelerator() == math.inf


@pytest.mark.parametrize(
    ("words", "key", "number"),
    [
        (["run", *CELL, "--set", "world.subjects=10000000"], "world.subjects", "6.4 PB of memory for one run"),
        (["run", *CELL, "--set", "model.width=10000000"], "model.width", "GB of memory for one run"),
        (["lm", "plan", *LARGE, "--workers", "1"], "model.width", "825 GB for each run in 1 process)"),
        (["lm", "run", *LARGE, "--workers", "2"], "model.width", "825 GB for each run in 2 processes)"),
        (["map", "--set", "world.subjects=10000000"], "world.subjects", "6.4 PB for each run"),
    ],
)
def test_every_command_that_trains_refuses_what_is_too_large_before_it_builds_anything(
    words, key, number, monkeypatch, tmp_path, capsys
):
    for place in (size, memory):
        monkeypatch.setattr(place, "memory_here", lambda: 16e9)
    monkeypatch.setattr(type(experiment()), "inspect", lambda *_: pytest.fail("a model was built"))
    monkeypatch.setattr(type(experiment("language-model")), "plan", lambda *_: pytest.fail("a model was built"))
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    out, err = capsys.readouterr()
    line = err.splitlines()[-1]
    assert line.startswith(f"factbound: {key} asks for ")
    assert number in line
    assert line.endswith("; this machine has 16 GB of memory: make it smaller")
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_one_run_from_python_too(monkeypatch):
    monkeypatch.setattr(memory, "memory_here", lambda: 16e9)
    config = load_config("default", None, ["world.subjects=10000000"])
    with pytest.raises(UsageError, match=r"^world.subjects asks for at least 6.4 PB of memory for one run; this"):
        empirics.run(config, templates=60, multiplicity=3, finetuned=20)
