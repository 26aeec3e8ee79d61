"""Where each command is: the module that attaches it, in the order of ``--help``."""

from __future__ import annotations

from typing import Final

COMMANDS: Final = {
    "certify": ("certify",),
    "verify": ("verify",),
    "check": ("check",),
    "archive": ("archive",),
    "cite": ("cite",),
    "claims": ("claims", "bound"),
    "compare": ("compare",),
    "facts": ("facts",),
    "judge": ("judge",),
    "map": ("map",),
    "merge": ("merge",),
    "new": ("new",),
    "plan": ("plan",),
    "plot": ("plot", "report"),
    "predict": ("predict",),
    "run": ("run",),
    "short": (),
}
"""A command that is asked for loads its module alone. "short" stands last: it may take no name that another has."""
