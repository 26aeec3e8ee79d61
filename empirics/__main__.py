"""``python -m empirics``, and the command ``factbound``."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):
    sys.path.append(sys.path.pop(0))  # python -m puts the working directory first: its signal.py is not Python's

import atexit
import contextlib
import io


def main() -> None:
    """Run the command line and exit with its status; Ctrl-C while it is still loading leaves no traceback."""
    status = [1]
    atexit.register(_leave, status)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where the terminal cannot show a sign, "?" stands for it
    try:
        from empirics.cli.app import run

        status[0] = run(sys.argv[1:])
    except KeyboardInterrupt:
        print("factbound: interrupted", file=sys.stderr)
        status[0] = 130
    except SystemExit as stop:
        status[0] = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        raise
    sys.exit(status[0])


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
