"""Short tasks travel together: how many, in which order, and what happens when they take longer or fail."""

import gc
import sys
import time
from pathlib import Path

import pytest
from dying_experiment import Quick, result
from joblib.externals.loky.process_executor import TerminatedWorkerError

from empirics.errors import UsageError
from empirics.experiments.load import load_config
from empirics.experiments.protocol import Point
from empirics.runs import pool, portions
from empirics.runs.portions import Carried, Dealer, Worked, together, worked


@pytest.fixture
def clock(monkeypatch):
    """A clock that is moved by hand."""
    now = [0.0]
    monkeypatch.setattr(portions.time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, now[0] + seconds)


def back(dealer, *numbers, seconds, undone=()):
    dealer.took(Worked([(number, None) for number in numbers], list(undone), seconds))


def test_tasks_go_alone_until_one_is_back_then_as_many_as_take_half_a_second():
    dealer = Dealer(dict.fromkeys(range(1000), 2.0))
    assert [dealer.deal(2) for _ in range(4)] == [(0,), (1,), (2,), (3,)]
    back(dealer, 0, seconds=1 / 64)
    assert dealer.deal(2) == tuple(range(4, 36))
    back(dealer, *range(4, 36), seconds=8.0)  # it was sixteen times as long
    assert dealer.deal(2) == (36, 37)
    back(dealer, 36, 37, seconds=2.0)
    assert dealer.deal(2) == (38,)
    assert len(dealer) == 1000 - 39


def test_costs_tell_how_many():
    dealer = Dealer({0: 8.0, 1: 8.0, 2: 4.0, 3: 2.0, 4: 1.0, 5: 1.0} | dict.fromkeys(range(6, 100), 0.5))
    dealer.deal(1)
    back(dealer, 0, seconds=0.25)
    assert [dealer.deal(1) for _ in range(2)] == [(1, 2, 3, 4, 5), tuple(range(6, 38))]


def test_towards_the_end_every_worker_gets_some():
    dealer = Dealer(dict.fromkeys(range(41), 1.0))
    dealer.deal(2)
    back(dealer, 0, seconds=1e-6)
    assert [len(dealer.deal(2)) for _ in range(7)] == [10, 7, 5, 4, 3, 2, 2]
    while dealer.deal(2):
        pass
    assert len(dealer) == 0


@pytest.mark.parametrize("cost", [0.0, float("nan"), float("inf")])
def test_costs_that_tell_nothing_leave_tasks_alone(cost):
    dealer = Dealer(dict.fromkeys(range(9), cost))
    for number in range(9):
        assert dealer.deal(1) == (number,)
        back(dealer, number, seconds=0.1)
    assert dealer.deal(1) == ()


def test_what_was_not_begun_comes_next():
    dealer = Dealer(dict.fromkeys(range(100), 1.0))
    dealer.deal(1)
    back(dealer, 0, seconds=0.1)
    assert dealer.deal(1) == (1, 2, 3, 4, 5)
    back(dealer, 1, 2, seconds=1.0, undone=[3, 4, 5])
    assert dealer.deal(1) == (3,)


def test_a_portion_that_takes_long_is_handed_back(clock):
    def slow(number, task):
        clock(task)
        return -number

    found = worked(slow, Carried(((4, 0.5), (5, 0.5), (6, 0.25), (7, 1.0))))
    assert found == ([(4, -4), (5, -5), (6, -6)], [7], 1.25, None)
    assert worked(slow, Carried(((4, 9.0), (5, 9.0)))) == ([(4, -4)], [5], 9.0, None)


def test_what_a_portion_did_before_an_error_comes_back_with_it(clock):
    def refuses(number, task):
        clock(0.125)
        if number == 6:
            raise UsageError("no 6")
        return -number

    done, undone, seconds, error = worked(refuses, Carried(tuple((number, None) for number in (4, 5, 6, 7))))
    assert (done, undone, seconds) == ([(4, -4), (5, -5)], [6, 7], 0.375)
    assert (type(error), str(error)) == (UsageError, "no 6")


def test_what_finishes_within_a_short_time_comes_together(clock):
    def finishing():
        for number, seconds in enumerate((1.0, 0.1, 0.2, 0.3, 0.7, 0.2)):
            clock(seconds)
            yield number

    assert list(together(finishing())) == [[0], [1, 2, 3], [4], [5]]
    assert list(together([])) == []


def test_what_is_finished_before_an_error_comes_first():
    def finishing():
        yield 0
        yield 1
        raise UsageError("no 2")

    found = together(finishing())
    assert next(found) == [0, 1]
    with pytest.raises(UsageError, match="no 2"):
        next(found)


def tasks(experiment, number):
    return pool.split(experiment, "main", load_config("default"), Point.of(R=8, K=1), range(number))


def test_short_tasks_reach_processes_in_few_portions():
    found = list(pool.run_together(tasks(Quick(), 300), 2))
    assert sorted(run.seed for finished in found for _, (run,) in finished) == list(range(300))
    assert len(found) < 100


def test_of_a_portion_whose_process_dies_only_the_task_under_way_is_blamed(monkeypatch):
    given = []

    def dies(pending, workers, markers):
        given.append(sorted(pending))
        if 0 in pending:
            yield [(number, pool._runs_of(number, pending[number])) for number in (0, 1)]
        if 3 in pending:  # of the portion 2, 3, 4
            (Path(markers) / "2").write_text("2\n3\n")
            (Path(markers) / "9").touch()  # of a portion of which nothing is begun
            raise TerminatedWorkerError("killed")
        yield [(number, pool._runs_of(number, pending[number])) for number in pending]

    monkeypatch.setattr(pool, "_parallel", dies)
    found = [[(run.seed, run.lost) for _, (run,) in finished] for finished in pool.run_together(tasks(Quick(), 5), 2)]
    assert found == [[(0, False), (1, False)], [(3, True)], [(2, False), (4, False)]]
    assert given == [[0, 1, 2, 3, 4], [3], [2, 4]]


class Watching(Quick):
    """The error of a run tells which task its process says to be under way."""

    def __init__(self, markers):
        super().__init__()
        self.markers = markers

    def run_arms(self, settings, unit, seeds, device):
        (marker,) = self.markers.iterdir()
        yield [result(unit, seed, int(marker.read_text().split()[-1]) / 10) for seed in seeds]


def test_a_process_marks_the_task_under_way_and_nothing_else(tmp_path):
    bundles = pool.bundled(tasks(Watching(tmp_path), 3))
    portion = pool._marked(str(tmp_path), 0, Carried(tuple(enumerate(bundles, 4))))
    assert [
        [value for run in runs[0] for cell in run.observables.values() for value in cell.values()]
        for _, runs in portion.done
    ] == [[0.4], [0.5], [0.6]]
    assert list(tmp_path.iterdir()) == []


class Frozen(Quick):
    """The error of a run is 1 where libraries are left out of searches for garbage."""

    def run_arms(self, settings, unit, seeds, device):
        yield [result(unit, seed, float("torch" in sys.modules and gc.get_freeze_count() > 10_000)) for seed in seeds]


def test_processes_do_not_search_libraries_for_garbage():
    runs = [run for finished in pool.run_together(tasks(Frozen(), 4), 2) for _, (run,) in finished]
    assert [found["ood_error"] for run in runs for found in run.observables.values()] == [1.0] * 4
    pool._runs_of(0, pool.bundled(tasks(Quick(), 1))[0])
    assert gc.get_freeze_count() == 0, "this process is the user's"


class Refusing(Quick):
    """Seed 2 is refused, and seed 3 ends after that; each leaves a mark when it ends."""

    def __init__(self, marks):
        super().__init__()
        self.marks = marks

    def run_arms(self, settings, unit, seeds, device):
        if 3 in seeds:
            self.wait(2)
        for seed in seeds:
            (self.marks / str(seed)).touch()
        if 2 in seeds:
            raise UsageError("no 2")
        yield [result(unit, seed, 0.0) for seed in seeds]

    def wait(self, seed):
        end = time.monotonic() + 60
        while not (self.marks / str(seed)).exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(0.2)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_ended_beside_a_refused_run_is_given_before_the_error(tmp_path, monkeypatch, workers):
    dealt = iter([(0,), (1, 2), (3,)])
    monkeypatch.setattr(pool.Dealer, "deal", lambda dealer, workers: next(dealt, ()))
    trial, found = Refusing(tmp_path), []

    def collect():
        for finished in pool.run_together(tasks(trial, 5), workers):
            found.extend(run.seed for _, (run,) in finished)
            trial.wait(2 if workers == 1 else 3)  # as a store that is slow

    with pytest.raises(UsageError, match="no 2"):
        collect()
    assert sorted(found) == ([0, 1] if workers == 1 else [0, 1, 3])
