"""K3: a parameter reaches 2 bits.

Definition: stored bits as in K1; P parameters are trained; each fact is seen t times; the load is c bits per parameter.

Guarantee (lower): after 1000 or more exposures, at loads from 5/2 bits per parameter on, the mean over worlds of the
stored bits is at least 2 P.

Reference: Z. Allen-Zhu and Y. Li, https://arxiv.org/abs/2404.05405. STATED for language models, so for the transformer;
RECONSTRUCTED for memories, to which this project carries it over. The premise on the load is this project's: it leaves
room for mistakes.

>>> import theory
>>> round(theory.claim("two-bits-reached").bound(P=1000, S=1000, A=16), 3)
0.5
"""

from collections.abc import Callable

import sympy as sp

from theory import Assumption, Claim, Evaluation, Kind, Measured, Mutant, Premises, Source
from theory.claims.allen_zhu_li.paper import AS_TRAINED, HIDDEN, SUFFICIENT, A, P, c, fraction, reconstructed, stated
from theory.claims.allen_zhu_li.two_bits import CARRIED, TEXT

LOADED = Assumption("c", sp.Ge(c, sp.Rational(5, 2)), "training asks for at least 5/2 bits per parameter")


def _reached(identifier: str, arm: str, of: str, source: Callable[..., Source], text: str) -> Claim:
    return Claim(
        id=identifier,
        title=f"2 bits per parameter are reached: {of}",
        statement="After at least 1000 exposures, at a load of at least 5/2 bits per parameter and with weights in 16 "
        "bits or more, the mean over worlds of the stored bits is at least 2 per trained parameter, as a fraction of "
        f"the S log2(A) bits asked for. Measured for {of}.",
        kind=Kind.LOWER,
        observable="stored_fraction",
        log_expression=fraction(2 * P),
        source=source(number="K3", text=text),
        premises=Premises(domain=(sp.Ge(A, 2),), assumptions=(SUFFICIENT, LOADED, AS_TRAINED, HIDDEN)),
        measured=Measured(arm=arm, supporting=("bits_per_parameter", "wrong_answers")),
        evaluation=Evaluation(falls_in=("S",)),
        mutants=(Mutant("three-bits", fraction(3 * P), "3 bits replace 2", refuted_by="measurement"),),
    )


CLAIMS = (
    _reached("two-bits-reached", "transformer", "a small transformer", stated, TEXT),
    _reached("two-bits-reached-memory", "main", "memories with a hidden layer", reconstructed, CARRIED),
    _reached("two-bits-reached-long", "long", "a memory, trained five times longer", reconstructed, CARRIED),
)
