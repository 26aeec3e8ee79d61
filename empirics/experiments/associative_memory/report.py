"""What the report shows of associative memories: a table of all cells, and the share recalled against the size."""

from __future__ import annotations

from collections.abc import Iterator

from empirics.experiments.document import CellResult, Measured
from empirics.experiments.presentation import Column, FigureData, Scalar, Shown, Table, Value

_COLUMNS = (
    Column(name="memory"),
    Column(name="N", kind="count"),
    Column(name="c", kind="number"),
    Column(name="d", kind="count"),
    Column(name="share recalled [interval]", kind="interval"),
    Column(name="all recalled [interval]", kind="interval"),
    Column(name="search finished", kind="number"),
    Column(name="Gaussian load", kind="number"),
)
_NOTE = (
    "Share recalled: mean over worlds. All recalled: fraction of worlds in which every fact is. c = d^2/(N log N) "
    "before d "
    "is rounded up. Gaussian load: 1 where the best memory is expected to recall all facts in half of the worlds, if "
    "the "
    "scores had independent coefficients; below 1 it should."
)


def shown(subject: Measured) -> Shown:
    """The table and the figures; nothing where no run finished."""
    return Shown(
        tables=(
            Table(
                id="recall",
                title="Facts recalled",
                columns=_COLUMNS,
                rows=tuple(_row(cell) for cell in subject.cells),
                note=_NOTE,
                group=("memory", "N"),
            ),
        ),
        figures=tuple(_figures(subject)),
    )


def _row(cell: CellResult) -> tuple[Value, ...]:
    symbols = cell.symbols
    share, everything = (_interval(cell, name) for name in ("share_recalled", "all_recalled"))
    means = (_mean(cell, name) for name in ("finished", "gaussian_load"))
    return cell.variant, symbols["N"], symbols["c"], symbols["d"], share, everything, *means


def _interval(cell: CellResult, name: str) -> tuple[Scalar, ...] | None:
    found = cell.observables.get(name)
    return None if found is None else (found.mean, found.lower, found.upper)


def _mean(cell: CellResult, name: str) -> float | None:
    found = cell.observables.get(name)
    return None if found is None else found.mean


def _figures(subject: Measured) -> Iterator[FigureData]:
    for name, criterion in (("share_recalled", "share recalled"), ("all_recalled", "worlds with all recalled")):
        rows = [_point(cell, name) for cell in subject.cells if _mean(cell, name) is not None]
        if rows:
            yield FigureData.of(
                name.replace("_", "-"),
                f"The {criterion} against the size of the memory",
                f"Mean over worlds of the {criterion}, with its interval, against c = d^2/(N log N). The grey line "
                "is what "
                "the Hebbian memory recalls at least, in the mean, by the bounds hebbian-share and "
                "hebbian-all-recalled.",
                "arms",
                rows,
                x="size",
                y="recalled",
                xlabel="size $c$",
                ylabel=criterion,
                panels=["facts"],
                names={"facts": "N"},
                comparison_label="Hebbian, at least",
            )


def _point(cell: CellResult, name: str) -> dict[str, Scalar]:
    found = cell.observables[name]
    bound = cell.bounds.get("hebbian-share" if name == "share_recalled" else "hebbian-all-recalled")
    least = None if bound is None else max(0.0, 1 - bound.bound)
    place = {"variant": cell.variant, "facts": cell.symbols["N"], "size": cell.symbols["c"]}
    return place | {"recalled": found.mean, "lower": found.lower, "upper": found.upper, "comparison": least}
