"""K2: a parameter stores at most about 2 bits.

Definition: stored bits as in K1; P parameters are trained; each fact is seen t times.

Guarantee (upper): after 1000 or more exposures the mean over worlds of the stored bits is at most 2 P, at every load
and every precision.

Reference: Z. Allen-Zhu and Y. Li, https://arxiv.org/abs/2404.05405. STATED for language models, so for the transformer;
RECONSTRUCTED for memories, to which this project carries it over. The source says "2 bits" and leaves open how exact
that is.

>>> import theory
>>> round(theory.claim("two-bits-per-parameter").bound(P=1000, S=1000, A=16), 3)
0.5
"""

from collections.abc import Callable

import sympy as sp

from theory import Claim, Evaluation, Kind, Measured, Mutant, Premises, Source
from theory.claims.allen_zhu_li.paper import SUFFICIENT, A, P, fraction, reconstructed, stated

TEXT = "Abstract: language models can store 2 bits of knowledge per parameter and no more, even when quantised to int8."
CARRIED = f"{TEXT} That memories do so too is this project's reading."


def _at_most(identifier: str, arm: str, of: str, source: Callable[..., Source], text: str, less: sp.Rational) -> Claim:
    return Claim(
        id=identifier,
        title=f"At most 2 bits per parameter: {of}",
        statement="After at least 1000 exposures the mean over worlds of the stored bits is at most 2 per trained "
        f"parameter, as a fraction of the S log2(A) bits asked for. Measured for {of}.",
        kind=Kind.UPPER,
        observable="stored_fraction",
        log_expression=fraction(2 * P),
        source=source(number="K2", text=text),
        premises=Premises(domain=(sp.Ge(A, 2),), assumptions=(SUFFICIENT,)),
        measured=Measured(arm=arm, supporting=("bits_per_parameter", "wrong_answers")),
        evaluation=Evaluation(falls_in=("S",)),
        mutants=(Mutant("too-few", fraction(less * P), f"{less} bits replace 2", refuted_by="measurement"),),
    )


CLAIMS = (
    _at_most("two-bits-per-parameter", "transformer", "a small transformer", stated, TEXT, sp.Rational(1, 2)),
    _at_most("two-bits-memory", "main", "memories", reconstructed, CARRIED, sp.Integer(1)),
    _at_most("two-bits-long", "long", "a memory, trained five times longer", reconstructed, CARRIED, sp.Integer(1)),
)
