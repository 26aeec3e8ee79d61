"""C1: the decoupled model: its capacity, and whether it is that of the memory itself.

Definition: in the decoupled model each input has competing outputs of its own, independent of those of other inputs.
The best memory, of either model, recalls all facts if any d x d matrix does.

Guarantee (upper, lower, equivalence): in the decoupled model some fact is lost in at most half of the worlds if N log N
/ d^2 <= 1/2, and in at least half otherwise. In at least 80 % of worlds the two models agree on whether all facts can
be recalled.

Reference: Giorlandino, Goldt, Maillard, https://arxiv.org/abs/2605.10795. RECONSTRUCTED: the source has the
capacity for large N, by methods of statistical physics, and argues that the models are equivalent; to ask both of
finite N is this project's.

>>> import theory
>>> theory.claim("decoupled-equivalence").reference
'decoupled'
"""

from theory import Claim, Kind, Measured, Mutant
from theory.claims.giorlandino.paper import reconstructed
from theory.claims.nichani.paper import SCALE, fails_below, recalls_from

_CAPACITY = (
    "Abstract: the decoupled model stores up to p log p / d^2 = 1/2 associations, p their number. That is a limit for "
    "large p. To ask it of finite N, as here, is this project's."
)

CLAIMS = (
    Claim(
        id="decoupled-recalls",
        title="Up to N log N / d^2 = 1/2 the decoupled model recalls all facts",
        statement="If N log N / d^2 <= 1/2, then in at least half of the worlds some d x d matrix recalls all N "
        "facts of "
        "the decoupled model.",
        kind=Kind.UPPER,
        observable="some_lost",
        log_expression=recalls_from(2 * SCALE),
        source=reconstructed(number="C1", text=_CAPACITY),
        measured=Measured(arm="decoupled"),
        mutants=(Mutant("quarter", recalls_from(SCALE / 2), "the load 2 replaces 1/2", "measurement"),),
    ),
    Claim(
        id="decoupled-fails",
        title="Beyond N log N / d^2 = 1/2 the decoupled model loses some fact",
        statement="If N log N / d^2 > 1/2, then in at least half of the worlds no d x d matrix recalls all N facts of "
        "the decoupled model.",
        kind=Kind.LOWER,
        observable="some_lost",
        log_expression=fails_below(2 * SCALE),
        source=reconstructed(number="C1", text=_CAPACITY),
        measured=Measured(arm="decoupled"),
        mutants=(Mutant("doubled", fails_below(4 * SCALE), "the load 1/4 replaces 1/2", "measurement"),),
    ),
    Claim(
        id="decoupled-equivalence",
        title="The decoupled model recalls all facts where the memory does",
        statement="In at least 80 % of worlds the memory and the decoupled model agree on whether some d x d matrix "
        "recalls all facts.",
        kind=Kind.EQUIVALENCE,
        observable="all_recalled",
        source=reconstructed(
            number="C1",
            text="Abstract: the decoupled model is argued, by numerical and analytical evidence, to be equivalent to "
            "the "
            "memory itself. That worlds agree at finite N is this project's reading.",
        ),
        measured=Measured(arm="best", reference="decoupled"),
    ),
)
