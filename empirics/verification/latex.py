"""Relations of a claim in LaTeX, over the symbols of its notation and measured observables."""

from __future__ import annotations

import re

import sympy as sp

from theory.notation import Notation

__all__ = ["latex_of"]


def latex_of(expression: sp.Basic, notation: Notation) -> str:
    """The expression in LaTeX; symbols as the notation writes them, observables upright."""
    names = {s: n for s, n in notation.latex_names.items() if s in expression.free_symbols}
    for symbol in expression.free_symbols - set(names):
        if re.search(r"_.*[a-z]{2}", symbol.name):
            names[symbol] = r"\mathrm{" + symbol.name.replace("_", r"\_") + "}"
    return str(sp.latex(expression, symbol_names=names))
