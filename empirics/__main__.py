"""``python -m empirics``: the same as ``factbound``."""

from empirics.cli.app import main

if __name__ == "__main__":
    main()
