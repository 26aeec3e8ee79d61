"""How long planned runs should still take."""

from __future__ import annotations

import time


class Outlook:
    """Reckons in proportion to what runs cost by arithmetic, since the longest ones come first.

    The clock starts with the first result, before which workers start, and is believed after some more.
    """

    def __init__(self, cost: float, patience: int) -> None:
        self._left, self._patience = cost, patience
        self._since: float | None = None
        self._spent = 0.0

    def more(self, cost: float) -> None:
        """Further runs are planned."""
        self._left += cost

    def after(self, cost: float) -> float | None:
        """Seconds until everything is there, now that runs of this cost are; None while that is unknown."""
        now = time.monotonic()
        self._left -= cost
        if self._since is None:
            self._since = now
            return None
        self._spent += cost
        self._patience -= 1
        if self._patience > 0 or not 0 < self._spent < float("inf") or not self._left < float("inf"):
            return None
        return max(0.0, (now - self._since) * self._left / self._spent)
