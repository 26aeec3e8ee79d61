"""Formulas as MathML: typeset by the browser, no script and no network."""

from __future__ import annotations

import re
from functools import lru_cache

from latex2mathml.converter import convert
from markupsafe import Markup, escape


@lru_cache(maxsize=1024)
def mathml(latex: str, *, display: bool = False) -> Markup:
    """A formula in LaTeX, without dollar signs, as a MathML element whose text alternative is the LaTeX."""
    element = convert(latex, display="block" if display else "inline")
    bar = '<mo lspace="0" rspace="0" stretchy="false">|</mo>'
    element = re.sub(r"<mo(?: [^>]*)?>(&#x0007C;|\|)</mo>", bar, element)
    return Markup(element.replace("<math ", f'<math alttext="{escape(" ".join(latex.split()))}" ', 1))
