"""K5: more exposures store more.

Definition: the stored fraction as in K1, of two models of one world that saw each fact t times, at the smallest and at
the largest t.

Guarantee (trend): with weights in 16 bits or more, in at least 80 % of worlds it is not smaller at the largest t.

Reference: Z. Allen-Zhu and Y. Li, https://arxiv.org/abs/2404.05405. STATED for language models, so for the transformer;
RECONSTRUCTED for memories, to which this project carries it over.

>>> import theory
>>> theory.claim("more-exposures").direction
1
"""

from collections.abc import Callable

from theory import Claim, Kind, Measured, Mutant, Premises, Source
from theory.claims.allen_zhu_li.paper import AS_TRAINED, HIDDEN, reconstructed, stated

_TEXT = "Summary: about 2 bits per parameter after 1000 exposures of each fact, about 1 bit after 100."


def _trend(identifier: str, arm: str, of: str, source: Callable[..., Source], text: str) -> Claim:
    return Claim(
        id=identifier,
        title=f"More exposures store more bits: {of}",
        statement="At a fixed load, with weights in 16 bits or more, in at least 80 % of worlds the fraction of its "
        f"facts' bits that {of} stores is not smaller after the largest number of exposures than after the smallest.",
        kind=Kind.TREND,
        observable="stored_fraction",
        source=source(number="K5", text=text),
        premises=Premises(assumptions=(AS_TRAINED, HIDDEN)),
        measured=Measured(arm=arm, axis="t", direction=+1, supporting=("bits_per_parameter",)),
        mutants=(Mutant("reversed", None, "the opposite direction", "measurement", -1),),
    )


CLAIMS = (
    _trend("more-exposures", "transformer", "a small transformer", stated, _TEXT),
    _trend(
        "more-exposures-memory",
        "main",
        "a memory with a hidden layer",
        reconstructed,
        f"{_TEXT} That memories do so too is this project's reading.",
    ),
)
