"""Standard output and the bar: what is told while runs come in, and after."""

import io
import json
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
import rich.progress
from calls import Bar, opened

from empirics.cli import output, training
from empirics.judging.outcome import Verdict


@pytest.fixture
def store(monkeypatch):
    store = SimpleNamespace(elsewhere=Counter(), damaged=[], without_lock=False)
    manager = opened(store)
    monkeypatch.setattr(training, "Store", manager)
    monkeypatch.setattr(rich.progress, "Progress", Bar)
    store.calls = manager.calls
    return store


def outcomes(*verdicts):
    return SimpleNamespace(outcomes=[SimpleNamespace(verdict=v) for v in verdicts])


def test_the_bar_follows_the_runs(store, tmp_path, capsys):
    with training.training(tmp_path) as (opened_store, progress):
        assert opened_store is store
        progress.planned(3)
        progress.planned(4)
        progress.left(90.0)
        progress.advanced(SimpleNamespace(label="K=2"), ["one", "two"])
        progress.judged([outcomes(Verdict.HOLDS, Verdict.UNDECIDED), outcomes(Verdict.HOLDS, Verdict.VACUOUS)])
        progress.judged([outcomes(Verdict.VIOLATED)])
    assert store.calls == [((tmp_path / "runs.sqlite",), {"any_machine": False})]
    bar = Bar.last
    assert (bar.tasks[0].description, bar.transient, bar.console.stderr) == ("training K=2", True, True)
    assert bar.told == [
        {"total": 3},
        {"total": 7},
        {"advance": 2, "description": "training K=2"},
        {"verdicts": "2 HOLDS, 1 UNDECIDED"},
        {"verdicts": "1 VIOLATED"},
    ]
    assert capsys.readouterr() == ("", ""), "nothing was found, nothing is told"


@pytest.mark.parametrize("any_machine", [False, True])
def test_what_was_found_is_told_afterwards(store, tmp_path, capsys, any_machine):
    with training.training(tmp_path, any_machine=any_machine) as (_, progress):
        progress.found(2)
        progress.found(3)
        store.elsewhere.update({"a GPU": 4, "a CPU": 1})
        store.damaged += ["K=1", "K=2", "K=3"]
    path, use = tmp_path / "runs.sqlite", "they are used" if any_machine else "they are not used without --any-machine"
    assert store.calls[0][1] == {"any_machine": any_machine}
    assert capsys.readouterr().err.splitlines() == [
        f"factbound: 5 finished runs found in {path}",
        f"factbound: 1 run in {path} was made on another kind of machine (a CPU): {use.replace('they are', 'it is')}",
        f"factbound: 4 runs in {path} were made on another kind of machine (a GPU): {use}",
        f"factbound: 3 damaged runs in {path} were set aside and made again: K=1; K=2; K=3",
    ]
    with training.training(tmp_path):
        store.elsewhere.clear()
        store.damaged.append("K=4")
    assert capsys.readouterr().err == (
        f"factbound: 4 damaged runs in {path} were set aside and made again: K=1; K=2; K=3; ...\n"
    )


def test_a_place_without_locks_is_told(store, tmp_path, capsys):
    store.without_lock = True
    with training.training(tmp_path):
        pass
    where = f"{tmp_path / 'runs.sqlite'} lies where files cannot be locked"
    assert capsys.readouterr().err == f"factbound: {where}; SQLite's own locks were used\n"


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_consoles_know_whether_somebody_looks(monkeypatch):
    assert output.console().width == 132
    assert output.progress_console().quiet
    monkeypatch.setenv("COLUMNS", "77")
    monkeypatch.setattr(sys, "stdout", Screen())
    monkeypatch.setattr(sys, "stderr", Screen())
    assert output.console().width == 77
    assert not output.progress_console().quiet
    assert output.progress_console().stderr
    output.console().print("seeds 1 to 20 at 'a' and 3.5")
    assert sys.stdout.getvalue() == "seeds 1 to 20 at 'a' and 3.5\n", "numbers are not coloured"


def test_json_is_strict_and_ends_in_a_line(capsys):
    output.print_json({"a": [1, None]})
    text = capsys.readouterr().out
    assert text == json.dumps({"a": [1, None]}, indent=1) + "\n"
    with pytest.raises(ValueError, match="JSON compliant"):
        output.print_json({"a": float("nan")})


def test_the_time_left_counts_down(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(training.time, "monotonic", lambda: now[0])
    countdown = training.Countdown()
    assert countdown.__rich__() == "-:--:-- left"
    countdown.start(3725.4)
    assert countdown.__rich__() == "1:02:05 left"
    now[0] += 3720.0
    assert countdown.__rich__() == "0:00:05 left"
    now[0] += 60.0
    assert countdown.__rich__() == "0:00:00 left"
