"""The way out of the program: the status that was decided, whatever ended the command line."""

import io
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from empirics import __main__ as program


@pytest.fixture
def left(monkeypatch):
    """The status with which ``main`` leaves, and the one that it keeps for the last handler."""
    monkeypatch.setattr(sys, "argv", ["factbound", "claims"])
    monkeypatch.setattr(program, "prepare", lambda: SimpleNamespace(error=None))
    monkeypatch.setattr(program, "_end_by_signals", lambda: None)

    def status(end):
        kept = []
        monkeypatch.setattr(program.atexit, "register", lambda function, status: kept.append(status))
        monkeypatch.setattr("empirics.cli.app.run", end)
        with pytest.raises(SystemExit) as stop:
            program.main()
        return stop.value.code, kept[0][0]

    return status


def raising(error):
    def end(arguments):
        raise error

    return end


def test_the_status_of_the_command_is_that_of_the_program(left):
    assert left(lambda arguments: 3 if arguments == ["claims"] else 9) == (3, 3)


def test_the_clock_begins_before_anything_else_is_loaded():
    code = (
        "import sys, time, empirics.__main__; from empirics.cli import clock; "
        "first = [name for name in sys.modules if name.startswith('empirics.cli.')][0]; "
        "time.sleep(0.05); print(first, clock.waited() >= 0.05)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["empirics.cli.clock", "True"]


def test_ctrl_c_outside_every_command(left, capsys):
    assert left(raising(KeyboardInterrupt())) == (130, 130)
    assert capsys.readouterr().err == "factbound: interrupted\n"


@pytest.mark.parametrize(("code", "kept"), [(5, 5), (None, 0), ("a message", 1)])
def test_what_ends_the_program_itself_keeps_its_status(left, code, kept):
    assert left(raising(SystemExit(code))) == (code, kept)


def test_closed_streams_do_not_change_the_status_at_the_end(monkeypatch):
    ended, closed = [], io.StringIO()
    closed.close()
    monkeypatch.setattr(os, "_exit", ended.append)
    with monkeypatch.context() as inside:
        inside.setattr(sys, "stdout", closed)
        program._leave([3])
    assert ended == [3]


def test_standard_input_that_the_caller_closed_is_empty(left, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert left(lambda arguments: len(sys.stdin.read())) == (0, 0)
    sys.stdin.close()
