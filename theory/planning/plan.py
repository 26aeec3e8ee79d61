"""The inverse question: how many fine-tuning facts, or how much multiplicity, does a claim ask for?

>>> from theory.planning.plan import plan
>>> answer = plan("ood-error-normalised", 0.05, K=4, R=40)
>>> answer.value, answer.bound_at <= 0.05 < answer.bound_before
(600, True)

Every answer is checked forward in ball arithmetic: the value satisfies the
target and its predecessor does not. Ties are decided exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np
import sympy as sp

from theory.claim import Claim
from theory.describe import premises_at, status_of
from theory.html import html_table
from theory.kinds import Kind
from theory.notation import DomainError
from theory.numbers.compare import meets
from theory.numbers.evaluate import check_domain
from theory.parts import relation_text, resolved
from theory.planning.inverse import symbolic_inverse
from theory.planning.least import first_true, last_true
from theory.registry import claim as registered
from theory.registry import papers
from theory.spelling import meant

_MOST = 10**18  # the largest value looked at
_FIRST_LOOKED_AT = 1000
_SCAN = 1 << 16
_MOST_SCANNED = 10**7


@dataclass(frozen=True, kw_only=True, repr=False)
class Plan:
    """The least value of a symbol at which a claim's bound meets a target; None, with the ``reason``, if nothing does.

    ``bound_at`` and ``bound_before`` are the bound at ``value`` and at ``value - 1`` (None outside the domain).

    Attributes:
        observable: what the bound is about.
        guarantees: whether meeting the target bounds the observable too: not for a bound from below.
        status: whether the claim is proved, in one phrase.
        premises: what the claim rests on, each with "holds" where the given values say so, else "to be measured".
        holds_from: the least value from which the bound stays within the target; larger than ``value`` where the bound
            is not monotone; None if unknown or none.
        symbolic: the real solution over the other symbols and ``delta``, the target, where the bound can be inverted in
            closed form; ``value`` is its ceiling, if allowed.
        reason: how the value was found, or why there is none.
    """

    claim: str
    unknown: str
    target: Fraction
    observable: str
    guarantees: bool
    status: str
    premises: tuple[tuple[str, str], ...]
    value: int | None
    bound_at: float | None = None
    bound_before: float | None = None
    holds_from: int | None = None
    symbolic: sp.Expr | None = None
    reason: str

    @property
    def rises(self) -> bool:
        """Whether the bound may exceed the target again beyond ``value``."""
        return self.value is not None and self.holds_from != self.value

    def __repr__(self) -> str:
        """In a line."""
        found = f"{self.unknown} = {self.value}" if self.value is not None else "unreachable"
        return f"Plan({self.claim}: {found} for {self.observable} {float(self.target):g})"

    def _repr_html_(self) -> str:
        """In a notebook: what it says, and what it rests on."""
        rows = [("reason", self.reason), ("status", self.status), ("bound there", self.bound_at)]
        return html_table(repr(self), [*rows, *(("premise", ": ".join(premise)) for premise in self.premises)])

    def document(self) -> dict[str, Any]:
        """The plan as JSON holds it."""
        return {
            "id": self.claim,
            "unknown": self.unknown,
            "target": float(self.target),
            "reachable": self.value is not None,
            **{name: getattr(self, name) for name in ("value", "bound_at", "bound_before", "holds_from")},
            "symbolic": None if self.symbolic is None else str(self.symbolic),
            "reason": self.reason,
            "observable": self.observable,
            "guarantees": self.guarantees,
            "status": self.status,
            "premises": [{"relation": relation, "state": state} for relation, state in self.premises],
        }


def unknowns(claim: Claim) -> tuple[str, ...]:
    """Symbols of the bound that a plan may solve for, the first choice first."""
    return tuple(name for name in claim.paper.unknowns if name in claim.symbols)


class _Unreachable(Exception):
    """Nothing reaches the target; the message says why."""


@dataclass(frozen=True)
class _Question:
    """A claim's bound is to be at most ``target`` at the least ``unknown``, the other symbols as given."""

    item: Claim
    unknown: str
    target: Fraction
    values: Mapping[str, int | float]

    def at(self, value: Any) -> dict[str, Any]:
        """All symbols, the unknown at a value or at an array of them."""
        return {**self.values, self.unknown: value}

    def good(self, value: int) -> bool:
        """Whether the bound meets the target there: decided."""
        return meets(self.item.stated_bound, self.target, self.at(value))


def plan(claim: Claim | str, target: float | Rational | str, unknown: str | None = None, **values: int | float) -> Plan:
    """The least ``unknown`` at which the claim's bound is at most ``target``.

    Args:
        target: at most this; a float is taken as the decimal number that it prints as.
        unknown: one of :func:`unknowns`; None takes the first of them that is not given.
        values: the other symbols; further ones of the notation may be given for the limits that its paper states.

    Raises:
        DomainError: the claim has no number or does not depend on ``unknown``, a
            symbol is missing or impossible, or the target is not a number.
        theory.registry.UnknownClaimError: no such claim.
    """
    item = registered(claim) if isinstance(claim, str) else claim
    exact = _target(target)
    if unknown is None:
        unknown = next((name for name in unknowns(item) if name not in values), None)
        if unknown is None and (given := unknowns(item)):
            raise DomainError(f"nothing is left to solve for: leave out {' or '.join(given)}")
        unknown = unknown or item.paper.unknowns[0]
    _check_question(item, unknown, values)
    values = {name: int(value) if item.notation[name].integer else value for name, value in values.items()}
    asked, symbolic = _Question(item, unknown, exact, values), symbolic_inverse(item, unknown)
    about: dict[str, Any] = {
        "claim": item.id,
        "unknown": unknown,
        "target": exact,
        "symbolic": symbolic,
        "observable": item.observable,
        "guarantees": item.kind in (Kind.UPPER, Kind.IDENTITY),
        "status": status_of(item),
    }
    try:
        low, high = _range(asked)
        value, holds_from, how = _search(asked, low, high)
        _check_limits(asked, value)
    except _Unreachable as why:
        return Plan(**about, premises=_premises(item, values), value=None, reason=str(why))
    if item.kind is Kind.LOWER:
        how = f"a lower bound: fewer cannot suffice, more may be needed. {how}"
    return Plan(
        **about,
        premises=_premises(item, asked.at(value)),
        value=value,
        bound_at=item.bound(**asked.at(value)),
        bound_before=item.bound(**asked.at(value - 1)) if value > low else None,
        holds_from=holds_from,
        reason=how,
    )


def tightest(plans: Sequence[Plan]) -> Plan | None:
    """The plan with the least value among those that guarantee what the first is about; None if none of them does."""
    alike = [p for p in plans if p.guarantees and p.observable == plans[0].observable and p.value is not None]
    return min(alike, key=lambda p: p.value or 0, default=None)


def in_order(plans: Sequence[Plan]) -> list[Plan]:
    """From the least value to the greatest: those about the same as the first one, then the others."""
    return sorted(plans, key=lambda p: (p.observable != plans[0].observable, p.value is None, p.value or 0))


def ask(
    claim: Claim, target: float | Fraction | str, given: Mapping[str, int | float], unknown: str | None = None
) -> list[Plan]:
    """The plan of a claim, then those of the claims that papers of the same notation want seen beside it.

    ``given`` are values of symbols, ``unknown`` the symbol to solve for, by default the first that is not given.

    Raises DomainError: the values lie outside the claim's domain, or the question makes no sense; see :func:`plan`.
    """
    check_domain(claim.id, claim.domain, given)
    found = [plan(claim, target, unknown, **given)]
    unknown = found[0].unknown
    for identifier in (i for paper in papers() if paper.notation == claim.notation for i in paper.plans):
        other = registered(identifier)
        needed = set(other.symbols) - {unknown}
        if identifier == claim.id or unknown not in other.symbols or not needed <= set(given):
            continue
        limiting = {s.name for limit in other.paper.limits for s in limit.relation.free_symbols}
        used = {name: value for name, value in given.items() if name in needed | limiting}
        found.append(plan(other, target, unknown, **used))
    return found


def _premises(item: Claim, values: Mapping[str, int | float]) -> tuple[tuple[str, str], ...]:
    """The assumptions of a claim, and whether they hold at some values, as far as these tell."""
    states = {True: "holds", False: "fails", None: "to be measured"}
    return tuple((p["relation"], states[p["holds"]]) for p in premises_at(item, values))


def _target(target: float | Rational | str) -> Fraction:
    try:
        return Fraction(repr(float(target))) if isinstance(target, float | np.floating) else Fraction(target)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        raise DomainError(f"target={target!r}: must be a finite number") from None


def _check_question(item: Claim, unknown: str, values: Mapping[str, Any]) -> None:
    if item.log_expression is None:
        raise DomainError(f"{item.id} is a {item.kind} claim and states no number, so there is nothing to plan")
    if unknown not in item.paper.unknowns:
        raise DomainError(f"cannot solve for {unknown}; {meant(unknown, item.paper.unknowns)}")
    if unknown not in item.symbols:
        raise DomainError(f"{item.id} does not depend on {unknown}; it uses {', '.join(item.symbols)}")
    if unknown in values:
        raise DomainError(f"{unknown} is the unknown and cannot be given")
    item.stated_bound.check(values, without=unknown)  # the domain itself is a reason, not an error


def _range(asked: _Question) -> tuple[int, int]:
    """The values of the unknown that domain and premises allow: an interval."""
    item, unknown, known = asked.item, asked.unknown, asked.values
    if asked.target < 0:
        raise _Unreachable(f"the target {asked.target} is negative, but the bound never is")
    for relation in item.domain:
        if unknown not in _names(relation) and not _holds(relation, known):
            raise _Unreachable(
                f"no {unknown} helps: {item.id} needs {relation_text(relation)}, and {_given(relation, known)}"
            )
    premises = [premise.relation for premise in item.premises_on_symbols]
    for relation in premises:
        if unknown not in _names(relation) and _names(relation) <= set(known) and not _holds(relation, known):
            failed = f"the premise {relation_text(relation)} fails, {_given(relation, known)}"
            raise _Unreachable(f"no {unknown} helps: {failed}")

    relations = [r for r in (*item.domain, *premises) if unknown in _names(r)]

    def allowed(value: int) -> bool:
        return all(_holds(relation, asked.at(value)) for relation in relations)

    least = item.notation[unknown].minimum
    starts = _starts(asked, relations, least)
    low = next((v for v in starts if allowed(v)), None)
    if low is None:
        last = starts[-1] if isinstance(starts, range) else _MOST
        raise _Unreachable(f"no {unknown} from {least} to {last} is in the domain of {item.id} and meets its premises")
    return low, _MOST if allowed(_MOST) else last_true(allowed, low, _MOST)


def _starts(asked: _Question, relations: Sequence[Any], least: int) -> list[int] | range:
    """Integers in order, the least that all relations allow among them, if there is one up to ``_MOST``.

    The truth of a polynomial or rational relation changes at real roots only: the first integer at or beyond one is
    looked at. Where a relation is neither, the first values are looked at one by one: a range.
    """
    found = {least}
    for relation in relations:
        known = {
            s: sp.Rational(Fraction(asked.values[s.name])) for s in relation.free_symbols if s.name != asked.unknown
        }
        try:
            parts = sp.together((relation.lhs - relation.rhs).subs(known)).as_numer_denom()
            for part in (sp.Poly(p, item) for p in parts for item in relation.free_symbols - set(known)):
                for (a, b), _ in part.intervals(eps=sp.Rational(1, 4)):
                    found |= set(range(int(sp.floor(a)), int(sp.floor(b)) + 2))
        except (AttributeError, sp.PolynomialError, sp.polys.polyerrors.DomainError):  # neither, or no one relation
            return range(least, least + _FIRST_LOOKED_AT)
    return sorted(v for v in found if least <= v <= _MOST)


def _names(relation: Any) -> set[str]:
    return {s.name for s in relation.free_symbols}


def _holds(relation: Any, point: Mapping[str, Any]) -> bool:
    return bool(relation.subs({s: sp.Rational(Fraction(point[s.name])) for s in relation.free_symbols}))


def _given(relation: Any, known: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {known[name]}" for name in sorted(_names(relation)))


def _search(asked: _Question, low: int, high: int) -> tuple[int, int | None, str]:
    """Least value, the value from which it stays so, and how it was found."""
    item, unknown = asked.item, asked.unknown
    found: int | None
    if unknown in item.falls_in:
        found = stays = first_true(asked.good, low, high)
        how = f"the bound falls in {unknown}: bisection over integers, verified in ball arithmetic"
    elif search := dict(item.searches).get(unknown):
        others = {name: asked.values[name] for name in item.symbols if name != unknown}
        found, stays = resolved(search)(asked.good, asked.target, low, high, **others)
        how = "the bound is not monotone here: dedicated search, with every comparison in ball arithmetic"
    else:
        found, stays = _scan(asked, low, high)
        how = f"the bound is not known to fall in {unknown}: every value up to the answer was examined"
    if found is not None:
        return found, stays, how
    target = f"{float(asked.target):.6g}"
    if high < _MOST:
        at = f"; at {unknown} = {high} it is {item.bound(**asked.at(high)):.3g}" if unknown in item.falls_in else ""
        raise _Unreachable(f"no {unknown} up to {high} brings the bound of {item.id} to {target}{at}")
    zero = f": it is positive for every {unknown}" if asked.target == 0 else f" for {unknown} up to {high}"
    raise _Unreachable(f"the bound of {item.id} does not reach {target}{zero}")


def _check_limits(asked: _Question, value: int) -> None:
    """What the paper's world allows, for the limits whose symbols are all known."""
    for limit in asked.item.paper.limits:
        names = _names(limit.relation)
        if asked.unknown not in names or not names <= set(asked.at(value)):
            continue

        def allowed(candidate: int, relation: Any = limit.relation) -> bool:
            return _holds(relation, asked.at(candidate))

        if not allowed(value):
            most = last_true(allowed, asked.item.notation[asked.unknown].minimum, value)
            text = limit.text.format(**asked.at(value), most=most)
            bound = asked.item.bound(**asked.at(most))
            raise _Unreachable(f"{text}; at {asked.unknown} = {most} the bound is {bound:.3g}")


def _scan(asked: _Question, low: int, high: int) -> tuple[int | None, int | None]:
    """First value that meets the target, and the first from which all do up to ``high`` (if that is in reach)."""
    last = min(high, low + _MOST_SCANNED)
    goal = math.log(asked.target) if asked.target > 0 else -math.inf
    margin = 1e-9 * (1.0 + abs(goal)) if math.isfinite(goal) else 0.0
    first: int | None = None
    last_bad = low - 1
    for start in range(low, last + 1, _SCAN):
        candidates = np.arange(start, min(start + _SCAN, last + 1))
        logs = np.asarray(asked.item.log_bound(**asked.at(candidates)))
        bad = logs > goal + margin
        for position in np.flatnonzero(np.abs(logs - goal) <= margin):
            bad[position] = not asked.good(int(candidates[position]))
        if first is None and not bad.all():
            first = int(candidates[int(np.argmin(bad))])
        if bad.any():
            last_bad = int(candidates[np.flatnonzero(bad)[-1]])
        if last < high and first is not None:
            return first, None  # nothing is known beyond
    return first, last_bad + 1 if first is not None and last_bad < high else None
