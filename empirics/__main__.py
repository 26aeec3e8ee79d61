"""``python -m empirics``, and the command ``factbound``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its status; Ctrl-C while it is still loading leaves no traceback."""
    try:
        from empirics.cli.app import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        print("factbound: interrupted", file=sys.stderr)
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
