"""Formulas as MathML: typeset by the browser, no script and no network."""

from __future__ import annotations

import re
from functools import lru_cache

import sympy as sp
from latex2mathml.converter import convert
from markupsafe import Markup, escape

from theory.notation import LATEX_NAMES

__all__ = ["latex_of", "mathml"]


@lru_cache(maxsize=1024)
def mathml(latex: str, *, display: bool = False) -> Markup:
    """A formula in LaTeX as a MathML element, with the LaTeX as its text alternative.

    Args:
        latex: the formula, without dollar signs.
        display: on a line of its own.
    """
    element = convert(latex, display="block" if display else "inline")
    element = re.sub(
        r"<mo(?: [^>]*)?>(&#x0007C;|\|)</mo>", '<mo lspace="0" rspace="0" stretchy="false">|</mo>', element
    )
    return Markup(element.replace("<math ", f'<math alttext="{escape(" ".join(latex.split()))}" ', 1))


def latex_of(expression: sp.Basic) -> str:
    """An expression over the notation's symbols and observables in LaTeX."""
    names = {s: n for s, n in LATEX_NAMES.items() if s in expression.free_symbols}
    for symbol in expression.free_symbols:
        if symbol not in LATEX_NAMES and re.search(r"_.*[a-z]{2}", symbol.name):
            names[symbol] = r"\mathrm{" + symbol.name.replace("_", r"\_") + "}"
    return str(sp.latex(expression, symbol_names=names))
