"""How step sizes change along training."""

from __future__ import annotations

import math


def schedule_factor(schedule: str, step: int, total: int) -> float:
    """Factor on the step size at ``step`` of ``total``.

    constant: 1. cosine: (1 + cos(pi step/total))/2. step: 1, then 1/10 from half of the steps, 1/100 from
    three quarters.
    """
    if schedule == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * step / total))
    if schedule == "step":
        return 1.0 if 2 * step < total else (0.1 if 4 * step < 3 * total else 0.01)
    return 1.0
