"""One quick verification for all tests here, whichever process they run in."""

import fcntl
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Finished:
    """A directory that ``factbound verify`` wrote, and what it printed."""

    directory: Path
    printed: str

    @property
    def results(self):
        return json.loads((self.directory / "results.json").read_text("utf-8"))


def factbound(*arguments, status=(0,), columns=200):
    """Run the command line in a process of its own, and give what it prints."""
    environment = {**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "empirics", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in status, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def quick(tmp_path_factory):
    """What ``factbound verify --preset quick`` writes and prints; with xdist the first process makes it for all."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "independent"
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        printed = home / "printed.txt"
        if not printed.exists():
            text = factbound("verify", "--preset", "quick", "--workers", 1, "--output", home / "quick")
            printed.write_text(text, "utf-8")
    return Finished(home / "quick", printed.read_text("utf-8"))
