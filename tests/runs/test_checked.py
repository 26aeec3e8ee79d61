"""What breaks the protocol is a failed run with the reason; the others go on and nothing bad is stored."""

import itertools
import json

import numpy as np
import pytest
from dying_experiment import result

from empirics.errors import UsageError
from empirics.experiments.load import load_config
from empirics.experiments.one_layer.experiment import OneLayer
from empirics.experiments.protocol import Curve, Point, UnitRun
from empirics.runs.pool import run_tasks, split
from empirics.runs.store import Store

UNIT = Point.of(R=8, K=1)
CELL = Point.of(R=8, K=1, N_f=2)


class Odd(OneLayer):
    """Gives what it is told to give for seed 1."""

    name = "odd"

    def __init__(self, odd):
        super().__init__()
        self.odd = odd

    def run(self, settings, unit, seeds, device):
        return self.odd if 1 in seeds else [result(unit, seed, 0.0) for seed in seeds]

    def run_arms(self, settings, unit, seeds, device):
        return (self.run(arm, unit, seeds, device) for arm in settings)


class Lists(OneLayer):
    """Gives so many lists, whatever it is asked for; or leaves with a status."""

    name = "lists"

    def __init__(self, number):
        super().__init__()
        self.number = number

    def run_arms(self, settings, unit, seeds, device):
        if self.number is None:
            raise SystemExit(4)
        return itertools.repeat([result(unit, seed, 0.0) for seed in seeds], self.number)


class Refusing(OneLayer):
    """Cannot run as it is asked to."""

    name = "refusing"

    def run_arms(self, settings, unit, seeds, device):
        raise UsageError("facts.source=none.tsv: no such table")


def runs_of(experiment, workers=1):
    tasks = split(experiment, "main", load_config("default"), UNIT, range(3))
    return sorted((run for _, found in run_tasks(tasks, workers) for run in found), key=lambda run: run.seed)


def one(observables, **more):
    return [UnitRun(UNIT, 1, observables, **more)]


BAD = {
    "None": (None, "gave NoneType"),
    "a None": ([None], "NoneType in it"),
    "no run": ([], "gave none; asked for R=8, K=1, seed 1"),
    "two runs": ([result(UNIT, 1, 0.0), result(UNIT, 2, 0.0)], "gave R=8, K=1, seed 1; R=8, K=1, seed 2"),
    "another seed": ([result(UNIT, 7, 0.0)], "seed 7"),
    "another unit": ([result(Point.of(R=9, K=1), 1, 0.0)], "R=9"),
    "no cell": (one({}), "no cell and no failure"),
    "another cell": (one({UNIT: {"ood_error": 0.0}}), "no cell of R=8"),
    "an unknown name": (one({CELL: {"colour": 0.0}}), "observable colour is unknown"),
    "NaN": (one({CELL: {"ood_error": float("nan")}}), "ood_error at R=8, K=1, N_f=2 is nan"),
    "infinity": (one({CELL: {"pretraining_gap": np.inf}}), "is inf"),
    "text": (one({CELL: {"ood_error": "hello"}}), "is 'hello'"),
    "out of range": (one({CELL: {"ood_error": 1.5}}), "is 1.5: allowed is a finite number from 0 to 1"),
    "a short curve": (one({CELL: {}}, curves={"pretraining_gap": Curve((1, 2), (0.1,))}), "2 steps and 1 value"),
    "a NaN in a curve": (one({CELL: {}}, curves={"loss": Curve((1,), (float("nan"),))}), "curve loss is nan"),
    "a reason that is none": (one({}, failure=ValueError("why")), "allowed is text"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_what_breaks_the_protocol_is_a_failed_run_with_the_reason(case):
    odd, reason = BAD[case]
    runs = runs_of(Odd(odd))
    assert [(run.seed, run.failure is None) for run in runs] == [(0, True), (1, False), (2, True)]
    assert runs[1].lost, "it is not stored"
    assert runs[1].failure.startswith("internal error: ")
    assert reason in runs[1].failure


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("number", "reason"), [(0, "fewer lists"), (2, "more lists"), (None, "SystemExit: 4")])
def test_too_few_lists_too_many_and_a_way_out_are_failed_runs(number, reason, workers):
    for run in runs_of(Lists(number), workers):
        assert run.lost
        assert reason in run.failure


def test_numbers_of_numpy_are_stored_as_numbers(tmp_path):
    cell = Point((("R", 8), ("K", 1), ("N_f", np.int64(2))))
    curve = Curve((np.int64(1),), (np.float32(0.5),))
    odd = [UnitRun(UNIT, np.int64(1), {cell: {"ood_error": np.float32(0.5)}}, {"loss": curve})]
    run = runs_of(Odd(odd))[1]
    assert run == UnitRun(UNIT, 1, {CELL: {"ood_error": 0.5}}, {"loss": Curve((1,), (0.5,))})
    with Store(tmp_path / "runs.sqlite") as store:
        store.add({"key": run})
        assert store.find(["key"]) == {"key": run}


def test_a_verification_with_bad_values_writes_its_results_and_exits_70(monkeypatch, tmp_path):
    from empirics.cli import verify as command
    from empirics.cli.app import run

    unit = Point.of(R=8, K=2)
    odd = Odd([UnitRun(unit, 1, {Point((*unit.values, ("N_f", 2))): {"ood_error": 1.5}})])
    monkeypatch.setattr(command, "registered", lambda name: odd)
    settings = ["world.templates=[8]", "world.multiplicity=[2]", "world.finetuned=[2]", "seeds.minimum=3"]
    words = ["verify", "--workers", "1", "--output", str(tmp_path), *(w for s in settings for w in ("--set", s))]
    assert run(words) == run(words) == 70
    cell = json.loads((tmp_path / "results.json").read_text())["cells"][0]
    assert cell["failed"] == [1]
    assert "is 1.5: allowed" in cell["failures"]["1"]


def test_what_the_user_asked_for_wrongly_ends_the_runs_and_is_no_failed_run():
    with pytest.raises(UsageError, match=r"none\.tsv: no such table"):
        runs_of(Refusing())
