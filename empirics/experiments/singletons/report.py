"""What the report shows of it: the error beside the floors, in every cell of every arm."""

from __future__ import annotations

from empirics.experiments.document import Measured
from empirics.experiments.presentation import Column, Shown, Table

_NUMBERS = {
    "singleton_rate": "sr",
    "missing_mass": "missing mass",
    "calibration_delta": "δ",
    "sampled_error": "error",
    "stated_floor": "source's floor",
    "sharp_floor": "sharp floor",
    "answering_floor": "floor without δ",
}


def show(subject: Measured) -> Shown:
    """Means over worlds; a floor of 0 says nothing, and the floor without δ is left out where a model abstains."""
    rows = []
    for cell in subject.cells:
        found = [cell.observables.get(name) for name in _NUMBERS]
        means = [None if one is None else one.mean for one in found]
        idle = cell.observables.get("abstained")
        if idle is None or idle.mean:
            means[-1] = None
        rows.append((cell.variant, cell.symbols["s"], cell.symbols["N"], *means))
    columns = (
        Column(name="arm", kind="text"),
        Column(name="s", kind="number"),
        Column(name="N", kind="count"),
        *(Column(name=name, kind="number") for name in _NUMBERS.values()),
    )
    return Shown(tables=(Table(id="floors", title="Errors and their floors", columns=columns, rows=tuple(rows)),))
