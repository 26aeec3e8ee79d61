"""Verdicts on the user's own numbers: a table with the claim's symbols, a seed, and the observable.

One row is one run. Rows with equal symbols form a cell; the seed is the unit of
sampling, so each seed stands at most once in a cell. Columns named by premises
(``pretraining_gap``) are used if they are there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from empirics.errors import UsageError
from empirics.judging.judge import judge_claim
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.judging.reading import Form, Numbers, Table, read_table
from empirics.judging.settings import Settings
from empirics.judging.table import MAIN, CellTable
from empirics.observables.catalogue import observables
from empirics.observables.definition import Observable
from theory import Claim, DomainError, Kind, claim
from theory.html import html_table
from theory.notation import Notation
from theory.numbers.evaluate import parse_value
from theory.plural import counted
from theory.spelling import some

SEED, VARIANT = "seed", ("arm", "variant")


@dataclass
class Rows:
    """What became of the rows of a table."""

    unit: str = "line"  # what numbers count
    read: int = 0
    without_value: list[int] = field(default_factory=list)  # their lines: runs that failed
    of_other_arms: int = 0
    other_arms: list[str] = field(default_factory=list)
    unpaired: int = 0  # of a comparison: no run of the other arm has their symbols and seed
    empty: int = 0  # not counted as read
    notes: list[str] = field(default_factory=list)  # what was told from the file

    @property
    def words(self) -> str:
        """``8 rows read, 7 used; 1 without a value (line 4)``."""
        unit = self.unit if len(self.without_value) == 1 else f"{self.unit}s"
        shown = ", ".join(map(str, self.without_value[:5])) + (", ..." if len(self.without_value) > 5 else "")
        rest = [
            f"{n} {words}"
            for n, words in (
                (len(self.without_value), f"without a value ({unit} {shown}), counted as failed runs"),
                (self.of_other_arms, f"of other arms ({some(self.other_arms)})"),
                (self.unpaired, "without a run of the other arm at the same symbols and seed"),
                (self.empty, "empty"),
            )
            if n
        ]
        used = self.read - len(self.without_value) - self.of_other_arms - self.unpaired
        return "; ".join([f"{counted(self.read, 'row')} read, {used} used", *rest, *self.notes])


@dataclass(frozen=True, repr=False)
class Judged:
    """A claim judged on a user's table.

    Attributes:
        claim: the claim.
        cells: the cells found, in order of appearance.
        outcome: the claim's verdict and those of its cells.
        assumed: premises that were taken as given instead of measured.
        observable: what the claim speaks of.
        rows: what became of the table's rows.
    """

    claim: Claim
    cells: tuple[CellTable, ...]
    outcome: ClaimOutcome
    assumed: tuple[str, ...] = ()
    observable: Observable | None = None
    rows: Rows = field(default_factory=Rows)

    def __repr__(self) -> str:
        """In a line; ``outcome`` holds the rest."""
        return f"Judged({self.claim.id}: {self.verdict}; {counted(len(self.cells), 'cell')})"

    def _repr_html_(self) -> str:
        """In a notebook: a row for each verdict."""
        places = ["; ".join(dict.fromkeys(self.cells[i].label for i in o.cells)) for o in self.outcome.outcomes]
        rows = [(place, o.verdict, o.reason) for place, o in zip(places, self.outcome.outcomes, strict=True)]
        return html_table(repr(self), rows)

    @property
    def verdict(self) -> str:
        """The verdict, as in ``"HOLDS"``."""
        return self.outcome.verdict.value

    def exit_status(self, *, strict: bool = False) -> int:
        """0; 70 if the claim is broken; 1 if it is violated; 3 if it was not tested, or ``strict`` and undecided."""
        status = {Verdict.BROKEN: 70, Verdict.VIOLATED: 1, Verdict.OUT_OF_SCOPE: 3, Verdict.NOT_TESTED: 3}
        return status.get(self.outcome.verdict, 3 if strict and self.outcome.verdict is Verdict.UNDECIDED else 0)


def judge(
    frame: Any,
    claim: Claim | str,
    *,
    settings: Settings | None = None,
    assume: Sequence[str] | str = (),
    observable: Observable | None = None,
    reference: Any = None,
    form: Form | None = None,
    strict: bool = False,
) -> Judged:
    """Judge a claim on measurements.

    Args:
        frame: a data frame (pandas, polars), a mapping from column names to sequences, a sequence of mappings (rows),
            or the path of a file: CSV in any common form, also compressed by gzip, Parquet, or ``-``.
        claim: the claim or its id.
        settings: alpha, margins, premise limits; the defaults if None.
        assume: names of premises to take as given (told in the result).
        observable: range and trivial value of the observable, if factbound does not know it.
        reference: the same of the arm that a comparison is made with, where it is not in ``frame``.
        form: how files write columns and numbers; told from the file where it is not said.
        strict: refuse rows that have no value, instead of counting them as failed runs.

    Raises:
        UsageError: a column is missing, or a value is impossible; line and column are named.
        theory.UnknownClaimError: no such claim.

    Example:
        >>> row = {"N_f": 40, "K": 3, "R": 60, "ood_error": 0.1, "pretraining_gap": 0.01}
        >>> judge([row | {"seed": seed} for seed in range(20)], "ood-error-literal").verdict
        'HOLDS'
    """
    item = _claim(claim)
    assume = [assume] if isinstance(assume, str) else assume
    known = dict(observables())
    if observable is not None:
        known[observable.name] = observable
    unknown = [name for name in assume if name not in {a.name for a in item.assumptions}]
    if unknown:
        names = ", ".join(a.name for a in item.assumptions) or "none"
        raise UsageError(f"--assume {unknown[0]}: {item.id} has no such premise; its premises are: {names}")
    item = item.without(assume)
    form = form or Form()
    expected = [*_needed_symbols(item), SEED, *VARIANT, item.judged_on, item.observable]
    table = read_table(frame, form, expected)
    if item.observable not in known:
        _check_columns(table, item, [*_needed_symbols(item), SEED, item.observable])
        raise UsageError(
            f"the range of {item.observable} is unknown; pass it (--range LOW,HIGH) or register the observable"
        )
    if item.judged_on not in table.names and item.observable in table.names:
        item = item.on_the_mean()
    _check_range(item, known[item.judged_on])
    tables: list[tuple[Table, str | None]] = [(table, None)]
    if reference is not None:
        if item.reference is None:
            raise UsageError(f"--reference: {item.id} compares no arms")
        tables = [(table, item.arm), (read_table(reference, form, expected), item.reference)]
    elif not set(VARIANT) & set(table.names):
        if item.reference is not None:
            raise UsageError(
                f"column arm is missing: {item.id} compares the arms {item.arm} and {item.reference} "
                "(or give the second in a file of its own: --reference FILE)"
            )
        item = item.on(MAIN)
    rows = Rows(table.unit)
    for premise in item.assumptions:
        for name in sorted(premise.observables - set(table.names)):
            rows.notes.append(f"column {name} is missing; add it, or --assume {premise.name}")
    cells = _cells(tables, item, form, rows, known)
    if item.reference is not None:
        rows.unpaired = _unpaired(cells, item)
    if strict and rows.without_value:
        raise UsageError(f"--strict: {rows.words}")
    outcome = judge_claim(item, cells, settings or Settings(), known)
    return Judged(item, tuple(cells), outcome, tuple(assume), known[item.judged_on], rows)


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
        if not 0 < high - low < math.inf:
            raise ValueError
    except ValueError:
        raise UsageError(
            f"--range={value_range} is refused: allowed are finite numbers LOW,HIGH with LOW < HIGH, as in 0,1"
        ) from None
    return Observable(claim(identifier).observable, "a column of the user's table", "as measured", low, high)


def _check_range(item: Claim, observable: Observable) -> None:
    by_sampling = item.kind in (Kind.UPPER, Kind.LOWER, Kind.RATE) and not item.by_share
    if by_sampling and observable.sampling != "exact" and not observable.bounded:
        raise UsageError(
            f"{observable.name} has no finite range, so its mean has no distribution-free limits; pass one (--range "
            "LOW,HIGH)"
        )


def _claim(given: Claim | str) -> Claim:
    return claim(given) if isinstance(given, str) else given


@dataclass
class _Cell:
    """The runs of one cell, in the order in which they were read."""

    seeds: dict[int, int] = field(default_factory=dict)  # each with its place in the columns
    columns: tuple[list[float | None], ...] = ()


def _cells(
    tables: Sequence[tuple[Table, str | None]], item: Claim, form: Form, rows: Rows, known: Mapping[str, Observable]
) -> list[CellTable]:
    """The cells of all tables; every row of a table with an arm of its own belongs to that arm."""
    first = tables[0][0]
    used = [name for name in item.notation if name in first.names]
    measured = [n for n in sorted({n for a in item.assumptions for n in a.observables}) if n in first.names]
    names = {name: known.get(name) for name in (item.judged_on, *measured)}
    cells: dict[tuple[str, tuple[float, ...]], _Cell] = {}
    for table, arm in tables:
        _read(table, arm, item, used, names, Numbers(table, form), cells, rows)
    if not cells:
        of_arms = f" of the arm {item.arm}" if rows.read else ""
        where = " below its header" if first.source else ""
        raise UsageError(f"{first.source or 'the table'} has no rows{of_arms}{where}")
    ordered = {key: sorted(cell.seeds, key=int) for key, cell in cells.items()}
    found = []
    for index, ((variant, symbols), cell) in enumerate(cells.items()):
        seeds = ordered[variant, symbols]
        columns = [tuple(column[cell.seeds[s]] for s in seeds) for column in cell.columns]
        found.append(
            CellTable(
                index=index,
                variant=variant,
                symbols=dict(zip(used, symbols, strict=True)),
                seeds=tuple(seeds),
                failed=frozenset(s for s, value in zip(seeds, columns[0], strict=True) if value is None),
                observables=dict(zip(names, columns, strict=True)),
                axes={name: item.notation[name].label for name in used},
                run_axes=tuple(name for name in used if not item.notation[name].shares_run),
            )
        )
    return found


def _read(
    table: Table,
    arm: str | None,
    item: Claim,
    used: Sequence[str],
    names: Mapping[str, Observable | None],
    numbers: Numbers,
    cells: dict[tuple[str, tuple[float, ...]], _Cell],
    rows: Rows,
) -> None:
    """The rows of one table into their cells; what is passed over is counted."""
    needed = [*_needed_symbols(item), SEED, item.judged_on]
    _check_columns(table, item, needed, [*used, *names])
    places = [(name, table.position(name)) for name in used]
    values_at = [(name, table.position(name), observable) for name, observable in names.items()]
    seed_at, of_arm = table.position(SEED), next((n for n in VARIANT if n in table.names), None)
    arm_at = None if of_arm is None or arm is not None else table.position(of_arm)
    known: dict[tuple[str, Any], float] = {}
    for number, row in table.rows:
        rows.read += 1
        variant = arm or (MAIN if arm_at is None else str(row[arm_at]).strip())
        if variant not in (item.arm, item.reference):
            rows.of_other_arms += 1
            if variant not in rows.other_arms:
                rows.other_arms.append(variant)
            continue
        symbols = []
        for name, at in places:
            if (name, row[at]) not in known:
                known[name, row[at]] = _symbol(item.notation, name, row[at], number, numbers)
            symbols.append(known[name, row[at]])
        cell = cells.setdefault((variant, tuple(symbols)), _Cell(columns=tuple([] for _ in names)))
        seed = _seed(row[seed_at], number, numbers)
        if seed in cell.seeds:
            where = ", ".join(f"{n}={v:g}" for n, v in zip(used, symbols, strict=True))
            raise UsageError(f"{table.place(number, SEED)}: duplicate seed {seed} at {where}")
        cell.seeds[seed] = len(cell.seeds)
        for (name, at, observable), column in zip(values_at, cell.columns, strict=True):
            value = numbers.read(row[at], number, name)
            if value is None and name == item.judged_on:
                rows.without_value.append(number)
            elif value is not None and observable is not None and not observable.lower <= value <= observable.upper:
                span = f"[{observable.lower:g}, {observable.upper:g}]"
                raise UsageError(f"{table.place(number, name)}: {value:g} is outside the range {span}")
            column.append(value)
    rows.empty += table.empty
    rows.notes += [
        *table.notes,
        *(["numbers have decimal commas"] if numbers.comma and not numbers.form.decimal else []),
    ]


def _unpaired(cells: Sequence[CellTable], item: Claim) -> int:
    """Runs with a value that have no partner in the other arm of a comparison."""
    runs: dict[str | None, set[tuple[object, ...]]] = {item.arm: set(), item.reference: set()}
    for cell in cells:
        if cell.variant in runs:
            runs[cell.variant] |= {(*cell.symbols.values(), s) for s in cell.seeds if s not in cell.failed}
    mine, others = runs.values()
    return len(mine ^ others)


def _check_columns(table: Table, item: Claim, needed: Sequence[str], expected: Sequence[str] = ()) -> None:
    """A UsageError unless the table has the columns that the claim needs, and those expected, as in another table."""
    if missing := [name for name in dict.fromkeys((*needed, *expected)) if name not in table.names]:
        where = f"{table.source}: " if table.source else ""
        words = f"column {missing[0]} is" if len(missing) == 1 else f"columns {', '.join(missing)} are"
        raise UsageError(
            f"{where}{words} missing{table.like(missing)}; {item.id} needs the columns "
            f"{', '.join(dict.fromkeys((*needed, *missing)))} (found: {some(table.names)})"
        )


def _needed_symbols(item: Claim) -> list[str]:
    """The symbols of bound, premises and axis that a user chooses; not those that settings give."""
    names = set(item.symbols) | {s.name for a in item.assumptions for s in a.relation.free_symbols}
    names |= {item.axis} if item.axis is not None else set()
    return [name for name, symbol in item.notation.items() if name in names and not symbol.setting]


def _symbol(notation: Notation, name: str, value: Any, number: int, numbers: Numbers) -> float:
    try:
        return parse_value(notation, name, numbers.text(value, number, name))
    except DomainError as error:
        raise UsageError(f"{numbers.table.place(number, name)}: {error}") from None


def _seed(value: Any, number: int, numbers: Numbers) -> int:
    try:
        return int(numbers.text(value, number, SEED))
    except ValueError:
        raise UsageError(f"{numbers.table.place(number, SEED)}: {value!r} is not an integer") from None
