"""Runs are found, or made and stored: which, in which order, and what is told; keys of a run by hand."""

import hashlib
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from empirics.experiments import protocol
from empirics.experiments.arms import arms_of
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Point, UnitRun
from empirics.experiments.registry import experiments
from empirics.files import hash_of
from empirics.runs import outlook, source
from empirics.runs.source import Progress, RunSource, keys_of, run_key, wanted

ONE, TWO = Point.of(K=1), Point.of(K=2)
ARMS = [SimpleNamespace(name="main", settings="plain"), SimpleNamespace(name="slow", settings="slower")]


class Kept:
    def __init__(self, *keys):
        self.runs, self.added = {key: UnitRun(ONE, -1, {}, failure=key) for key in keys}, []

    def stream(self, keys):
        yield {}
        for key in keys:
            if key in self.runs:
                yield {key: self.runs[key]}

    def add(self, entries, plan):
        self.added.append((sorted(entries), plan))


@pytest.fixture
def made(monkeypatch):
    """A source whose keys are readable, whose tasks hold all seeds of a unit, and what it told."""
    told = []

    def split(experiment, variant, settings, unit, seeds, rank):
        seeds = tuple(seeds)
        task = SimpleNamespace(variant=variant, settings=settings, unit=unit, seeds=seeds, rank=rank, cost=1.0)
        return [task] if seeds else []

    def run_together(tasks, workers, cluster):
        told.append(("ran", workers, cluster))
        found = [(task, [UnitRun(task.unit, seed, {}, lost=seed == 9) for seed in task.seeds]) for task in tasks[::-1]]
        yield found[:1]
        if found[1:]:
            yield found[1:]

    monkeypatch.setattr(source, "_common", lambda experiment, settings: settings)
    monkeypatch.setattr(source, "_key", lambda common, unit, seed: f"{common} {unit} {seed}")
    monkeypatch.setattr(source, "split", split)
    monkeypatch.setattr(source, "run_together", run_together)

    def make(**more):
        progress = Progress(
            found=lambda n: told.append(("found", n)),
            planned=lambda n: told.append(("planned", n)),
            advanced=lambda task, runs: told.append(("advanced", task.unit, len(runs))),
        )
        return RunSource(None, ARMS, 3, progress, **more), told

    return make


WANTED = {("main", ONE): [0, 1], ("main", TWO): [0, 9], ("slow", ONE): [5]}


def test_later_looks_are_planned_when_their_first_run_is_there(made):
    runs, told = made()
    found = [(v, [r.seed for r in some]) for v, some in runs.runs({("main", ONE): [0, 1]}, {("main", ONE): [2, 3, 4]})]
    assert found == [("main", [2, 3, 4]), ("main", [0, 1])], "in whichever order they finish"
    assert told == [
        ("planned", 2), ("ran", 3, None), ("planned", 3), ("advanced", ONE, 3), ("advanced", ONE, 2)
    ]  # fmt: skip


def test_without_a_store_every_run_is_made(made):
    runs, told = made()
    assert (runs.fresh, runs.cluster, runs.plan) == (False, None, None)
    found = [(variant, [(r.unit, r.seed) for r in some]) for variant, some in runs.runs(WANTED)]
    assert found == [("slow", [(ONE, 5)]), ("main", [(TWO, 0), (TWO, 9)]), ("main", [(ONE, 0), (ONE, 1)])]
    assert told == [("planned", 5), ("ran", 3, None), ("advanced", ONE, 1), ("advanced", TWO, 2), ("advanced", ONE, 2)]


def test_what_is_stored_comes_first_and_the_rest_is_stored_but_for_lost_runs(made):
    store = Kept("plain K=1 1", "slower K=1 5", "plain K=2 5")
    runs, told = made(store=store, plan="p", cluster="c")
    found = [(variant, [r.failure or r.seed for r in some]) for variant, some in runs.runs(WANTED)]
    assert found == [("main", ["plain K=1 1"]), ("slow", ["slower K=1 5"]), ("main", [0, 9]), ("main", [0])]
    assert store.added == [(["plain K=2 0"], "p"), (["plain K=1 0"], "p")]  # nothing is left of the slower arm
    assert told[:4] == [("found", 1), ("found", 1), ("planned", 3), ("ran", 3, "c")]


def test_what_finishes_together_is_stored_at_once_and_then_told(made, monkeypatch):
    store = Kept()
    runs, told = made(store=store)
    monkeypatch.setattr(store, "add", lambda entries, plan: told.append(("stored", len(entries))))
    assert sum(len(some) for _, some in runs.runs(WANTED)) == 5
    assert [kind for kind, *_ in told] == ["planned", "ran", "stored", "advanced", "stored", "advanced", "advanced"]
    assert [entry for entry in told if entry[0] == "stored"] == [("stored", 1), ("stored", 3)]


def test_the_time_left_is_told_before_runs_are_given(made, monkeypatch):
    clock = iter([10.0, 12.0])
    monkeypatch.setattr(outlook.time, "monotonic", lambda: next(clock))
    runs, told = made()
    runs = replace(runs, workers=0)
    runs.progress.left = lambda seconds: told.append(("left", seconds))
    list(runs.runs({("main", ONE): [0], ("main", TWO): [0], ("slow", ONE): [5]}))
    assert [kind for kind, *_ in told] == ["planned", "ran", "advanced", "left", "advanced", "advanced"]


def reckoned(monkeypatch, cost, steps, patience=1):
    """What an outlook says after each step of time and cost."""
    now = [5.0]
    monkeypatch.setattr(outlook.time, "monotonic", lambda: now[0])
    found, said = outlook.Outlook(cost, patience), []
    for seconds, more in steps:
        now[0] += seconds
        said.append(found.after(more))
    return said


def test_the_time_left_is_in_proportion_to_what_runs_cost_once_the_first_is_there(monkeypatch):
    assert reckoned(monkeypatch, 40.0, [(90, 8), (2, 8), (2, 4), (3, 20)]) == [None, 6.0, 4 * 20 / 12, 0.0]
    assert reckoned(monkeypatch, 40.0, [(90, 8), (2, 8), (2, 4), (3, 20)], 3) == [None, None, None, 0.0]


@pytest.mark.parametrize("cost", [0.0, float("inf"), float("nan")])
def test_costs_that_tell_nothing_tell_no_time(monkeypatch, cost):
    assert reckoned(monkeypatch, 3 * cost, [(1, cost)] * 3) == [None] * 3
    assert reckoned(monkeypatch, float("inf"), [(1, 1.0)] * 3) == [None] * 3


def test_fresh_runs_are_made_again_and_stored(made):
    store = Kept("plain K=1 0", "plain K=1 1")
    runs, told = made(store=store, fresh=True)
    assert [[r.seed for r in some] for _, some in runs.runs({("main", ONE): [0, 1]})] == [[0, 1]]
    assert store.added == [(["plain K=1 0", "plain K=1 1"], None)]
    assert told[0] == ("planned", 2)


def test_where_all_is_stored_nothing_is_started(made):
    runs, told = made(store=Kept("plain K=1 0"))
    assert len(list(runs.runs({("main", ONE): [0]}))) == 1
    assert told == [("found", 1), ("planned", 0)]


def test_every_unit_of_every_arm_is_wanted():
    experiment = SimpleNamespace(units=lambda settings: [ONE, TWO] if settings == "plain" else [ONE])
    seeds = range(3, 7)
    assert wanted(experiment, ARMS, 3, 7) == {("main", ONE): seeds, ("main", TWO): seeds, ("slow", ONE): seeds}


def test_a_key_hashes_its_parts_in_the_order_of_their_names(tmp_path, monkeypatch):
    for place in (
        "train.py",
        "sub/train.py",
        "presets/a.toml",
        "sub/note.txt",
        "__pycache__/x.txt",
        "y.pyc",
        "sub/presets",
    ):
        (tmp_path / "lab" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lab" / place).write_text(place)
    (tmp_path / "world.py").write_text("world")
    (tmp_path / "more/presets").mkdir(parents=True)
    (tmp_path / "more/presets/b.toml").write_text("b")
    experiment = SimpleNamespace(
        name="lab",
        deciding=lambda settings: {"z": 1, "a": 2},
        folder=tmp_path / "lab",
        aside=("presets", "sub/note.txt"),
        sources=(tmp_path / "world.py", tmp_path / "more"),
        libraries=("numpy",),
    )
    monkeypatch.setattr(source, "resolved_device", lambda device: ["cpu", device])
    monkeypatch.setattr(source, "_version", lambda name: f"{name} 1")
    settings = SimpleNamespace(compute=SimpleNamespace(device="here"))
    own = [(name, tmp_path / "lab" / name) for name in ("sub/presets", "sub/train.py", "train.py")]
    others = [("world.py", tmp_path / "world.py"), ("presets/b.toml", tmp_path / "more/presets/b.toml")]
    rest = [("protocol.py", source.Path(protocol.__file__))]
    parts = {
        "code": hash_of([*own, *others, *rest]),
        "device": ["cpu", "here"],
        "experiment": "lab",
        "libraries": {"numpy": "numpy 1"},
        "seed": 4,
        "settings": {"a": 2, "z": 1},
        "unit": [["K", 1]],
    }
    assert run_key(experiment, settings, ONE, 4) == hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def plain_key(experiment, settings, unit, seed):
    """The key of a run as stores have it: the hash of one JSON object."""
    parts = {
        "experiment": experiment.name,
        "settings": experiment.deciding(settings),
        "device": source.resolved_device(settings.compute.device),
        "unit": unit.values,
        "seed": seed,
        "code": source._code(experiment.folder, experiment.aside, experiment.sources),
        "libraries": {name: source._version(name) for name in experiment.libraries},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize("name", list(experiments()))
def test_keys_made_together_are_those_made_alone_on_every_arm(name, monkeypatch):
    experiment = experiments()[name]
    arms = arms_of(experiment, experiment.settle(load_settings(experiment), "cpu"))
    asked = wanted(experiment, arms, 8, 11)
    places = [(variant, unit, seed) for (variant, unit), seeds in asked.items() for seed in seeds]
    plain = [plain_key(experiment, {a.name: a.settings for a in arms}[v], unit, seed) for v, unit, seed in places]
    decided = []
    deciding = type(experiment).deciding
    monkeypatch.setattr(
        type(experiment), "deciding", lambda self, settings: decided.append(settings) or deciding(self, settings)
    )
    assert keys_of(experiment, arms, asked) == dict(zip(places, plain, strict=True))
    assert len(decided) == len(arms)  # and not once a run
    assert run_key(experiment, arms[-1].settings, places[-1][1], 10) == plain[-1]


def test_a_run_of_two_arms_is_given_to_both(made):
    runs, told = made(store=Kept("plain K=1 0"))
    twice = [*ARMS, SimpleNamespace(name="same", settings="plain")]
    found = list(replace(runs, arms=twice).runs({("main", ONE): [0], ("same", ONE): [0]}))
    assert [(variant, len(some)) for variant, some in found] == [("main", 1), ("same", 1)]
    assert told == [("found", 1), ("found", 1), ("planned", 0)]
