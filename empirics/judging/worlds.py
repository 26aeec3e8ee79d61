"""In which worlds a property holds: one answer for each seed of a cell, or of a pair of cells.

A comparison, an equivalence or a trend is a property of one run, or of two runs of
one seed: it holds there or not. What is judged is the share of worlds in which it
does (:mod:`empirics.judging.shares`); the size of the effect stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

from empirics.judging.premises import Scoped, scopes_of
from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from empirics.observables.definition import Observable
from theory import Claim, Kind, Premise
from theory.plural import counted

Scopes = Mapping[int, Scoped]
"""Which seeds are in scope, by the position of the cell."""


class Answer(IntEnum):
    """Whether a property holds in one world."""

    NO = -1
    TIE = 0
    YES = 1


@dataclass(frozen=True)
class Step:
    """How an observable moves between neighbours of an axis: worlds in which it falls, stays, rises."""

    between: str
    falls: int
    ties: int
    rises: int


@dataclass(frozen=True)
class Worlds:
    """The answers of one cell, or of two cells that are compared."""

    cells: tuple[int, ...]  # positions of the cells
    label: str  # where, in words
    asked: str  # the property in words
    ran: tuple[int, ...] = ()  # the seeds that ran in all of them, in order
    # for each seed in scope in which the property is defined, whether it holds
    answers: Mapping[int, Answer] = field(default_factory=dict)
    effects: Mapping[int, float] = field(default_factory=dict)  # for the same seeds, by how much
    undefined: frozenset[int] = frozenset()  # seeds in scope in which it is not defined
    directed: bool = True  # whether its opposite is a direction too (not for an equivalence)
    premises: tuple[Premise, ...] = ()  # the premises at the median seed
    reason: str = ""  # why it is out of scope, or not tested; empty if it can be judged
    tested: bool = True  # whether anything ran
    # whether measurements put some seed out of scope: a premise or the run failed, or the property is not defined
    measured_scope: bool = False
    flat: bool = False  # whether there is no room to move: both ends at the same end of the range in most worlds
    vacuous: bool = False  # whether the reason is that the claim says nothing there
    steps: tuple[Step, ...] = ()  # the moves along the axis: between its ends, then between neighbours

    @property
    def judged(self) -> bool:
        """Whether it counts for the claim: in scope, defined, and not flat."""
        return self.tested and not self.reason and not self.flat


def worlds_of(
    claim: Claim, observable: Observable, mine: Sequence[CellTable], cells: Sequence[CellTable], settings: Settings
) -> list[Worlds]:
    """The answers of each cell, pair of arms, or pair of ends that the claim speaks of."""
    asked = [*mine, *(c for c in cells if c.variant == claim.reference != claim.arm)]
    scopes = {c.index: scoped for c, scoped in zip(asked, scopes_of(claim, asked, settings), strict=True)}
    if claim.axis is not None:
        return [_ends(claim, observable, chain, scopes, settings) for chain in _chains(claim, mine)]
    if claim.reference is not None:
        partners = {c.at(c.axes): c for c in cells if c.variant == claim.reference and c.seeds}
        if observable.per == "unit":  # the same in every cell that a run serves: one answer for each run
            mine = list({c.at(c.run_axes): c for c in reversed(mine)}.values())[::-1]
        return [_pair(claim, observable, cell, partners.get(cell.at(cell.axes)), scopes, settings) for cell in mine]
    return [_alone(claim, observable, group, scopes, settings) for group in groups_of(claim, observable, mine)]


def groups_of(claim: Claim, observable: Observable, cells: Sequence[CellTable]) -> list[list[CellTable]]:
    """Cells that share a measurement: an observable of a run is the same in every cell that the run serves."""
    groups: dict[tuple[float, ...], list[CellTable]] = {}
    for cell in cells:
        served = set(cell.axes) - set(cell.run_axes)
        if observable.per == "cell" or served & set(claim.symbols):
            return [[cell] for cell in cells]
        groups.setdefault(cell.at(cell.run_axes), []).append(cell)
    return list(groups.values())


def _alone(
    claim: Claim, observable: Observable, group: Sequence[CellTable], scopes: Scopes, settings: Settings
) -> Worlds:
    cell = group[0]
    places = tuple(c.index for c in group)
    bound = claim.judged_on != claim.observable
    asked = f"{observable.name} {'<=' if bound else '>'} 0"
    if not cell.seeds:
        return Worlds(places, cell.label, asked, reason="no run finished", tested=False)
    scoped = scopes[cell.index]
    values = dict(zip(scoped.seeds, cell.values(observable.name, scoped.seeds), strict=True))
    effects = {seed: -value if bound else value for seed, value in values.items() if value is not None}
    return _answered(claim, (scoped,), places, cell.label, asked, cell.seeds, list(values), effects, settings)


def _pair(
    claim: Claim,
    observable: Observable,
    cell: CellTable,
    partner: CellTable | None,
    scopes: Scopes,
    settings: Settings,
) -> Worlds:
    """A cell of the claim's arm beside the same cell of its reference."""
    if claim.kind is Kind.EQUIVALENCE:
        asked = f"{observable.name} of {claim.arm} within {settings.equivalence_margin:g} of {claim.reference}'s"
    else:
        asked = f"{observable.name} larger in {claim.arm} than in {claim.reference}"
    if partner is None or not cell.seeds:
        why = f"no runs of the arms {claim.arm} and {claim.reference} to compare at {cell.label}"
        return Worlds((cell.index,), cell.label, asked, reason=why, tested=False)
    return _compared(claim, observable, cell, partner, 1, cell.label, asked, scopes, settings)


def _ends(
    claim: Claim, observable: Observable, chain: Sequence[CellTable], scopes: Scopes, settings: Settings
) -> Worlds:
    """The two ends of an axis, largest value less smallest, in the claim's direction."""
    first, last, symbol = chain[0], chain[-1], str(claim.axis)
    span = f"{first.axes.get(symbol, symbol)} from {first.symbols[symbol]:g} to {last.symbols[symbol]:g}"
    verb = ("falls", "rises")[claim.direction > 0] if claim.kind is Kind.COMPARISON else ""
    asked = f"{observable.name} {verb or ('does not rise', 'does not fall')[claim.direction > 0]}, {span}"
    label = ", ".join([*(f"{name}={first.symbols[s]:g}" for s, name in first.axes.items() if s != symbol)])
    places = (first.index, last.index)
    if len(chain) < 2:
        why = f"a claim along {symbol} needs at least two values"
        return Worlds(places[:1], label, asked, reason=why, tested=False)
    if not first.seeds or not last.seeds:
        return Worlds(places, label, asked, reason="no run finished", tested=False)
    found = _compared(claim, observable, last, first, claim.direction, label, asked, scopes, settings)
    spans = [(first, last), *(pairwise(chain) if len(chain) > 2 else ())]
    steps = tuple(_step(claim, observable, before, after, scopes) for before, after in spans)
    flat = _flat(observable, first, last, found.answers)
    cells = tuple(c.index for c in chain)
    return Worlds(**{**vars(found), "cells": cells, "steps": steps, "flat": flat})


def _compared(
    claim: Claim,
    observable: Observable,
    cell: CellTable,
    partner: CellTable,
    direction: int,
    label: str,
    asked: str,
    scopes: Scopes,
    settings: Settings,
) -> Worlds:
    """The observable at ``cell`` less that at ``partner``, over the seeds in scope of both."""
    here, there = scopes[cell.index], scopes[partner.index]
    also = set(there.seeds)
    common = [s for s in here.seeds if s in also]
    effects = {}
    pairs = zip(cell.values(observable.name, common), partner.values(observable.name, common), strict=True)
    for seed, (a, b) in zip(common, pairs, strict=True):
        if a is not None and b is not None:
            effects[seed] = direction * (a - b)
    also_ran = set(partner.seeds)
    ran = tuple(s for s in cell.seeds if s in also_ran)
    return _answered(claim, (there, here), (cell.index, partner.index), label, asked, ran, common, effects, settings)


def _answered(
    claim: Claim,
    scopes: Sequence[Scoped],
    places: tuple[int, ...],
    label: str,
    asked: str,
    ran: Sequence[int],
    common: Sequence[int],
    effects: Mapping[int, float],
    settings: Settings,
) -> Worlds:
    reasons = [scoped.reason for scoped in scopes if scoped.reason]
    if not reasons and (not effects or len(effects) < settings.scope_share * len(ran) - 1e-9):
        told = "is in scope and has a value" if len(effects) == 1 else "are in scope and have a value"
        reasons = [f"only {len(effects)} of {counted(len(ran), 'world')} {told} ({asked})"]
    failing = [scoped for scoped in scopes if scoped.reason]
    worst = failing[0] if failing else scopes[-1]
    return Worlds(
        places,
        label,
        asked,
        tuple(ran),
        {seed: _answer(claim, effect, settings) for seed, effect in effects.items()},
        dict(effects),
        frozenset(common) - frozenset(effects),
        claim.kind is not Kind.EQUIVALENCE,
        worst.premises,
        "; ".join(dict.fromkeys(reasons)),
        measured_scope=len(effects) < len(common) or any(scoped.measured_failures for scoped in scopes),
        vacuous=bool(failing) and all(scoped.vacuous for scoped in failing),
    )


def _answer(claim: Claim, effect: float, settings: Settings) -> Answer:
    if claim.kind is Kind.EQUIVALENCE:
        near = abs(effect) <= settings.equivalence_margin * (1.0 + 1e-9)  # whatever the rounding of the difference
        return Answer.YES if near else Answer.NO
    if claim.kind is not Kind.COMPARISON:  # weak: it does not move against the direction, or is at most 0
        return Answer.YES if effect >= 0 else Answer.NO
    return Answer(int(effect > 0) - int(effect < 0))


def _chains(claim: Claim, cells: Sequence[CellTable]) -> list[list[CellTable]]:
    """The series along the claim's axis, each in its order."""
    symbol = str(claim.axis)
    series: dict[tuple[float, ...], list[CellTable]] = {}
    for cell in cells:
        series.setdefault(cell.at(name for name in cell.axes if name != symbol), []).append(cell)
    return [sorted(chain, key=lambda c: c.symbols[symbol]) for chain in series.values()]


def _step(claim: Claim, observable: Observable, before: CellTable, after: CellTable, scopes: Scopes) -> Step:
    """The moves between two cells, over the seeds in scope of both."""
    symbol = str(claim.axis)
    later = set(scopes[after.index].seeds)
    common = [seed for seed in scopes[before.index].seeds if seed in later]
    pairs = zip(before.values(observable.name, common), after.values(observable.name, common), strict=True)
    moves = [b - a for a, b in pairs if a is not None and b is not None]
    span = f"{before.axes.get(symbol, symbol)} from {before.symbols[symbol]:g} to {after.symbols[symbol]:g}"
    return Step(span, sum(m < 0 for m in moves), sum(m == 0 for m in moves), sum(m > 0 for m in moves))


def _flat(observable: Observable, first: CellTable, last: CellTable, answers: Mapping[int, Answer]) -> bool:
    """Whether both ends lie at the same end of the range in at least four of five worlds."""
    if not answers or not observable.bounded:
        return False
    ends = (observable.lower, observable.upper)
    pairs = [*zip(first.values(observable.name, answers), last.values(observable.name, answers), strict=True)]
    return max(sum(a == b == end for a, b in pairs) for end in ends) >= 0.8 * len(pairs)
