"""``python -m empirics``, and the command ``factbound``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its status; Ctrl-C while it is still loading leaves no traceback."""
    try:
        from empirics.cli.app import main as run_and_exit
    except KeyboardInterrupt:
        print("factbound: interrupted", file=sys.stderr)
        sys.exit(130)
    run_and_exit()


if __name__ == "__main__":
    main()
