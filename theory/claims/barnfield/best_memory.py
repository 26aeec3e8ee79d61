"""C4: the best linear memory: from which size on it recalls all facts.

Definition: the best memory recalls all facts if any d x d matrix does; some fact is lost if none does. Whether there is
one is a feasibility problem, which is solved. The threshold is where it does so in half of the worlds.

Guarantee (upper, lower): some fact is lost in at most half of the worlds if d^2 >= 2 N log N, and in at least half if
d^2 < 2 N log N; in at least half too if d^2 < N log N / 2.

Reference: Barnfield et al., https://arxiv.org/abs/2605.05189. RECONSTRUCTED, all three: the first two ask of
finite N what the source conjectures for N to infinity; of the third the source says that d^2 of the order N log N is
necessary for any linear memory, without a constant in its abstract; 1/2 is this project's.

>>> import theory
>>> theory.claim("best-memory-fails").bound(N=100, d=30), theory.claim("best-memory-fails").bound(N=100, d=31)
(0.5, 0.0)
"""

from theory import Claim, Kind, Measured, Mutant
from theory.claims.barnfield.paper import reconstructed
from theory.claims.nichani.paper import SCALE, fails_below, recalls_from

_CONJECTURE = (
    "Abstract: the sharp threshold of top-1 retrieval by the best linear memory is conjectured, by extrapolation, to "
    "be "
    "d^2 ~ 2 N log N. That is a limit for large N. To ask it of finite N, as here, is this project's."
)
_NECESSARY = "Abstract: top-1 retrieval needs d^2 of the order N log N, for any linear memory. The constant 1/2 is "
"this project's."

CLAIMS = (
    Claim(
        id="best-memory-recalls",
        title="From d^2 = 2 N log N on some linear memory recalls all facts",
        statement="If d^2 >= 2 N log N, then in at least half of the worlds some d x d matrix recalls all N facts.",
        kind=Kind.UPPER,
        observable="some_lost",
        log_expression=recalls_from(2 * SCALE),
        source=reconstructed(number="C4", text=_CONJECTURE),
        measured=Measured(arm="best"),
        mutants=(Mutant("quarter", recalls_from(SCALE / 2), "N log N / 2 replaces 2 N log N", "measurement"),),
    ),
    Claim(
        id="best-memory-fails",
        title="Below d^2 = 2 N log N no linear memory recalls all facts",
        statement="If d^2 < 2 N log N, then in at least half of the worlds no d x d matrix recalls all N facts.",
        kind=Kind.LOWER,
        observable="some_lost",
        log_expression=fails_below(2 * SCALE),
        source=reconstructed(number="C4", text=_CONJECTURE),
        measured=Measured(arm="best"),
        mutants=(Mutant("doubled", fails_below(4 * SCALE), "4 N log N replaces 2 N log N", "measurement"),),
    ),
    Claim(
        id="best-memory-scale",
        title="Below d^2 = N log N / 2 no linear memory recalls all facts",
        statement="If d^2 < N log N / 2, then in at least half of the worlds no d x d matrix recalls all N facts.",
        kind=Kind.LOWER,
        observable="some_lost",
        log_expression=fails_below(SCALE / 2),
        source=reconstructed(number="C4", text=_NECESSARY),
        measured=Measured(arm="best"),
        mutants=(Mutant("fourfold", fails_below(2 * SCALE), "2 N log N replaces N log N / 2", "measurement"),),
    ),
)
