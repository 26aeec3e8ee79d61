"""Formulas as MathML: typeset by the browser, no script and no network."""

from __future__ import annotations

import re
from functools import lru_cache

from latex2mathml.converter import convert
from markupsafe import Markup, escape

__all__ = ["mathml"]


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
