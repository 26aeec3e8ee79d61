"""What a claim is: one theorem, as data.

A claim states a bound once. Its value, its listing, its documentation, its plot, its verdict on measurements and its
regression check all derive from the one object defined here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import sympy as sp

from theory.html import html_table
from theory.kinds import Kind, Meaning
from theory.parts import Assumption, Evaluation, Measured, Mutant, Premises, Source

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from theory.numbers.balls import Enclosure
    from theory.numbers.evaluate import LogBound

T = TypeVar("T")


class _Held(Generic[T]):
    """A read-only attribute of a claim: what one of its groups holds."""

    def __init__(self, read: Callable[[Claim], T]) -> None:
        self._read = read

    def __get__(self, claim: Claim, owner: type[Claim]) -> T:
        return self._read(claim)


@dataclass(frozen=True, kw_only=True, repr=False)
class Claim:
    """One theorem.

    What the groups hold is read from the claim itself (``claim.arm``, ``claim.domain``, ...).

    Attributes:
        id: kebab-case and lasting.
        statement: the theorem in words, complete with its quantities.
        log_expression: natural logarithm of the bound (for an identity: of the exact value) over the notation's
            symbols; exact, never a float. None where the claim has no number (trends, comparisons).
        measured: arm, axis, tolerance: how it meets measurements.
        evaluation: routes to its number, where the expression alone does not do.
        required: does a violation fail a verification?
    """

    id: str
    title: str
    statement: str
    kind: Kind
    observable: str
    source: Source
    log_expression: sp.Expr | None = None
    premises: Premises = field(default_factory=Premises)
    measured: Measured = field(default_factory=Measured)
    evaluation: Evaluation = field(default_factory=Evaluation)
    mutants: tuple[Mutant, ...] = ()
    required: bool = False

    def __post_init__(self) -> None:
        if (self.kind is Kind.TREND and self.axis is None) or (
            self.axis is not None and (self.kind not in (Kind.TREND, Kind.COMPARISON) or self.reference is not None)
        ):
            raise ValueError(f"{self.id}: an axis goes with a trend, or with a comparison of its two ends")
        if not (self.axis is None or self.axis in self.notation) or self.direction not in (-1, 1):
            raise ValueError(
                f"{self.id}: axis={self.axis!r}, direction={self.direction!r}: allowed are the symbols "
                f"{list(self.notation)} and -1 or 1"
            )
        if self.measured.per_run is not None and self.kind not in (Kind.UPPER, Kind.LOWER):
            raise ValueError(f"{self.id}: per_run={self.measured.per_run!r} goes with an upper or a lower bound")
        free = {s.name for s in self.minimised_over}
        if free & set(self.notation):
            raise ValueError(f"{self.id}: minimised_over names the notation's {sorted(free & set(self.notation))}")
        for name in (*self.falls_in, *(name for name, _ in self.searches)):
            if name not in self.notation:
                raise ValueError(f"{self.id}: evaluation names {name}; the notation has {sorted(self.notation)}")
        expressions = {"log_expression": self.log_expression} | {f"mutant {m.name}": m.log_bound for m in self.mutants}
        for name, expression in expressions.items():
            if expression is not None:
                self._check(name, expression, free)
        for relation in (*self.domain, *(a.relation for a in self.assumptions)):
            if relation in (True, False):  # SymPy has decided it by the symbols' assumptions
                raise ValueError(
                    f"{self.id}: a premise that {'always' if relation else 'never'} holds, as n >= 1 for a positive "
                    "integer n always does, is refused; leave it out"
                )
        for relation in self.domain:
            self._check("domain", relation, free)
        for assumption in self.assumptions:
            self._check(f"assumption {assumption.name}", assumption.relation, assumption.observables)

    def __repr__(self) -> str:
        return f"Claim({self.id}: {self.formula})"

    def _repr_html_(self) -> str:
        """In a notebook: what it states, and from where."""
        rows = [("statement", self.statement), ("formula", self.formula), ("kind", self.kind.value)]
        rows += [("premise", assumption.text) for assumption in self.assumptions]
        rows += [("provenance", self.provenance.value), ("source", self.source_text)]
        return html_table(f"{self.id}: {self.title}", rows)

    def _check(self, name: str, expression: sp.Basic, free: Collection[str]) -> None:
        """No floats, nothing infinite or imaginary, only symbols as the notation declares them, and ``free`` ones."""
        if expression.has(sp.I, sp.nan, sp.zoo, sp.oo, -sp.oo):
            raise ValueError(f"{self.id}: {name} is {sp.sstr(expression)}: allowed is a real, finite expression")
        if expression.atoms(sp.Float):
            raise ValueError(
                f"{self.id}: {name} holds the float {expression.atoms(sp.Float).pop()}; use sympy.Rational"
            )
        known = {symbol.symbol for symbol in self.notation.values()}
        unknown = sorted(s.name for s in expression.free_symbols if s not in known and s.name not in free)
        if unknown:
            raise ValueError(f"{self.id}: {name} uses {unknown}; the notation has {sorted(self.notation)}")

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of the symbols in the bound, in the notation's order."""
        return () if self.log_expression is None else self.notation.names_in(self.log_expression)

    @property
    def meaning(self) -> Meaning:
        """What the claim asserts and what would refute it: its kind's, or that of a bound judged run by run."""
        return self.kind.meaning if self.measured.per_run is None else self.kind.meaning.per_run

    @property
    def by_share(self) -> bool:
        """Whether it is judged by the share of worlds in which it holds, and not on a mean."""
        return self.meaning.threshold != "bound" and self.kind is not Kind.RATE

    @property
    def judged_on(self) -> str:
        """The observable that its verdicts rest on."""
        return self.measured.per_run or self.observable

    @property
    def relation(self) -> sp.Basic | None:
        """The statement as a SymPy relation between the observable and the bound."""
        if self.log_expression is None:
            return None
        observed = sp.Symbol(self.observable, nonnegative=True)
        return self.kind.meaning.relation(observed, sp.exp(self.log_expression), evaluate=False)

    @property
    def formula(self) -> str:
        """The relation as one line of text."""
        if self.log_expression is None:
            return self.statement
        over = "".join(f"min over {symbol.name} > 0 of " for symbol in self.minimised_over)
        return f"{self.observable} {self.kind.meaning.sign} {over}{sp.sstr(sp.exp(self.log_expression))}"

    @property
    def latex(self) -> str | None:
        """The relation in LaTeX, or None for a claim without a number."""
        if self.log_expression is None:
            return None
        over = "".join(rf"\min_{{{sp.latex(symbol)} > 0}}\; " for symbol in self.minimised_over)
        names = self.notation.latex_names
        observable = self.observable.replace("_", r"\_")
        bound = sp.exp(self.log_expression)
        if isinstance(bound, sp.exp):  # not as a power of e: an exponent of fractions is set too small to read
            text = rf"\exp\left({sp.latex(bound.args[0], symbol_names=names)}\right)"
        else:
            text = sp.latex(bound, symbol_names=names)
        return rf"\mathrm{{{observable}}} {self.kind.meaning.latex} {over}{text}"

    @property
    def premises_on_symbols(self) -> tuple[Assumption, ...]:
        """The assumptions that need neither a measurement nor a setting."""
        settings = {s.symbol for s in self.notation.values() if s.setting}
        return tuple(a for a in self.assumptions if not a.observables and not settings & a.relation.free_symbols)

    @property
    def stated_bound(self) -> LogBound:
        """The log-bound with what its evaluation needs; numerics are loaded here, and not by ``import theory``.

        Raises:
            ValueError: the claim has no number.
        """
        from theory.numbers.evaluate import LogBound

        if self.log_expression is None:
            raise ValueError(f"{self.id} is a {self.kind} claim and states no number")
        return LogBound(self.id, self.log_expression, self.notation, self.domain, self.evaluation)

    def log_bound(self, **values: ArrayLike) -> Any:
        """Natural logarithm of the bound at the given symbols.

        Args:
            values: one value, or an array, for each of :attr:`symbols`; arrays broadcast against each other.

        Returns:
            A float for scalars, else a float64 array. Never NaN; ``-inf`` where the bound is exactly 0.

        Raises:
            theory.notation.DomainError: a symbol is missing, unknown or outside its domain.
            theory.notation.BrokenClaimError: the expression has no number there, or an infinite one.
            ValueError: the claim has no number.
        """
        return self.stated_bound.at(values)

    def bound(self, **values: ArrayLike) -> Any:
        """The bound itself; 0 where :meth:`log_bound` is below about -745, the largest float where it is above 709."""
        from theory.numbers.evaluate import from_log

        return from_log(self.log_bound(**values))

    def enclosure(self, *, relative_bits: int = 60, **values: Any) -> Enclosure:
        """An interval that certainly holds the logarithm of the bound, by ball arithmetic.

        Args:
            relative_bits: accuracy asked for, relative to the logarithm.
            values: one number for each of :attr:`symbols`.

        Raises:
            theory.notation.DomainError: a symbol is missing, unknown or outside its domain.
            theory.notation.BrokenClaimError: the expression has no number there, or 2^17 bits do not suffice.
            ValueError: the claim has no number.
        """
        return self.stated_bound.enclosure(values, relative_bits)

    def mutated(self, mutant: Mutant) -> Claim:
        """This claim with its bound replaced by that of a mutant, to be refuted."""
        direction = self.direction if mutant.direction is None else mutant.direction
        measured = replace(self.measured, direction=direction, per_run=mutant.per_run)
        return replace(
            self,
            id=f"{self.id}:{mutant.name}",
            log_expression=mutant.log_bound,
            measured=measured,
            evaluation=Evaluation(minimised_over=self.minimised_over),
            mutants=(),
        )

    def on_the_mean(self) -> Claim:
        """This claim, judged by its bound on the mean."""
        return replace(self, measured=replace(self.measured, per_run=None))

    def on(self, arm: str) -> Claim:
        """This claim, measured in another arm."""
        return replace(self, measured=replace(self.measured, arm=arm))

    def without(self, names: Collection[str]) -> Claim:
        """This claim with the assumptions of these names taken as given."""
        kept = tuple(a for a in self.assumptions if a.name not in names)
        return replace(self, premises=replace(self.premises, assumptions=kept))

    # What the groups hold.
    paper = _Held(lambda claim: claim.source.paper)
    notation = _Held(lambda claim: claim.source.paper.notation)
    provenance = _Held(lambda claim: claim.source.provenance)
    number = _Held(lambda claim: claim.source.number)
    proof = _Held(lambda claim: claim.source.proof)
    source_text = _Held(lambda claim: claim.source.text)
    domain = _Held(lambda claim: claim.premises.domain)
    assumptions = _Held(lambda claim: claim.premises.assumptions)
    arm = _Held(lambda claim: claim.measured.arm)
    reference = _Held(lambda claim: claim.measured.reference)
    axis = _Held(lambda claim: claim.measured.axis)
    direction = _Held(lambda claim: claim.measured.direction)
    tolerance = _Held(lambda claim: claim.measured.tolerance)
    supporting = _Held(lambda claim: claim.measured.supporting)
    minimised_over = _Held(lambda claim: claim.evaluation.minimised_over)
    falls_in = _Held(lambda claim: claim.evaluation.falls_in)
    searches = _Held(lambda claim: claim.evaluation.searches)
