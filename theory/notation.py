"""The symbols of a theory: what they mean, which values they take, how they are written.

A notation belongs to a paper, to an experiment or to a user's own claims. Formulas,
the command line, the columns of tables and the axes of plots follow it.

>>> import sympy as sp
>>> n = sp.Symbol("n", integer=True, positive=True)
>>> mine = Notation("my-paper", Symbol(n, "number of samples", 1))
>>> mine["n"].domain
'an integer >= 1'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sympy as sp


class DomainError(ValueError):
    """A symbol is missing, unknown, or outside the domain of an expression."""


class BrokenClaimError(ArithmeticError):
    """A claim's bound or premise has no number where the claim says that it has one: a defect of the claim."""

    def __init__(self, claim: str, reason: str) -> None:
        super().__init__(f"claim {claim} is broken: {reason}" if claim else reason)
        self.claim, self.reason = claim, reason

    @classmethod
    def of(cls, claim: str, what: str, error: BaseException) -> BrokenClaimError:
        """The error that a defect raised, in words."""
        kind = "" if type(error) is ArithmeticError else f"{type(error).__name__}: "
        return cls(claim, " ".join(f"{what}: {kind}{error}".split()))


@dataclass(frozen=True)
class Symbol:
    """One symbol of a notation.

    Attributes:
        symbol: the SymPy symbol; its assumptions are those of its domain.
        minimum: the least value allowed, or with ``strict`` the greatest that is not.
        label: the symbol in plain text; the name if empty.
        latex: the symbol in LaTeX; SymPy's form of the name if empty.
        unit: of its values; empty for counts.
        setting: the key of the judging settings that gives its value, for a symbol that is neither chosen nor measured.
        shares_run: whether cells that differ in this symbol alone are measured on one run.
    """

    symbol: sp.Symbol
    meaning: str
    minimum: int
    integer: bool = True
    strict: bool = False
    label: str = ""
    latex: str = ""
    unit: str = ""
    setting: str = ""
    shares_run: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label or self.name)
        object.__setattr__(self, "latex", self.latex or sp.latex(self.symbol))

    @property
    def name(self) -> str:
        """The name used on the command line and as a keyword argument."""
        return str(self.symbol.name)

    @property
    def domain(self) -> str:
        """The domain in words, as error messages print it."""
        kind = "an integer" if self.integer else "a real number"
        return f"{kind} {'>' if self.strict else '>='} {self.minimum}"


class Notation(Mapping[str, Symbol]):
    """An immutable mapping of names to symbols, in the order in which they are declared.

    Its name is kebab-case: of the paper, the experiment or the user's work.

    Raises:
        ValueError: a name has two meanings, or a symbol cannot be told from a measured observable.
    """

    def __init__(self, name: str, *symbols: Symbol) -> None:
        known: dict[str, Symbol] = {}
        for symbol in symbols:
            if symbol.symbol == measured(symbol.name):
                raise ValueError(
                    f"{name}: {symbol.name} stands for an observable; give its symbol a sign or finite=True"
                )
            if known.setdefault(symbol.name, symbol) != symbol:
                raise ValueError(
                    f"{name}: {symbol.name} has two meanings, {known[symbol.name].meaning!r} and {symbol.meaning!r}"
                )
        self.name = name
        self._symbols = known

    def __getitem__(self, name: str) -> Symbol:
        return self._symbols[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._symbols)

    def __len__(self) -> int:
        return len(self._symbols)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Notation) and (self.name, self._symbols) == (other.name, other._symbols)

    def __hash__(self) -> int:
        return hash((self.name, tuple(self._symbols.values())))

    def __repr__(self) -> str:
        return f"Notation({self.name!r}: {', '.join(self)})"

    def names_in(self, expression: sp.Basic) -> tuple[str, ...]:
        """Names of the symbols in an expression, in this order."""
        free = {symbol.name for symbol in expression.free_symbols}
        return tuple(name for name in self if name in free)

    @property
    def latex_names(self) -> dict[sp.Symbol, str]:
        """How LaTeX writes each symbol, as ``sympy.latex`` takes it for ``symbol_names``."""
        return {symbol.symbol: symbol.latex for symbol in self.values()}


@dataclass(frozen=True)
class Limit:
    """What the world behind a notation allows, whatever a bound says: judged where all its symbols are given.

    ``text`` is the sentence for a refused value: symbols by name in braces, and ``{most}``, the largest allowed.
    """

    relation: sp.core.relational.Relational
    text: str


@dataclass(frozen=True)
class Paper:
    """Where claims come from and what they share.

    Attributes:
        link: where it is found, such as ``arXiv:2508.00901``.
        proofs: modules that certify its claims, each with ``PROOFS``.
        unknowns: symbols that a plan may solve for, the first choice first; if empty, every integer symbol.
        plans: ids of the claims whose plans are worth seeing beside one another.
        default: whether its claims are listed before those of the other papers.
        usual: values at which a bound is drawn where the user gives none, the symbol along the axis first; the first of
            these mappings that names every symbol of the bound.
    """

    name: str
    notation: Notation
    title: str = ""
    authors: tuple[str, ...] = ()
    link: str = ""
    proofs: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    default: bool = False
    usual: tuple[Mapping[str, tuple[float, ...]], ...] = ()

    @property
    def cited(self) -> str:
        """The paper in a line: name, title, authors and where it is found, as far as they are known."""
        by = "; ".join(part for part in (", ".join(self.authors), self.link) if part)
        told = f"{self.title} ({by})" if by and self.title else self.title or by
        return f"{self.name}: {told}" if told else self.name

    def __post_init__(self) -> None:
        if not self.unknowns:
            object.__setattr__(self, "unknowns", tuple(s.name for s in self.notation.values() if s.integer))


def measured(observable: str) -> sp.Symbol:
    """The symbol that stands for a measured observable in an assumption.

    Example:
        >>> measured("ood_error") <= sp.Rational(1, 2)
        ood_error <= 1/2
    """
    return sp.Symbol(observable, real=True)
