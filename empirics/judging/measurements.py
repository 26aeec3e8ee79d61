"""Verdicts on the user's own numbers: a table with the claim's symbols, a seed, and the observable.

One row is one run. Rows with equal symbols form a cell; the seed is the unit of
sampling, so each seed stands at most once in a cell. Columns named by premises
(``pretraining_gap``) are used if they are there.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.judging.judge import judge_claim
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.judging.settings import Settings
from empirics.judging.table import MAIN, CellTable
from empirics.observables.catalogue import observables
from empirics.observables.definition import Observable
from theory import Claim, DomainError, claim
from theory.notation import Notation
from theory.numbers.evaluate import parse_value

SEED, VARIANT = "seed", "variant"


@dataclass(frozen=True)
class Judged:
    """A claim judged on a user's table.

    Attributes:
        claim: the claim.
        cells: the cells found, in order of appearance.
        outcome: the claim's verdict and those of its cells.
        assumed: premises that were taken as given instead of measured.
        observable: what the claim speaks of.
    """

    claim: Claim
    cells: tuple[CellTable, ...]
    outcome: ClaimOutcome
    assumed: tuple[str, ...] = ()
    observable: Observable | None = None

    @property
    def verdict(self) -> str:
        """The verdict, as in ``"HOLDS"``."""
        return self.outcome.verdict.value

    def exit_status(self, *, strict: bool = False) -> int:
        """0; 1 if it is violated; 3 if ``strict`` and it is undecided."""
        if self.outcome.verdict is Verdict.VIOLATED:
            return 1
        return 3 if strict and self.outcome.verdict is Verdict.UNDECIDED else 0


def judge(
    frame: Any,
    claim: Claim | str,
    *,
    settings: Settings | None = None,
    assume: Sequence[str] = (),
    observable: Observable | None = None,
) -> Judged:
    """Judge a claim on measurements.

    Args:
        frame: a pandas DataFrame, a mapping from column names to sequences, a
            sequence of mappings (rows), or the path of a CSV file.
        claim: the claim or its id.
        settings: alpha, margins, premise limits; the defaults if None.
        assume: names of premises to take as given (told in the result).
        observable: range and trivial value of the observable, if factbound does not know it.

    Raises:
        UsageError: a column is missing, or a value is impossible; row and column are named.
        theory.UnknownClaimError: no such claim.
    """
    item = _claim(claim)
    known = dict(observables())
    if observable is not None:
        known[observable.name] = observable
    if item.observable not in known:
        raise UsageError(
            f"the range of {item.observable} is unknown: pass it (--range LOW,HIGH), or register the observable"
        )
    unknown = [name for name in assume if name not in {a.name for a in item.assumptions}]
    if unknown:
        names = ", ".join(a.name for a in item.assumptions) or "none"
        raise UsageError(f"--assume {unknown[0]}: {item.id} has no such premise; its premises are: {names}")
    item = item.without(assume)
    rows = _rows(frame)
    if rows and item.judged_on not in rows[0]:
        item = item.on_the_mean()
    if not rows or VARIANT not in rows[0]:
        if item.reference is not None:
            raise UsageError(f"column variant is missing: {item.id} compares the arms {item.arm} and {item.reference}")
        item = item.on(MAIN)
    cells = _cells(rows, item, known[item.judged_on])
    outcome = judge_claim(item, cells, settings or Settings(), known)
    return Judged(item, tuple(cells), outcome, tuple(assume), known[item.judged_on])


def observable_of(identifier: str, value_range: str | None) -> Observable | None:
    """What a claim speaks of, as a column with values in ``LOW,HIGH``; None if no range is given.

    Raises:
        UsageError: not of that form.
        theory.UnknownClaimError: no such claim.
    """
    if value_range is None:
        return None
    try:
        low, high = (float(part) for part in value_range.split(","))
        if not low < high:
            raise ValueError
    except ValueError:
        raise UsageError(f"--range={value_range} is refused: allowed is LOW,HIGH with LOW < HIGH, as in 0,1") from None
    return Observable(claim(identifier).observable, "a column of the user's table", "as measured", low, high)


def read_measurements(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, as text.

    Raises:
        UsageError: it cannot be read, or has no header or no rows.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, restkey="(more columns)", skipinitialspace=True)
            rows = list(reader)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is not a CSV file in UTF-8: {error}") from None
    if not rows:
        raise UsageError(f"{path} has no rows below its header")
    for number, row in enumerate(rows, start=2):
        if "(more columns)" in row or None in row.values():
            raise UsageError(f"{path}: row {number} has more or fewer columns than the header")
    return rows


def _claim(given: Claim | str) -> Claim:
    return claim(given) if isinstance(given, str) else given


def _rows(frame: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(frame, str | Path):
        return read_measurements(Path(frame))
    if hasattr(frame, "keys"):
        names = [str(name) for name in frame.keys()]  # noqa: SIM118 - DataFrames iterate over columns by keys()
        columns = [list(frame[name]) for name in names]
        lengths = {name: len(column) for name, column in zip(names, columns, strict=True)}
        if len(set(lengths.values())) > 1:
            raise UsageError(f"columns differ in length: {lengths}")
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    return list(frame)


def _cells(rows: Sequence[Mapping[str, Any]], item: Claim, observable: Observable) -> list[CellTable]:
    if not rows:
        raise UsageError("there are no measurements")
    needed = _needed_symbols(item)
    missing = [name for name in [*needed, SEED, item.judged_on] if name not in rows[0]]
    if missing:
        raise UsageError(
            f"column {', '.join(missing)} is missing; {item.id} needs the columns "
            f"{', '.join([*needed, SEED, item.judged_on])} (found: {', '.join(map(str, rows[0]))})"
        )
    measured = sorted(n for a in item.assumptions for n in a.observables if n in rows[0])
    used = [name for name in item.notation if name in rows[0]]
    axes = {name: item.notation[name].label for name in used}
    run_axes = tuple(name for name in used if not item.notation[name].shares_run)
    cells: dict[tuple[str, tuple[float, ...]], dict[int, dict[str, float | None]]] = {}
    for number, row in enumerate(rows, start=2):
        symbols = tuple(_symbol(item.notation, name, row[name], number) for name in used)
        seed = _seed(row[SEED], number)
        values = {item.judged_on: _number(row[item.judged_on], number, item.judged_on, observable)}
        for name in measured:
            values[name] = _number(row[name], number, name, observables().get(name))
        variant = str(row[VARIANT]).strip() if VARIANT in row else MAIN
        seeds = cells.setdefault((variant, symbols), {})
        if seed in seeds:
            where = ", ".join(f"{n}={v:g}" for n, v in zip(used, symbols, strict=True))
            raise UsageError(f"row {number}, column seed: seed {seed} stands twice at {where}")
        seeds[seed] = values
    return [
        CellTable(
            index=index,
            variant=variant,
            symbols=dict(zip(used, symbols, strict=True)),
            seeds=tuple(sorted(seeds)),
            failed=frozenset(s for s, values in seeds.items() if values[item.judged_on] is None),
            observables={name: tuple(seeds[s][name] for s in sorted(seeds)) for name in [item.judged_on, *measured]},
            axes=axes,
            run_axes=run_axes,
        )
        for index, ((variant, symbols), seeds) in enumerate(cells.items())
    ]


def _needed_symbols(item: Claim) -> list[str]:
    """The symbols of bound, premises and axis that a user chooses; not those that settings give."""
    names = set(item.symbols) | {s.name for a in item.assumptions for s in a.relation.free_symbols}
    names |= {item.axis} if item.axis is not None else set()
    return [name for name, symbol in item.notation.items() if name in names and not symbol.setting]


def _symbol(notation: Notation, name: str, value: Any, number: int) -> float:
    text = str(value).strip()
    try:
        if notation[name].integer and text.endswith(".0"):
            text = text[:-2]  # tables often hold integers as floats
        return parse_value(notation, name, text)
    except DomainError as error:
        raise UsageError(f"row {number}, column {name}: {error}") from None


def _seed(value: Any, number: int) -> int:
    text = str(value).strip().removesuffix(".0")
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"row {number}, column seed: {value!r} is not an integer") from None


def _number(value: Any, number: int, name: str, observable: Observable | None) -> float | None:
    """A measured value; an empty field is a failed run."""
    text = "" if value is None else str(value).strip()
    if text == "":
        return None
    try:
        found = float(text)
    except ValueError:
        raise UsageError(f"row {number}, column {name}: {value!r} is not a number") from None
    if not math.isfinite(found):
        raise UsageError(f"row {number}, column {name}: {value!r} is not finite; a failed run has an empty field")
    if observable is not None and not observable.lower <= found <= observable.upper:
        raise UsageError(
            f"row {number}, column {name}: {found:g} is outside the range [{observable.lower:g}, {observable.upper:g}]"
        )
    return found
