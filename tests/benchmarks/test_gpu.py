"""The benchmark of accelerators on the processor, with small sizes: everything but CUDA itself."""

import importlib.util
import json
import math
import sys
from pathlib import Path

import pytest
import torch

_SPEC = importlib.util.spec_from_file_location("gpu_benchmark", Path(__file__).parent / "gpu.py")
gpu = importlib.util.module_from_spec(_SPEC)


@pytest.fixture(scope="module", autouse=True)
def benchmark():
    """The script as a module, small; the folder that it adds to the path is taken off again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        patch.setitem(sys.modules, _SPEC.name, gpu)
        _SPEC.loader.exec_module(gpu)
        patch.setitem(gpu.SIZES, "cpu", gpu.Sizes((6, 5, 2, 8), (2, 3), 20))
        timed = gpu.step_time
        patch.setattr(gpu, "step_time", lambda work, seconds, wait: timed(work, 0.0, wait))
        yield


def measured(folder, *arguments):
    status = gpu.main(["--device", "cpu", "--output", str(folder), *arguments])
    return status, json.loads((folder / "gpu.json").read_text()), (folder / "gpu.md").read_text()


def test_it_compares_measures_and_writes(tmp_path, capsys):
    status, result, table = measured(tmp_path / "new", "--minutes", "100")
    assert status == 0
    assert capsys.readouterr().out == table
    apart = result["agreement"]
    assert apart["agrees"]
    assert apart["float64 on the device"]["losses, largest"] < 1e-12 < apart["float32 on the device"]["losses, largest"]
    assert [row["models"] for row in result["rows"]] == [2, 3]
    for row in result["rows"]:
        values = row["kernel by kernel"]
        assert values["models per second"] == pytest.approx(1e3 * row["models"] / values["ms per step"] / 4000)
        times = values["models per second"] / result["one core"]["models per second"]
        assert values["times one core"] == pytest.approx(times)
        assert f"| {row['models']} | kernel by kernel | {values['ms per step']:.3g} | " in table
    assert result["torch"] == torch.__version__
    assert f"torch: {torch.__version__}" in table
    assert "They agree within the tolerances." in table


def test_what_does_not_agree_is_not_measured(tmp_path, monkeypatch):
    monkeypatch.setitem(gpu.TOLERANCES, "float32", (1e-5, 0.0))
    status, result, table = measured(tmp_path)
    assert status == 1
    assert result["rows"] == []
    assert "one core" not in result
    assert "They do NOT agree" in table


def test_without_time_it_writes_what_it_has(tmp_path):
    status, result, table = measured(tmp_path, "--minutes", "0")
    assert status == 0
    assert result["agreement"]["agrees"]
    assert result["rows"] == [{"models": n, "left out": "no time was left"} for n in (2, 3)]
    assert table.count("left out: no time was left") == 2


def test_curves_that_ended_elsewhere_are_infinitely_far_apart():
    stage, (weights, corpora) = gpu.STAGE, gpu.problem((6, 5, 2, 8), 1)
    one, other = (
        gpu.train(weights, corpora, gpu.Model(width=8), stage.model_copy(update={"steps": steps}), seeds=[0])
        for steps in (2, 3)
    )
    assert gpu.distance(one, other)["losses, largest"] == math.inf


def test_stacks_that_do_not_fit_are_counted_together(monkeypatch):
    whole = gpu.speed(gpu.SIZES["cpu"], 3, "cpu", 0.0, 1.0)
    monkeypatch.setattr(gpu, "room", lambda weights, corpus: 2)
    monkeypatch.setattr(gpu, "step_time", lambda *_: 0.001)
    part = gpu.speed(gpu.SIZES["cpu"], 3, "cpu", 0.0, 1.0)
    assert (whole["stack"], part["stack"]) == (3, 2)
    assert part["kernel by kernel"]["ms per step"] == pytest.approx(1.5)


def test_without_a_device_it_says_what_is_allowed(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main([]) == 2
    assert "allowed here: --device cpu" in capsys.readouterr().err
