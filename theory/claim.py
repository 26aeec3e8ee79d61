"""What a claim is: one theorem, as data.

A claim states a bound once. Its value, its listing, its documentation, its
plot, its verdict on measurements and its regression check all derive from the
one object defined here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from theory.notation import LATEX_NAMES, NOTATION, epsilon
from theory.numbers.evaluate import check_values, evaluate_log_bound, evaluate_number
from theory.numbers.floats import Approximation
from theory.numbers.minimise import minimiser

if TYPE_CHECKING:
    from theory.numbers.balls import Enclosure

__all__ = ["Assumption", "Claim", "Kind", "Mutant", "Premise", "Provenance", "Scope"]


class Kind(StrEnum):
    """What a claim asserts about its observable, hence how it is judged."""

    UPPER = "upper"
    LOWER = "lower"
    IDENTITY = "identity"
    COMPARISON = "comparison"
    TREND = "trend"
    EQUIVALENCE = "equivalence"
    RATE = "rate"


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
    """A premise of a claim, as a SymPy relation ``quantity <= limit`` (or ``>=``, ``<``, ``>``).

    Attributes:
        name: the observable or symbol that the premise is about.
        relation: left side the quantity, right side the limit; both may use the
            notation's symbols, ``epsilon`` and ``measured(observable)``.
        text: the premise in words.
    """

    name: str
    relation: sp.core.relational.Relational
    text: str

    @property
    def observables(self) -> frozenset[str]:
        """Names in the relation that are measured rather than chosen."""
        names = {s.name for s in self.relation.free_symbols}
        return frozenset(names - set(NOTATION))

    def evaluate(self, values: Mapping[str, float | None]) -> Premise:
        """Value, limit and truth at ``values`` (symbols and observables by name).

        A quantity that is missing or not finite (a diverged run) fails the premise.
        """
        left = evaluate_number(self.relation.lhs, values)
        right = evaluate_number(self.relation.rhs, values)
        holds = left is not None and right is not None and bool(self.relation.func(left, right))
        return Premise(
            self.name, left, right, holds, f"{self.name} {self.relation.rel_op} {sp.sstr(self.relation.rhs)}"
        )


@dataclass(frozen=True)
class Mutant:
    """A near miss of a claim that must be refuted.

    Attributes:
        name: kebab-case, unique within its claim.
        log_bound: the mutated log-bound; None if the claim has no number.
        text: what was changed.
        refuted_by: ``"certification"`` (exact arithmetic) or ``"measurement"``.
        exact: as in :class:`Claim`.
        direction: for a trend, the mutated direction; None leaves it.
    """

    name: str
    log_bound: sp.Expr | None
    text: str
    refuted_by: str
    exact: Callable[..., float] | None = None
    direction: int | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One theorem.

    Attributes:
        id: kebab-case and lasting.
        title: a short name for people.
        statement: the theorem in words, complete with its quantities.
        kind: upper, lower, identity, comparison, trend, equivalence or rate.
        provenance: STATED, RECONSTRUCTED or DERIVED.
        source: the place in the source, in our own words.
        observable: the measured quantity that the claim speaks of.
        log_expression: natural logarithm of the bound (for an identity: of the
            exact value) over the notation's symbols; exact, never a float.
            None where the claim has no number (trends, comparisons).
        required: does a violation fail a verification?
        scope: what one verdict speaks about.
        domain: relations that the symbols must satisfy for the bound to be defined.
        assumptions: premises, judged on measured values.
        mutants: near misses that must be refuted.
        exact: scalar route to the logarithm in exact arithmetic, for expressions
            that floats cannot evaluate (alternating sums). Keyword arguments are
            the symbols' names.
        numeric: array route to the logarithm in float64, better conditioned than
            the expression: symbols' names to (values, bounds on their errors).
        ball: ball route to the logarithm, for expressions with sums: the working
            precision in bits, then the symbols by name, to a ball.
        minimised_over: symbols of the expression over whose positive values the
            bound is minimised; it holds at each of them.
        falls_in: symbols in which the bound does not increase, the others fixed; proved
            with the claim. Questions of the kind "how many" bisect there.
        searches: for symbols in which it may increase, how to find the least value that
            meets a target: ``(good, target, low, high, **symbols)`` to that value and
            the value from which the bound stays so (None if there is none).
        tolerance: for an identity, the largest deviation allowed in float64; for a
            bound on an observable that is computed exactly, the relative rounding
            allowed to that computation (bound and observable may be equal).
        proof: the page in docs/ that proves it, or None.
        claim_number: its number in the project's list of claims (C1 to C16).
        axis: for a trend, what varies: ``"finetuned"``, ``"multiplicity"`` or ``"templates"``; for a
            comparison, that it compares the largest value of the axis with the smallest.
        direction: for a trend, ``-1`` (does not increase) or ``+1`` (does not decrease); for a comparison
            along an axis, ``-1`` (less at the largest value) or ``+1`` (more there).
        variant: the arm of the experiment that the observable is measured in.
        reference: the arm that it is compared with, seed by seed, for comparisons
            and equivalences; None compares the observable with 0.
        supporting: further observables that tell whether the claim holds for its
            reason; reported, not judged.
    """

    id: str
    title: str
    statement: str
    kind: Kind
    provenance: Provenance
    source: str
    observable: str
    required: bool
    log_expression: sp.Expr | None = None
    scope: Scope = Scope.CELL
    domain: tuple[sp.core.relational.Relational, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    exact: Callable[..., float] | None = None
    numeric: Callable[..., Approximation] | None = None
    ball: Callable[..., Any] | None = None
    minimised_over: tuple[sp.Symbol, ...] = ()
    falls_in: tuple[str, ...] = ()
    searches: tuple[tuple[str, Callable[..., tuple[int | None, int | None]]], ...] = ()
    tolerance: float | None = None
    proof: str | None = None
    claim_number: str = ""
    axis: str | None = None
    direction: int = -1
    variant: str = "main"
    reference: str | None = None
    supporting: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind is Kind.TREND and self.axis is None) or (
            self.axis is not None and (self.kind not in (Kind.TREND, Kind.COMPARISON) or self.reference is not None)
        ):
            raise ValueError(f"{self.id}: an axis goes with a trend, or with a comparison of its two ends")
        if self.axis not in (None, "finetuned", "multiplicity", "templates") or self.direction not in (-1, 1):
            raise ValueError(f"{self.id}: axis={self.axis!r}, direction={self.direction!r} is not a trend of the grid")
        free = {s.name for s in self.minimised_over}
        if free & set(NOTATION):
            raise ValueError(f"{self.id}: minimised_over names the notation's {sorted(free & set(NOTATION))}")
        for name, expression in [("log_expression", self.log_expression)] + [
            (f"mutant {mutant.name}", mutant.log_bound) for mutant in self.mutants
        ]:
            if expression is None:
                continue
            if expression.atoms(sp.Float):
                raise ValueError(
                    f"{self.id}: {name} holds the float {expression.atoms(sp.Float).pop()}; use sympy.Rational"
                )
            unknown = {s.name for s in expression.free_symbols} - set(NOTATION) - free
            if unknown:
                raise ValueError(f"{self.id}: {name} uses {sorted(unknown)}; the notation has {sorted(NOTATION)}")

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of the symbols in the bound, in the notation's order."""
        if self.log_expression is None:
            return ()
        free = {s.name for s in self.log_expression.free_symbols}
        return tuple(name for name in NOTATION if name in free)

    @property
    def relation(self) -> sp.Basic | None:
        """The statement as a SymPy relation between the observable and the bound."""
        if self.log_expression is None:
            return None
        observed = sp.Symbol(self.observable, nonnegative=True)
        bound = sp.exp(self.log_expression)
        relation = {Kind.UPPER: sp.Le, Kind.LOWER: sp.Ge, Kind.IDENTITY: sp.Eq}[self.kind]
        return relation(observed, bound, evaluate=False)

    @property
    def formula(self) -> str:
        """The relation as one line of text."""
        if self.log_expression is None:
            return self.statement
        sign = {Kind.UPPER: "<=", Kind.LOWER: ">=", Kind.IDENTITY: "=="}[self.kind]
        over = "".join(f"min over {symbol.name} > 0 of " for symbol in self.minimised_over)
        return f"{self.observable} {sign} {over}{sp.sstr(sp.exp(self.log_expression))}"

    @property
    def latex(self) -> str | None:
        """The relation in LaTeX, or None for a claim without a number."""
        if self.log_expression is None:
            return None
        sign = {Kind.UPPER: r"\le", Kind.LOWER: r"\ge", Kind.IDENTITY: "="}[self.kind]
        over = "".join(rf"\min_{{{sp.latex(symbol)} > 0}}\; " for symbol in self.minimised_over)
        names = {symbol: name for symbol, name in LATEX_NAMES.items() if symbol in self.log_expression.free_symbols}
        observable = self.observable.replace("_", r"\_")
        bound = sp.exp(self.log_expression)
        if isinstance(bound, sp.exp):  # not as a power of e: an exponent of fractions is set too small to read
            text = rf"\exp\left({sp.latex(bound.args[0], symbol_names=names)}\right)"
        else:
            text = sp.latex(bound, symbol_names=names)
        return rf"\mathrm{{{observable}}} {sign} {over}{text}"

    @property
    def premises_on_symbols(self) -> tuple[Assumption, ...]:
        """The assumptions that need no measurement."""
        return tuple(a for a in self.assumptions if not a.observables and epsilon not in a.relation.free_symbols)

    def log_bound(self, **values: ArrayLike) -> Any:
        """Natural logarithm of the bound at the given symbols.

        Args:
            values: one value, or an array, for each of :attr:`symbols`; arrays
                broadcast against each other.

        Returns:
            A float for scalars, else a float64 array of the broadcast shape.
            Never NaN; ``-inf`` where the bound is exactly 0.

        Raises:
            theory.numbers.evaluate.DomainError: a symbol is missing, unknown or outside its domain.
            ValueError: the claim has no number.
        """
        if self.log_expression is None:
            raise ValueError(f"{self.id} is a {self.kind} claim and states no number")
        return evaluate_log_bound(
            self.id,
            self.log_expression,
            self.symbols,
            self.domain,
            values,
            exact=self.exact,
            numeric=self.numeric,
            ball=self.ball,
            minimised=self.minimised_over,
        )

    def bound(self, **values: ArrayLike) -> Any:
        """The bound itself; underflows to 0 where :meth:`log_bound` is below about -745."""
        result = np.exp(self.log_bound(**values))
        return float(result) if np.ndim(result) == 0 else result

    def enclosure(self, *, relative_bits: int = 60, **values: Any) -> Enclosure:
        """An interval that certainly holds the logarithm of the bound, by ball arithmetic.

        Args:
            relative_bits: accuracy asked for, relative to the logarithm.
            values: one number for each of :attr:`symbols`.

        Raises:
            theory.numbers.evaluate.DomainError: a symbol is missing, unknown or outside its domain.
            ArithmeticError: 2^17 bits do not suffice.
            ValueError: the claim has no number.
        """
        from theory.numbers.balls import ball, enclose

        expression = self.log_expression
        if expression is None:
            raise ValueError(f"{self.id} is a {self.kind} claim and states no number")
        check_values(self.id, self.symbols, self.domain, values)
        point = {name: values[name] for name in self.symbols}
        for parameter in self.minimised_over:
            floats = {name: np.asarray(value, dtype=np.float64) for name, value in point.items()}
            point[parameter.name] = float(minimiser(expression, parameter, floats))
        route = self.ball
        if route is not None:
            return enclose(lambda bits: route(bits, **point), relative_bits)
        return enclose(lambda bits: ball(expression, point), relative_bits)

    def mutated(self, mutant: Mutant) -> Claim:
        """This claim with its bound replaced by that of a mutant, to be refuted."""
        return replace(
            self,
            id=f"{self.id}:{mutant.name}",
            log_expression=mutant.log_bound,
            exact=mutant.exact,
            numeric=None,
            ball=None,
            falls_in=(),
            searches=(),
            direction=self.direction if mutant.direction is None else mutant.direction,
            mutants=(),
        )
