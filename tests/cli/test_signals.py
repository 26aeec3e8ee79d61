"""Signals that ask for the end."""

import signal

import pytest

from empirics import __main__ as command
from empirics.cli import app, streams

SIGNALS = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@pytest.fixture
def _as_started(monkeypatch):
    """Signals as a new process has them; what the command changes in this process is undone or left out."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    monkeypatch.setattr(command, "prepare", lambda: streams.Stream(None))
    monkeypatch.setattr(command.atexit, "register", lambda *_: None)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_as_started")
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_command_with_143(number, monkeypatch, capsys):
    unwound = []

    def run(_):
        try:
            signal.raise_signal(number)
        finally:
            signal.raise_signal(number)  # again at once, as a shell that closes may: the end is not disturbed
            unwound.append(True)

    monkeypatch.setattr(app, "run", run)
    with pytest.raises(SystemExit) as stop:
        command.main()
    assert stop.value.code == 143
    assert capsys.readouterr().err == f"factbound: terminated by {number.name}\n"
    assert unwound == [True]


@pytest.mark.usefixtures("_as_started")
def test_after_a_while_a_signal_counts_again(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(command.time, "monotonic", lambda: now[0])
    command._end_by_signals()
    with pytest.raises(command.Terminated):
        signal.raise_signal(signal.SIGTERM)
    now[0] = 9.0
    signal.raise_signal(signal.SIGTERM)
    now[0] = 11.0
    with pytest.raises(command.Terminated):
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.usefixtures("_as_started")
def test_a_signal_that_is_ignored_stays_so():
    signal.signal(SIGNALS[-1], signal.SIG_IGN)
    command._end_by_signals()
    signal.raise_signal(SIGNALS[-1])
    assert signal.getsignal(SIGNALS[-1]) is signal.SIG_IGN


def test_no_failed_run_is_made_of_a_signal():
    """Failed runs are made of exceptions and SystemExit."""
    assert not issubclass(command.Terminated, Exception | SystemExit | KeyboardInterrupt)
