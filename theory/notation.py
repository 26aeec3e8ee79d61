"""The symbols of the theory and their domains.

One symbol, one meaning, everywhere: formulas, the command line, results and
documentation use these names. Correspondence with the source (arXiv:2508.00901):

==========  =======================  ====================================================
here        in the source            meaning
==========  =======================  ====================================================
``S``       (number of subjects)     subjects, hence facts
``A``       (number of answers)      answers
``R``       the universe of          relation templates in the universe
            templates
``K``       K                        multiplicity: templates a fact was written with
``N_f``     N_f                      facts revisited in fine-tuning
==========  =======================  ====================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import sympy as sp

__all__ = ["LATEX_NAMES", "NOTATION", "A", "K", "N_f", "Notation", "R", "S", "epsilon", "eta", "m", "measured", "t"]


@dataclass(frozen=True)
class Notation:
    """A symbol of the theory: what it means and which values it takes.

    Attributes:
        symbol: the SymPy symbol; its assumptions are those of its domain.
        meaning: one line, with the unit.
        minimum: the least value allowed.
        integer: whether values are whole numbers.
    """

    symbol: sp.Symbol
    meaning: str
    minimum: int
    integer: bool = True
    strict: bool = False

    @property
    def name(self) -> str:
        """The name used on the command line and as a keyword argument."""
        return str(self.symbol.name)

    @property
    def domain(self) -> str:
        """The domain in words, as error messages print it."""
        kind = "an integer" if self.integer else "a real number"
        return f"{kind} {'>' if self.strict else '>='} {self.minimum}"


S: Final = sp.Symbol("S", integer=True, positive=True)
A: Final = sp.Symbol("A", integer=True, positive=True)
R: Final = sp.Symbol("R", integer=True, positive=True)
K: Final = sp.Symbol("K", integer=True, positive=True)
N_f: Final = sp.Symbol("N_f", integer=True, nonnegative=True)
m: Final = sp.Symbol("m", integer=True, positive=True)
eta: Final = sp.Symbol("eta", positive=True)
t: Final = sp.Symbol("t", integer=True, positive=True)
epsilon: Final = sp.Symbol("epsilon", positive=True)

NOTATION: Final = MappingProxyType(
    {
        n.name: n
        for n in (
            Notation(S, "number of subjects (facts)", 1),
            Notation(A, "number of answers", 1),
            Notation(R, "|R|, relation templates in the universe", 1),
            Notation(K, "multiplicity: distinct templates each fact was written with", 1),
            Notation(N_f, "number of facts revisited in fine-tuning", 0),
            Notation(m, "hidden width of the MLP", 1),
            Notation(eta, "step size of gradient descent", 0, integer=False, strict=True),
            Notation(t, "number of gradient steps", 1),
            Notation(epsilon, "what counts as near-optimal pre-training, in nats", 0, integer=False, strict=True),
        )
    }
)


LATEX_NAMES: Final = MappingProxyType({R: r"|\mathcal{R}|", S: "S", A: "A", K: "K", N_f: "N_f", eta: r"\eta"})
"""How formulas in LaTeX write the symbols."""


def measured(observable: str) -> sp.Symbol:
    """The symbol that stands for a measured observable in an assumption."""
    return sp.Symbol(observable, real=True)
