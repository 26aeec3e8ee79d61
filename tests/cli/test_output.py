"""Standard output that nobody reads, that is full, or that cannot show a sign."""

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from empirics.cli import streams
from empirics.cli.app import run
from empirics.cli.output import worst

COMMAND = [sys.executable, "-m", "empirics"]
SIGN = "import empirics.cli.app as a; a.run = lambda _: print(chr(215)) or 0; from empirics.__main__ import *; main()"
FULL = "factbound: cannot write to standard output: No space left on device\n"


def full():
    """A device that is always full."""
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    return open("/dev/full", "w")


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_a_closed_pipe_leaves_the_status(more):
    reading, writing = os.pipe()
    os.close(reading)
    command = [*COMMAND, "certify", "covering-some-unseen", *more]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_verdict_reaches_the_shell_through_a_closed_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    program = "from empirics.__main__ import main; import empirics.cli.app as app; from empirics.cli.output import *\n"
    program += "def run(_):\n    console().print('text')\n    print_json({})\n    return 1\napp.run = run; main()"
    done = subprocess.run([sys.executable, "-c", program], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_full_disk_is_one_line():
    with full() as target:
        done = subprocess.run([*COMMAND, "claims"], stdout=target, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, FULL)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process without its streams")
def test_a_closed_output_is_one_line_and_takes_no_file(tmp_path):
    program = "import os; from empirics.__main__ import main; import empirics.cli.app as app\n"
    program += f"def run(_):\n    f = os.open({str(tmp_path / 'f')!r}, os.O_CREAT)\n    assert f > 2\n"
    program += "    print('text')\n    return 0\napp.run = run; main()"
    asked = [sys.executable, "-c", program]
    done = subprocess.run(asked, stderr=subprocess.PIPE, text=True, check=False, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (2, "factbound: cannot write to standard output: it is closed\n")
    done = subprocess.run(
        asked, stdout=subprocess.PIPE, text=True, check=False, preexec_fn=lambda: (os.close(0), os.close(2))
    )
    assert (done.returncode, done.stdout) == (0, "text\n")


def test_a_closed_output_that_nothing_is_written_to_is_no_error():
    program = "from empirics.__main__ import main; import empirics.cli.app as app; app.run = lambda _: 0; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        stderr=subprocess.PIPE,
        check=False,
        preexec_fn=lambda: os.close(1),
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("status", "told"), [(0, 2), (1, 1), (3, 2), (70, 70), (130, 130), (2, 2)])
def test_a_verdict_that_cannot_be_printed_keeps_the_worse_status(status, told, monkeypatch, capsys):
    """In this process: the stream below standard output has an error."""
    from empirics import __main__ as command
    from empirics.cli import app

    below = streams.Stream(None)
    below.error = OSError(errno.EIO, "Input/output error")
    monkeypatch.setattr(command, "prepare", lambda: below)
    monkeypatch.setattr(command, "_end_by_signals", lambda: None)
    monkeypatch.setattr(command.atexit, "register", lambda *_: None)
    monkeypatch.setattr(app, "run", lambda _: status)
    with pytest.raises(SystemExit) as stop:
        command.main()
    assert stop.value.code == told
    assert capsys.readouterr().err == "factbound: cannot write to standard output: Input/output error\n"


def test_after_an_error_nothing_more_is_written():
    tries = []

    def write(data):
        tries.append(bytes(data))
        if len(tries) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(data)

    below = streams.Stream(SimpleNamespace(write=write, isatty=lambda: False, fileno=lambda: 5))
    assert [below.write(b"one"), below.write(b"two"), below.write(b"three")] == [3, 3, 5]
    assert tries == [b"one", b"two"]
    assert below.writable()
    assert not below.isatty()
    assert below.fileno() == 5
    assert streams.lost_output(below) == "cannot write to standard output: No space left on device"
    below.error = BrokenPipeError()
    assert streams.lost_output(below) == ""


def test_the_worst_status_counts():
    assert [worst(0, 0), worst(3, 0), worst(3, 2), worst(2, 1), worst(1, 70), worst(130, 70)] == [0, 3, 2, 1, 70, 130]


def test_a_sign_that_the_terminal_lacks_is_replaced():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", SIGN], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "?\n", done.stderr


def test_the_list_of_claims_has_headings(capsys):
    assert run(["claims"]) == 0
    title, headings, *_ = capsys.readouterr().out.splitlines()
    assert title.startswith("xu-chen: Provable Knowledge Acquisition")
    assert headings.split() == ["claim", "kind", "provenance", "required", "formula"]
