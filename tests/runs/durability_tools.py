"""Start, watch and compare verifications in processes of their own."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from empirics.cli.app import run

SETTINGS = [
    "--set=world.subjects=24",
    "--set=world.answers=24",
    "--set=world.templates=[8]",
    "--set=world.multiplicity=[1,3]",
    "--set=world.finetuned=[2,8]",
    "--set=model.width=48",
    "--set=pretraining.steps=3000",
    "--set=seeds.minimum=12",
    "--set=seeds.maximum=12",
    "--set=arms.run=[]",
]
CLAIM = "--claims=ood-error-literal"
RUNS = 24


def start(output, *more):
    """A verification in a session of its own, with the usual answer to Ctrl-C."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "empirics",
            "verify",
            "--workers",
            "2",
            "--output",
            str(output),
            CLAIM,
            *SETTINGS,
            *more,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def finish(output, *more):
    """The same verification to its end, here; its exit status. ``capsys`` has what it said."""
    return run(["verify", "--workers", "1", "--output", str(output), CLAIM, *SETTINGS, *more])


def stored_runs(output):
    """How many runs the store holds, looked at from outside."""
    path = output / "runs.sqlite"
    if not path.exists():
        return 0
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return 0


def wait_for_runs(process, output, count, patience=90):
    """Wait until ``count`` runs are stored, or the process ends."""
    end = time.monotonic() + patience
    while stored_runs(output) < count and process.poll() is None:
        assert time.monotonic() < end, f"no {count} runs within {patience} s"
        time.sleep(0.02)


def wait_for_main(process, patience=60):
    """Wait until the program has taken over from Python, which shows a traceback if it is interrupted while it starts.

    It does so with its answer to SIGTERM, as Linux tells.
    """
    end = time.monotonic() + patience
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status")
        caught = re.search(r"^SigCgt:\s*(\w+)$", status.read_text(), re.MULTILINE) if status.exists() else None
        if caught is None or int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        assert time.monotonic() < end, f"no answer to SIGTERM within {patience} s"
        time.sleep(0.01)


def kill(process):
    """Kill -9 the whole session, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def comparable(output):
    """results.json apart from times."""
    document = json.loads((output / "results.json").read_text())
    del document["wall_seconds"]
    return document
