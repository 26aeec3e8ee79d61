"""The time that a dry run tells, on a machine whose times are known: start-up, compilation, runs of each size."""

import heapq
from types import SimpleNamespace

import pytest
from planned_experiment import Instant, small

from empirics.experiments.arms import arms_of
from empirics.experiments.protocol import UnitRun
from empirics.runs.source import wanted
from empirics.verification import cost
from empirics.verification.cost import cost_of

GRID = ("world.templates=[20]", "world.multiplicity=[1,3,6]", "world.finetuned=[5]", "seeds.looks=[8,16]")
SECONDS = {1: 0.5, 3: 0.75, 6: 1.5}  # of a run by K; the arithmetic is as 2 : 4 : 7, which is far from it
LOADING, STARTING, TUNING = 8.0, 6.0, 0.2


class Machine:
    """Stands for the clock and for the making of runs: every process takes the next bundle, the longest first."""

    def __init__(self, seconds=SECONDS, failure=None, stop=None):
        self.seconds, self.failure, self.stop = seconds, failure, stop
        self.now, self.calls, self.started = 0.0, [], set()

    def perf_counter(self):
        return self.now

    def run_tasks(self, tasks, workers):
        if self.stop == len(self.calls):
            raise KeyboardInterrupt
        bundles = {}
        for task in tasks:
            bundles.setdefault((task.unit, task.seeds, task.experiment.start(task.settings)), []).append(task)
        self.calls.append((workers, [task.unit["K"] for task in tasks], [s for task in tasks for s in task.seeds]))
        self.now += 0.0 if workers in self.started else STARTING if self.started else LOADING
        self.started.add(workers)
        free = [0.0] * workers
        for bundle in sorted(bundles.values(), key=lambda found: -found[0].cost):
            at = heapq.heappop(free)
            heapq.heappush(free, at + self.seconds[bundle[0].unit["K"]] + TUNING * (len(bundle) - 1))
        self.now += max(free)
        for task in tasks:
            failed = {"failure": self.failure, "lost": True} if self.failure else {}
            yield task, [UnitRun(task.unit, seed, {}, **failed) for seed in task.seeds]


@pytest.fixture
def estimate(monkeypatch):
    def told(machine, *more, workers=2, missing=None, grid=GRID):
        monkeypatch.setattr(cost, "run_tasks", machine.run_tasks)
        monkeypatch.setattr(cost, "time", SimpleNamespace(perf_counter=machine.perf_counter))
        trial, settings = Instant(), small(*grid, *more)
        arms = arms_of(trial, settings)
        everything = [(n, u, s) for (n, u), seeds in wanted(trial, arms, 0, 16).items() for s in seeds]
        places = everything if missing is None else [place for place in everything if missing(*place)]
        return cost_of(trial, arms, places, (8, 16), workers, timed=True)

    return told


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_estimate_is_the_time_of_all_runs_without_loading_and_compiling(estimate, workers):
    machine = Machine()
    found = estimate(machine, workers=workers)
    total = 16 * sum(SECONDS.values()) / workers
    assert found.seconds == pytest.approx([total / 2, total], rel=0.1)
    assert found.runs == [24, 48]
    assert found.relative == pytest.approx([8 * 6.5, 16 * 6.5])
    assert found.timed == len(machine.calls[-1][1])
    assert set(machine.calls[-1][1]) == {1, 3, 6}, "runs of every size"
    assert [call[0] for call in machine.calls] == [1, *[workers] * (3 if workers > 1 else 2)]
    assert all(min(seeds) >= 16 for _, _, seeds in machine.calls), "not the plan's"


def test_what_arms_share_is_timed_with_them(estimate):
    arms = ("arms.run=['low-rank']", "arms.templates=[]", "arms.multiplicity=[]", "arms.finetuned=[]")
    found = estimate(Machine(), *arms, workers=1)
    assert found.runs == [48, 96]
    assert found.seconds[1] == pytest.approx(16 * (sum(SECONDS.values()) + 3 * TUNING))
    assert found.seconds_per_run == pytest.approx((sum(SECONDS.values()) + 3 * TUNING) / 6)


def test_only_what_is_missing_counts(estimate):
    machine = Machine()
    found = estimate(machine, workers=1, missing=lambda name, unit, seed: unit["K"] == 6 and seed >= 8)
    assert found.seconds == pytest.approx([0.0, 8 * SECONDS[6]])
    assert found.found == 40
    assert {k for _, units, _ in machine.calls for k in units} == {6}
    nothing = estimate(machine, missing=lambda *_: False)
    assert (nothing.seconds, nothing.relative, nothing.found) == (None, [0.0, 0.0], 48)


def test_fewer_runs_than_processes_take_the_time_of_one(estimate):
    few = estimate(Machine(), workers=16, missing=lambda name, unit, seed: unit["K"] == 6 and seed < 4)
    assert few.seconds == pytest.approx([SECONDS[6]] * 2)


def test_runs_of_as_many_sizes_are_timed_as_there_is_time_for(estimate):
    machine = Machine({1: 2.0, 3: 3.0, 6: 6.0})
    found = estimate(machine, workers=1)
    assert machine.calls[-1][1] == [1, 1, 1], "another of K=6 would take too long"
    assert found.seconds[1] == pytest.approx(16 * 2.0 * 6.5)
    slow = Machine({1: 20.0, 3: 30.0, 6: 60.0})
    estimate(slow, workers=2)
    assert [len(units) for _, units, _ in slow.calls] == [1, 2, 2], "the cheapest alone"
    slowest = Machine({1: 100.0, 3: 150.0, 6: 300.0})
    found = estimate(slowest, workers=2)
    assert len(slowest.calls) == 1, "what took long is not repeated"
    assert found.seconds[1] == pytest.approx(16 * (100.0 + LOADING) * 6.5 / 2)


def test_a_run_that_fails_is_told_and_there_is_no_estimate(estimate):
    found = estimate(Machine(failure="out of memory"))
    run = "R=20, K=1, seed 16, not of the plan"
    assert (found.seconds, found.timed, found.failed) == (None, 0, {"out of memory": run})


@pytest.mark.parametrize("call", range(4))
def test_ctrl_c_ends_the_timing_alone(estimate, call):
    found = estimate(Machine(stop=call))
    assert (found.seconds, found.failed, found.megabytes_per_process, found.runs) == (None, {}, None, [24, 48])
