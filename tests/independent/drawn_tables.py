"""Measurements that nobody made: any claim, from two cells to 300, ties, extremes, failures, gaps in the values."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st
from plain.recompute import Range
from plain.stated import CLAIMS, Stated
from plain.units import Cell, Rules

from empirics.observables.catalogue import observables

SHARES = [0.5, 0.8, 0.9, 1 / 3, 0.55]
STYLES = ("any", "ends", "ties", "grid", "all low", "all high", "near the bound")


@dataclass(frozen=True)
class Drawn:
    """A claim, cells and rules."""

    claim: Stated
    cells: list[Cell]
    rules: Rules


@cache
def ranges() -> dict[str, Range]:
    return {
        name: Range(float(o.lower), float(o.upper), o.trivial, o.sampling == "exact")
        for name, o in observables().items()
    }


@st.composite
def tables(draw, kind: str) -> Drawn:
    claim = draw(st.sampled_from([claim for claim in CLAIMS if claim.kind == kind]))
    n = draw(st.one_of(st.integers(1, 20), st.integers(16, 40)))
    looks = draw(st.sampled_from([(), (n,), (max(1, n // 2), n + n % 2), (8, 16, 32), (16, 32), (n + 1,)]))
    grid = draw(st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3)))
    if draw(st.integers(0, 40)) == 0:
        grid, n = (5, 6, 10), min(n, 6)
    rules = Rules(
        alpha=draw(st.sampled_from([0.05, 0.01, 0.2])),
        share=draw(st.sampled_from(SHARES)),
        gap=0.1,
        margin=draw(st.sampled_from([0.05, 0.2])),
        scope_share=draw(st.sampled_from([0.8, 0.5, 1.0])),
        looks=looks,
    )
    style = draw(st.sampled_from(STYLES))
    trouble = draw(st.sampled_from([0.0, 0.0, 0.03, 0.15, 0.5]))
    chance = random.Random(draw(st.integers(0, 10**6)))
    return Drawn(claim, _cells(claim, n, grid, style, trouble, chance, rules), rules)


def _cells(claim, n, grid, style, trouble, chance, rules) -> list[Cell]:
    universe, copies, facts = ([20, 40, 60, 90, 136], [1, 2, 3, 4, 6, 8], [1, 2, 3, 5, 8, 10, 20, 30, 40, 50])
    axes = [sorted(chance.sample(values, size)) for values, size in zip((universe, copies, facts), grid, strict=True)]
    found: list[Cell] = []
    arms = [claim.reference or "main", claim.arm] if claim.reference else [claim.arm]
    uneven = chance.random() < 0.15
    for arm in arms:
        for r, k in itertools.product(*axes[:2]):
            ran = max(1, n - chance.randrange(3)) if uneven else n
            seeds = list(range(ran))
            failed = {s for s in seeds if chance.random() < trouble / 3}
            unit = {
                name: _premise(name, limit, at_most, seeds, trouble, chance, rules)
                for name, limit, at_most in _measured(claim)
            }
            shared = None
            for f in axes[2]:
                symbols = {"S": 60, "A": 60, "R": r, "K": k, "N_f": f, "m": 64, "eta": 1.0, "t": 4000}
                names = [claim.observable, *([claim.per_run] if claim.per_run else [])]
                values = {name: _values(claim, name, symbols, seeds, style, trouble, chance) for name in names}
                shared = shared or values
                values = dict(shared) if claim.per_unit else values
                for name, premise in unit.items():
                    values.setdefault(name, premise)
                values = {
                    name: [None if s in failed else v for s, v in zip(seeds, column, strict=True)]
                    for name, column in values.items()
                }
                found.append(Cell(len(found), arm, symbols, seeds, failed, values))
    return found


def _measured(claim: Stated):
    return [(p.of, p.limit, p.at_most) for p in claim.premises if p.of not in ("K", "R")]


def _premise(name, limit, at_most, seeds, trouble, chance, rules):
    edge = rules.gap if limit == "epsilon" else float(limit)
    inside, outside = (edge - 0.05, edge + 1.0) if at_most else (edge + 0.01, edge - 0.5)
    return [outside if chance.random() < trouble else chance.choice([inside, edge]) for _ in seeds]


def _values(claim, name, symbols, seeds, style, trouble, chance):
    span = ranges().get(name, Range())
    low, high = (a if abs(a) < 1e9 else b for a, b in ((span.low, -3.0), (span.high, 3.0)))
    bound = float(claim.formula(symbols)) if claim.formula and name == claim.observable else (low + high) / 2
    near = min(max(bound * (1 + 1e-7), low), high)  # not at the bound itself, which two programs round apart
    if claim.kind == "identity" or span.exact:  # all alike, now and then with an error
        slips = [1e-13 if claim.kind == "identity" else 1e-7, *([1e-6, 0.1] if chance.random() < 0.3 else [])]
        sign = chance.choice([[-1], [1], [-1, 1]])
        return [min(max(bound + chance.choice(sign) * chance.choice(slips), low), max(high, 2 * bound)) for _ in seeds]
    middle = chance.choice([low, near, high])

    def one() -> float:
        if style == "ends":
            return chance.choice([low, high])
        if style == "ties":
            return chance.choice([middle, middle, middle, low, high])
        if style == "grid":
            return low + (high - low) * chance.randrange(41) / 40
        if style in ("all low", "all high"):
            return low if style == "all low" else high
        if style == "near the bound":
            return min(max(near + (high - low) * chance.gauss(0, 0.02), low), high)
        return chance.uniform(low, high)

    undefined = trouble / 2 if chance.random() < 0.7 else 0.0
    return [None if chance.random() < undefined else one() for _ in seeds]
