"""The command line, in processes of its own."""

import subprocess
import sys

VERIFY = ("verify", "--experiment", "mean-estimate", "--preset", "quick", "--workers", "1")


def start(*words):
    """Start ``factbound WORDS``."""
    command = [sys.executable, "-m", "empirics", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def factbound(*words, status=0):
    """Run ``factbound WORDS`` to its end; what it printed."""
    process = start(*words)
    out, err = process.communicate(timeout=120)
    assert process.returncode == status, out + err
    return out + err
