"""How long the user has waited: since this module was loaded, the first of the program's."""

from __future__ import annotations

import time
from typing import Final

_BEGUN: Final = time.monotonic()


def waited() -> float:
    """Seconds until now, start-up included."""
    return time.monotonic() - _BEGUN
