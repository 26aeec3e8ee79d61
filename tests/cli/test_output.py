"""Standard output that nobody reads, that is full, or that cannot show a sign."""

import os
import subprocess
import sys

import pytest

from empirics.cli.app import run

COMMAND = [sys.executable, "-m", "empirics"]
SIGN = "import empirics.cli.app as a; a.run = lambda _: print(chr(215)) or 0; from empirics.__main__ import *; main()"


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


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, "claims"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "factbound: cannot write the output: No space left on device\n"


def test_a_sign_that_the_terminal_lacks_is_replaced():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", SIGN], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "?\n", done.stderr


def test_the_list_of_claims_has_headings(capsys):
    assert run(["claims"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["claim", "kind", "provenance", "required", "formula"]
