"""From single runs to what is judged: worlds of a cell, of a series along an axis, of a pair of arms."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plain.stated import Premise, Stated


@dataclass
class Cell:
    """One cell and its single runs."""

    index: int
    arm: str
    symbols: dict[str, float]
    seeds: list[int]
    failed: set[int]
    values: dict[str, list[float | None]]

    def at(self, name: str, seed: int) -> float | None:
        if seed in self.failed or name not in self.values or seed not in self.seeds:
            return None
        return self.values[name][self.seeds.index(seed)]


@dataclass(frozen=True)
class Rules:
    """Settings that judging depends on."""

    alpha: float = 0.05
    share: float = 0.8
    gap: float = 0.1
    margin: float = 0.05
    scope_share: float = 0.8
    looks: tuple[int, ...] = ()
    axes: tuple[str, ...] = ("R", "K", "N_f")
    run_axes: tuple[str, ...] = ("R", "K")


@dataclass
class Unit:
    """What gets one verdict: its cells, and for every seed whether it is in scope and what it shows."""

    cells: list[int]
    symbols: dict[str, float]
    seeds: list[int]
    scope: dict[int, bool] = field(default_factory=dict)
    values: dict[int, float] = field(default_factory=dict)  # of a bound: the observable, where it is defined
    effects: dict[int, float] = field(default_factory=dict)  # of a property: above 0 yes, 0 tie, below 0 no
    extremes: dict[int, tuple[float, float]] = field(default_factory=dict)  # the two ends of an axis
    along: list[dict[int, float]] = field(default_factory=list)  # the observable at each value of the axis
    axis_values: list[float] = field(default_factory=list)
    measured_out: bool = False  # measurements put some seed out of scope
    pair_scopes: list[set[int]] = field(default_factory=list)  # seeds in scope at each value of the axis
    failed: int = 0  # seeds without a result in one of the cells that are compared
    why: bool = False  # one of its cells is out of scope by itself
    premises: list[tuple[str, float | None, float, bool]] = field(default_factory=list)

    @property
    def judged(self) -> list[int]:
        """Seeds in scope with a value."""
        have = self.effects or self.values
        return [s for s in self.seeds if self.scope[s] and s in have]


def limit_of(premise: Premise, rules: Rules) -> float:
    return rules.gap if premise.limit == "epsilon" else float(premise.limit)


def premise_value(premise: Premise, cell: Cell, seed: int) -> float | None:
    if premise.of in cell.symbols:
        return cell.symbols[premise.of]
    value = cell.at(premise.of, seed)
    return value if value is None or premise.times is None else value * cell.symbols[premise.times]


def meets(premise: Premise, value: float | None, rules: Rules) -> bool:
    if value is None:
        return False
    limit = limit_of(premise, rules)
    return value <= limit if premise.at_most else value >= limit


def in_scope(claim: Stated, cell: Cell, seed: int, rules: Rules) -> bool:
    """Every premise holds in this run; a failed run meets none."""
    if seed in cell.failed or seed not in cell.seeds:
        return False
    return all(meets(p, premise_value(p, cell, seed), rules) for p in claim.premises)


def told(premise: Premise, cell: Cell, rules: Rules) -> tuple[str, float | None, float, bool]:
    """Name, median over the runs that have it, limit, and whether enough runs keep it."""
    each = [premise_value(premise, cell, s) for s in cell.seeds]
    have = [v for v in each if v is not None]
    enough = sum(meets(premise, v, rules) for v in each) >= rules.scope_share * len(each)
    return premise.of, statistics.median(have) if have else None, limit_of(premise, rules), enough


def groups(cells: Sequence[Cell], names: Sequence[str]) -> list[list[Cell]]:
    """Cells that agree in everything but their number, by the symbols ``names``, in order."""
    found: dict[tuple[float, ...], list[Cell]] = {}
    for cell in cells:
        found.setdefault(tuple(cell.symbols[n] for n in names if n in cell.symbols), []).append(cell)
    return list(found.values())


def units(claim: Stated, cells: Sequence[Cell], rules: Rules) -> list[Unit]:
    """What the claim is judged on; none where its arm was not run."""
    observable = judged_on(claim, cells)
    mine = [c for c in cells if c.arm == claim.arm and observable in c.values]
    if claim.axis is not None:
        others = [a for a in rules.axes if a != claim.axis]
        series = [sorted(g, key=lambda c: c.symbols[claim.axis]) for g in groups(mine, others)]
        return [along_axis(claim, observable, g, rules) for g in series if len(g) > 1]
    if claim.per_unit:
        bundles = groups(mine, rules.run_axes)
    else:
        bundles = [[c] for c in mine]
    if claim.reference is None:
        return [alone(claim, observable, g, rules) for g in bundles]
    pairs = []
    for bundle in bundles:
        key = [bundle[0].symbols.get(a) for a in rules.axes]
        other = [
            c
            for c in cells
            if c.arm == claim.reference and [c.symbols.get(a) for a in rules.axes] == key and observable in c.values
        ]
        if other:
            pairs.append(between(claim, observable, bundle[0], other[0], rules))
    return pairs


def judged_on(claim: Stated, cells: Sequence[Cell]) -> str:
    """A bound that is judged run by run, where its observable was measured."""
    if claim.per_run and any(claim.per_run in c.values for c in cells if c.arm == claim.arm):
        return claim.per_run
    return claim.observable


def fill(claim: Stated, unit: Unit, members: Sequence[Cell], rules: Rules) -> Unit:
    """Scope, seed by seed, over the cells that are compared; premises are told of the last, or of one that fails."""
    own = {c.index: [s for s in c.seeds if in_scope(claim, c, s, rules)] for c in members}
    for seed in unit.seeds:
        unit.scope[seed] = all(seed in inside for inside in own.values())
    out = [c for c in members if len(own[c.index]) < rules.scope_share * len(c.seeds) - 1e-9 or not own[c.index]]
    unit.why = bool(out)
    unit.premises = [told(p, out[0] if out else members[-1], rules) for p in claim.premises]
    unit.failed = len({s for c in members for s in c.failed} & set(unit.seeds))
    have = unit.effects or unit.values
    undefined = any(unit.scope[s] and s not in have for s in unit.seeds)
    unit.measured_out = undefined or any(_fails_a_measurement(claim, c, s, rules) for c in members for s in c.seeds)
    return unit


def _fails_a_measurement(claim: Stated, cell: Cell, seed: int, rules: Rules) -> bool:
    measured = [p for p in claim.premises if p.of not in cell.symbols]
    return seed in cell.failed or not all(meets(p, premise_value(p, cell, seed), rules) for p in measured)


def alone(claim: Stated, observable: str, group: Sequence[Cell], rules: Rules) -> Unit:
    cell = group[0]
    unit = Unit([c.index for c in group], cell.symbols, list(cell.seeds))
    for seed in unit.seeds:
        if (value := cell.at(observable, seed)) is not None:
            if observable == claim.per_run:
                unit.effects[seed] = -value if value else 0.0
            elif claim.kind == "comparison":
                unit.effects[seed] = value
            else:
                unit.values[seed] = value
    return fill(claim, unit, [cell], rules)


def both(a: Cell, b: Cell) -> list[int]:
    return [s for s in a.seeds if s in b.seeds]


def between(claim: Stated, observable: str, arm: Cell, other: Cell, rules: Rules) -> Unit:
    """Two arms, seed by seed: the difference, or by how much it stays within the margin."""
    unit = Unit([arm.index, other.index], arm.symbols, both(arm, other))
    for seed in unit.seeds:
        x, y = arm.at(observable, seed), other.at(observable, seed)
        if x is not None and y is not None:
            unit.effects[seed] = x - y
    return fill(claim, unit, [other, arm], rules)


def along_axis(claim: Stated, observable: str, series: Sequence[Cell], rules: Rules) -> Unit:
    """The two ends of an axis, seed by seed; positive: the way that the claim says."""
    first, last = series[0], series[-1]
    unit = Unit([c.index for c in series], first.symbols, both(first, last))
    unit.axis_values = [c.symbols[claim.axis or ""] for c in series]
    for cell in series:
        unit.along.append({s: v for s in cell.seeds if (v := cell.at(observable, s)) is not None})
    for seed in unit.seeds:
        x, y = first.at(observable, seed), last.at(observable, seed)
        if x is not None and y is not None:
            unit.extremes[seed], unit.effects[seed] = (x, y), (y - x) * claim.direction
    unit.pair_scopes = [{s for s in c.seeds if in_scope(claim, c, s, rules)} for c in series]
    return fill(claim, unit, [first, last], rules)


def cells_of(results: Mapping[str, object]) -> list[Cell]:
    """The single runs of a results.json."""
    found = []
    for index, cell in enumerate(results["cells"]):  # type: ignore[arg-type, var-annotated]
        values = {name: list(summary["values"]) for name, summary in cell["observables"].items()}
        found.append(
            Cell(index, cell["variant"], dict(cell["symbols"]), list(cell["seeds"]), set(cell["failed"]), values)
        )
    return found
