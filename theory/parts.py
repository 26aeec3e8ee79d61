"""What a claim is made of: its source, premises, measurement, evaluation and mutants, as data."""

from __future__ import annotations

import functools
import importlib
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, Final

import sympy as sp

from theory.notation import BrokenClaimError, Paper, measured

Route = str | Callable[..., Any]
"""A function, or where it is found (``package.module:function``): claims are data and import no numerics."""


class Provenance(StrEnum):
    """Where a claim comes from; never present one as another."""

    STATED = "STATED"
    RECONSTRUCTED = "RECONSTRUCTED"
    DERIVED = "DERIVED"


class Scope(StrEnum):
    """What one verdict of a claim speaks about."""

    CELL = "cell"
    SERIES = "series"
    RUN = "run"


@dataclass(frozen=True)
class Premise:
    """An assumption, evaluated: the measured value, its limit, and whether it holds."""

    name: str
    value: float | None
    limit: float | None
    holds: bool
    relation: str


@dataclass(frozen=True)
class Assumption:
    """A premise of a claim: a SymPy relation ``quantity <= limit`` (or ``>=``, ``<``, ``>``), named for the quantity.

    Both sides may use the notation's symbols and ``measured(observable)``; ``text`` is the premise in words. Where one
    that is ``vacuous`` fails, the claim holds but says nothing: its verdict is VACUOUS, and not OUT OF SCOPE.
    """

    name: str
    relation: sp.core.relational.Relational
    text: str
    vacuous: bool = False

    @cached_property
    def observables(self) -> frozenset[str]:
        """Names in the relation that are measured rather than chosen."""
        return frozenset(s.name for s in self.relation.free_symbols if s == measured(s.name))

    @cached_property
    def words(self) -> str:
        """The relation, its left-hand side by the assumption's name."""
        return f"{self.name} {self.relation.rel_op} {sp.sstr(self.relation.rhs)}"

    def evaluate(self, values: Mapping[str, float | None]) -> Premise:
        """Value, limit and truth at values by name; what is missing or not finite (a diverged run) fails it."""
        found = self.at({name: math.nan if value is None else float(value) for name, value in values.items()})
        left, right = (None if math.isnan(side) else float(side) for side in found[:2])
        return Premise(self.name, left, right, bool(found[2]), self.words)

    def at(self, values: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Value, limit and truth at floats or float arrays by name; NaN where something is missing or not finite.

        Raises:
            BrokenClaimError: a side cannot be computed, or is not finite although nothing in it is measured.
        """
        try:
            left, right = (number_at(side, values) for side in self.relation.args)
        except Exception as error:  # a relation may be a third party's
            raise BrokenClaimError.of("", f"its premise {self.relation}", error) from error
        if not self.observables and not all(finite for _, finite in (left, right)):
            raise BrokenClaimError("", f"its premise {self.relation} has no finite number at these symbols")
        return left[0], right[0], _COMPARE[self.relation.rel_op](left[0], right[0])


_COMPARE: Final = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "==": operator.eq}


def relation_text(relation: sp.Basic) -> str:
    """A relation as one writes it: ``K = 1``, where SymPy prints ``Eq(K, 1)``.

    Example:
        >>> relation_text(sp.Ge(sp.Symbol("K"), 2))
        'K >= 2'
    """
    if isinstance(relation, sp.Eq | sp.Ne):
        return f"{sp.sstr(relation.lhs)} {'=' if isinstance(relation, sp.Eq) else '!='} {sp.sstr(relation.rhs)}"
    return str(sp.sstr(relation))


@dataclass(frozen=True)
class Mutant:
    """A claim with one thing changed, which must be refuted.

    Attributes:
        name: kebab-case, unique within its claim.
        log_bound: the mutated log-bound; None if the claim has no number.
        refuted_by: ``"certification"`` (exact arithmetic) or ``"measurement"``.
        direction: for a trend, the mutated direction; None leaves it.
        per_run: for a claim that is judged run by run, the observable of the mutant (see :class:`Measured`); None
            judges the mutant by its number, on the mean.
    """

    name: str
    log_bound: sp.Expr | None
    text: str
    refuted_by: str = "certification"
    direction: int | None = None
    per_run: str | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a claim comes from.

    ``text`` is the place in the source, in our own words; ``number`` that in the paper's list of claims, as ``C5``;
    ``proof`` the page in docs/ that proves it.
    """

    paper: Paper
    provenance: Provenance
    text: str
    number: str = ""
    proof: str | None = None


@dataclass(frozen=True, kw_only=True)
class Premises:
    """When a claim speaks: relations that must hold for the bound to be defined, and premises that may be measured."""

    domain: tuple[sp.core.relational.Relational, ...] = ()
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Measured:
    """How a claim is compared with measurements.

    Attributes:
        arm: the arm of the experiment that the observable is measured in.
        reference: the arm that it is compared with, seed by seed, for comparisons and equivalences; None: with 0.
        axis: for a trend, the symbol that varies; for a comparison, that of its largest and smallest value.
        direction: along the axis, ``-1`` (does not increase; less at the largest value) or ``+1``.
        per_run: for an upper or lower bound, an observable that is at most 0 in a run in which the claim holds. The
            claim is then judged by the share of worlds in which it does; its number stays the bound on the mean.
        share: the share of worlds that the claim itself states; None: ``verdict.property_share`` of the settings.
        tolerance: for an identity, the largest deviation allowed in float64; for a bound on an observable that is
            computed exactly, the relative rounding allowed to that computation (bound and observable may be equal).
        supporting: observables that tell whether the claim holds for its reason; reported, not judged.
    """

    arm: str = "main"
    reference: str | None = None
    axis: str | None = None
    direction: int = -1
    per_run: str | None = None
    share: float | None = None
    tolerance: float | None = None
    supporting: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How the log-bound is evaluated where its expression alone does not do, and what is proved about it.

    Attributes:
        exact: scalar route, for expressions that floats cannot evaluate: the symbols by name to the logarithm.
        numeric: array route in float64, better conditioned: symbols by name to (values, bounds on their errors).
        ball: ball route, for expressions with sums: the working precision in bits, then the symbols by name, to a
            ball.
        minimised_over: symbols of the expression over whose positive values the bound is minimised; it holds at each.
        falls_in: symbols in which the bound does not increase, the others fixed; proved with the claim. Questions of
            the kind "how many" bisect there.
        searches: for symbols in which it may increase, how to find the least value that meets a target: ``(good,
            target, low, high, **other symbols)`` to that value and the value from which the bound stays so (None if
            none).
    """

    exact: Route | None = None
    numeric: Route | None = None
    ball: Route | None = None
    minimised_over: tuple[sp.Symbol, ...] = ()
    falls_in: tuple[str, ...] = ()
    searches: tuple[tuple[str, Route], ...] = ()


def resolved(route: Route) -> Callable[..., Any]:
    """The function of a route.

    Raises:
        ValueError: a name that is not of the form ``package.module:function``, or leads nowhere.
    """
    if not isinstance(route, str):
        return route
    module, separator, name = route.partition(":")
    try:
        if not separator:
            raise AttributeError("no function is named")
        function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"route {route!r}: must be 'package.module:function' ({error})") from None
    return function


def number_at(expression: sp.Expr, values: Mapping[str, Any]) -> tuple[Any, bool]:
    """An expression at floats or float arrays by name, and whether it is finite wherever all of its symbols are.

    NaN where a symbol has no value or one that is not finite.
    """
    import numpy as np

    names = _names(expression)
    arguments = [np.asarray(values.get(name, math.nan), dtype=np.float64) for name in names]
    known = np.logical_and.reduce(np.broadcast_arrays(*map(np.isfinite, arguments))) if names else np.True_
    with np.errstate(all="ignore"):
        found = np.asarray(compiled(expression, names)(*arguments), dtype=np.float64)
    return np.where(known, found, math.nan), bool((np.isfinite(found) | ~known).all())


@lru_cache(maxsize=1024)
def _names(expression: sp.Expr) -> tuple[str, ...]:
    return tuple(sorted(s.name for s in expression.free_symbols))


@lru_cache(maxsize=1024)
def compiled(expression: sp.Basic, names: tuple[str, ...]) -> Callable[..., Any]:
    """A NumPy function of the symbols of these names."""
    import numpy as np
    from sympy.printing.numpy import NumPyPrinter

    by_name = {s.name: s for s in expression.free_symbols}
    arguments = [by_name.get(name, sp.Symbol(name)) for name in names]
    # Names in full: modules="numpy" would import all of NumPy's, a fifth of a second.
    printer = NumPyPrinter({"fully_qualified_modules": True, "inline": True, "allow_unknown_functions": True})
    function: Callable[..., Any] = sp.lambdify(
        arguments, expression, modules=[{"numpy": np, "functools": functools}], printer=printer
    )
    return function
