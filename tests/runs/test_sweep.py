"""A sweep on a dask cluster inside this process: portions, workers of unequal speed, a scheduler that goes away."""

import itertools
import time
from types import SimpleNamespace

import pytest
from distributed import LocalCluster, get_worker

from empirics.errors import UsageError, WorkerError
from empirics.runs import cluster
from empirics.runs.cluster import on_cluster
from empirics.runs.portions import Worked

COSTS = dict.fromkeys(range(400), 1.0)


def started(**more):
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    return LocalCluster(**options | more)


@pytest.fixture
def two():
    with started() as found:
        yield found.scheduler_address


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Look often."""
    monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0.05)


def short(number, task):
    time.sleep(0.001)
    return number, get_worker().name


def unequal(number, task):
    time.sleep(0.04 if get_worker().name == 0 else 0.002)
    return number, get_worker().name


def test_short_tasks_travel_in_portions(two):
    found = list(on_cluster(two, short, COSTS, COSTS))
    assert sorted(number for done in found for number, _ in done) == list(range(400))
    assert {number for done in found for _, (number, _) in done} == set(range(400))
    assert len(found) < 100


def refusing(number, task):
    if number == 200:
        raise UsageError("no 200")
    return short(number, task)


def test_what_was_done_before_a_task_is_refused_is_given_before_the_error():
    found = []
    with started(n_workers=1) as one, pytest.raises(UsageError, match="no 200"):
        found.extend(itertools.chain.from_iterable(on_cluster(one.scheduler_address, refusing, COSTS, COSTS)))
    assert [number for number, _ in found] == list(range(200))


def raising(error):
    def result():
        raise error

    return result


@pytest.mark.parametrize("first", ["failed", "done"])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UsageError("no such file"), (UsageError, "^no such file$")),
        (OSError("disk"), (WorkerError, "^workers of the dask scheduler at here cannot run tasks: OSError: disk$")),
    ],
)
def test_what_ended_beside_a_portion_that_failed_is_given_before_the_error(first, error, told):
    client = SimpleNamespace(status="running", nthreads=dict)
    sweep = cluster._Sweep("here", client, short, {}, {2: 1.0})
    sweep._dealer.deal(1)
    ended = {
        "failed": SimpleNamespace(key="failed", status="error", result=raising(error)),
        "done": SimpleNamespace(key="done", status="finished", result=lambda: Worked([(2, "x")], [], 0.1)),
    }
    for key in sorted(ended, key=lambda key: key != first):
        sweep._under_way[key] = (2,)
        sweep._ended.put(ended[key])
    results = sweep.results()
    assert next(results) == [(2, "x")]
    kind, line = told
    with pytest.raises(kind, match=line):
        next(results)


def test_a_fast_worker_gets_more_than_a_slow_one(two):
    names = [name for done in on_cluster(two, unequal, COSTS, COSTS) for _, (_, name) in done]
    assert len(names) == 400
    assert names.count(1) > 2 * names.count(0) > 0


def test_a_scheduler_that_comes_back_is_given_what_was_under_way():
    found, first = [], started(protocol="tcp", host="127.0.0.1")
    address = first.scheduler_address
    again = {"protocol": "tcp", "host": "127.0.0.1", "scheduler_port": int(address.rpartition(":")[2])}
    second = None
    try:
        for done in on_cluster(address, short, COSTS, COSTS):
            found += [number for number, _ in done]
            if second is None:
                first.close()
                second = started(**again)
    finally:
        second.close()
    assert sorted(found) == list(range(400))


def test_a_scheduler_that_is_gone_ends_the_sweep_in_one_line(monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1)
    found, only = [], started(protocol="tcp", host="127.0.0.1")
    told = f"^the dask scheduler at {only.scheduler_address} is gone; finished runs are kept: run again$"
    results = on_cluster(only.scheduler_address, short, COSTS, COSTS)
    found += next(results)
    only.close()
    with pytest.raises(WorkerError, match=told):
        found += itertools.chain(*results)
    assert 0 < len(found) < 400


def test_a_scheduler_without_workers_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(cluster, "_WORKERLESS_SECONDS", 0.2)
    with (
        started(n_workers=0) as empty,
        pytest.raises(WorkerError, match=r"has had no worker for 0\.2 seconds; finished"),
    ):
        list(on_cluster(empty.scheduler_address, short, COSTS, COSTS))


def test_workers_that_join_later_are_used(monkeypatch):
    with started(n_workers=0) as growing:
        growing.scale(1)
        names = set()
        for done in on_cluster(growing.scheduler_address, short, COSTS, COSTS):
            names |= {name for _, (_, name) in done}
            growing.scale(2)
    assert names == {0, 1}
