"""``python -m empirics``, and the command ``factbound``."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):
    sys.path.append(sys.path.pop(0))  # python -m puts the working directory first: its signal.py is not Python's

import atexit
import contextlib
import gc
import signal
import time
from importlib.metadata import version
from typing import Any

from empirics.cli import clock  # noqa: F401 # it begins with the program
from empirics.cli.streams import lost_output, prepare

_PATIENCE = 10.0
"""Seconds in which further signals to end do not disturb the end."""


class Terminated(BaseException):
    """A signal asks for the end."""


def main() -> None:
    """Run the command line and exit with its status; a signal while it is still loading leaves no traceback."""
    status = [1]
    gc.set_threshold(100_000, 20, 20)  # what is loaded, and what results hold, lives long: a sixth of the time is saved
    if sys.stdin is None:  # closed by the caller
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 # until the end
    atexit.register(_leave, status)
    output = prepare()
    _end_by_signals()
    try:
        if sys.argv[1:] == ["--version"]:  # not worth what the rest takes to load
            print(f"factbound {version('factbound')}")
            status[0] = 0
        else:
            from empirics.cli.app import run

            status[0] = run(sys.argv[1:])
    except KeyboardInterrupt:
        print("factbound: interrupted", file=sys.stderr)
        status[0] = 130
    except Terminated as stop:
        print(f"factbound: terminated by {stop}", file=sys.stderr)
        status[0] = 143
    except SystemExit as stop:
        status[0] = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        raise
    if lost := lost_output(output):
        from empirics.cli.output import worst

        print(f"factbound: {lost}", file=sys.stderr)
        status[0] = worst(status[0], 2)
    sys.exit(status[0])


def _end_by_signals() -> None:
    """SIGTERM, and SIGHUP of a terminal that closes, unwind as Ctrl-C does, so that no process and no folder stays.

    A signal that is ignored (as by nohup) stays so.
    """
    first: list[float] = []

    def end(number: int, _: Any) -> None:
        first.append(time.monotonic())
        if len(first) == 1 or first[-1] - first[0] > _PATIENCE:
            raise Terminated(signal.Signals(number).name)

    for name in ("SIGTERM", "SIGHUP"):  # the second is none of Windows'
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


def _leave(status: list[int]) -> None:
    """Exit with the status that was decided; registered first, so called after all other handlers.

    Python would end itself by SIGINT if Ctrl-C came while some module executed text, caught or not, and
    would take up to a second to take every module apart.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status[0])


if __name__ == "__main__":
    main()
