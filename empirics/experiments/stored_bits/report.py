"""What the report shows: bits per parameter and per bit of the weights in every cell, and the most of each."""

from __future__ import annotations

from collections.abc import Sequence

from empirics.experiments.document import CellResult, Measured
from empirics.experiments.presentation import Column, Shown, Table, Value

_PER_PARAMETER, _PER_BIT = "bits_per_parameter", "bits_per_written_bit"
_AXES = {"load c": "c", "hidden units": "h", "exposures": "t", "bits of a weight": "b"}


def show(subject: Measured) -> Shown:
    """One table, and one sentence."""
    rows = tuple(_row(cell) for cell in subject.cells)
    return Shown(headline=_headline(subject.cells), tables=(_table(rows),) if rows else ())


def _table(rows: tuple[tuple[Value, ...], ...]) -> Table:
    return Table(
        id="stored-bits",
        title="Bits stored per parameter, and per bit of the weights",
        columns=(
            Column(name="model"),
            Column(name="load c"),
            *(Column(name=name, kind="count") for name in list(_AXES)[1:]),
            Column(name="bits per parameter [interval]", kind="interval"),
            *(Column(name=name, kind="number") for name in ("per bit of the weights", "wrong answers")),
        ),
        rows=rows,
        group=("model", "load c", "hidden units", "exposures"),
        note="Means over seeds. Proved is at most 1 per bit of the weights, in the mean over worlds.",
    )


def _row(cell: CellResult) -> tuple[Value, ...]:
    found = cell.observables.get(_PER_PARAMETER)
    return (
        cell.variant,
        f"{cell.symbols['c']:g}",
        *(cell.symbols[symbol] for symbol in list(_AXES.values())[1:]),
        (found.mean, found.lower, found.upper) if found else None,
        _mean(cell, _PER_BIT),
        _mean(cell, "wrong_answers"),
    )


def _mean(cell: CellResult, observable: str) -> float | None:
    found = cell.observables.get(observable)
    return found.mean if found else None


def _headline(cells: Sequence[CellResult]) -> str:
    """The greatest means; empty if nothing was measured."""
    parts = []
    for observable, unit in ((_PER_PARAMETER, "per parameter"), (_PER_BIT, "per bit of the weights")):
        means = [(mean, cell) for cell in cells if (mean := _mean(cell, observable)) is not None]
        if means:
            most, cell = max(means, key=lambda pair: pair[0])
            place = ", ".join(f"{symbol}={cell.symbols[symbol]:g}" for symbol in _AXES.values())
            parts.append(f"{most:.3g} {unit} ({cell.variant}: {place})")
    return f"Most bits stored in the mean: {'; '.join(parts)}." if parts else ""
