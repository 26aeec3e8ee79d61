"""K4: what is lost when weights are written in fewer bits.

Definition: the bits lost are the stored bits per parameter of the weights as trained, less those of the same weights
rounded to b bits, uniformly within each matrix.

Guarantee (upper, lower): after 1000 or more exposures, in at least 80 % of worlds 8 bits lose at most 1/20 bit per
parameter, and 4 bits lose at least as much.

Reference: Z. Allen-Zhu and Y. Li, https://arxiv.org/abs/2404.05405. RECONSTRUCTED, hence not required: the source says
that int8 loses nothing and int4 does; the margin of 1/20 bit and the way of rounding are this project's.

>>> import theory
>>> round(theory.claim("int8-loses-nothing").bound(), 3)
0.05
"""

from dataclasses import dataclass

import sympy as sp

from theory import Assumption, Claim, Kind, Measured, Mutant, Premises
from theory.claims.allen_zhu_li.paper import HIDDEN, SUFFICIENT, b, reconstructed

_MARGIN = sp.log(sp.Rational(1, 20))
_TEXT = (
    "Abstract and summary: 2 bits per parameter also when quantised to int8, about 0.7 at int4. The margin is this "
    "project's."
)


@dataclass(frozen=True)
class _Rounding:
    """What is said of one precision: the observables that judge it, and a near miss, run by run."""

    bits: int
    kind: Kind
    judged: str
    other: str
    near: str

    def claim(self, identifier: str, arm: str, of: str) -> Claim:
        """The claim for one kind of model."""
        bits, most = self.bits, "at most" if self.kind is Kind.UPPER else "at least"
        return Claim(
            id=identifier,
            title=f"Weights in {bits} bits lose {most} 1/20 bit per parameter: {of}",
            statement=f"After at least 1000 exposures, in at least 80 % of worlds {of} stores {most} 1/20 bit per "
            f"parameter less with its weights rounded to {bits} bits than with its weights as trained.",
            kind=self.kind,
            observable="bits_lost",
            log_expression=_MARGIN,
            source=reconstructed(number="K4", text=_TEXT),
            premises=Premises(
                assumptions=(SUFFICIENT, HIDDEN, Assumption("b", sp.Eq(b, bits), f"weights are written in {bits} bits"))
            ),
            measured=Measured(arm=arm, per_run=self.judged, supporting=("bits_per_parameter",)),
            mutants=(
                Mutant(self.near, _MARGIN, self.near.replace("-", " "), refuted_by="measurement", per_run=self.other),
            ),
        )


_EIGHT = _Rounding(8, Kind.UPPER, "rounding_excess", "rounding_excess_half", "4-bits-instead")
_FOUR = _Rounding(4, Kind.LOWER, "rounding_shortfall", "rounding_shortfall_fourfold", "16-bits-instead")
_TRANSFORMER, _MEMORY = "a small transformer", "a memory with a hidden layer"

CLAIMS = (
    _EIGHT.claim("int8-loses-nothing", "transformer", _TRANSFORMER),
    _EIGHT.claim("int8-memory", "main", _MEMORY),
    _FOUR.claim("int4-loses", "transformer", _TRANSFORMER),
    _FOUR.claim("int4-memory", "main", _MEMORY),
)
