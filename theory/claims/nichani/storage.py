"""C1: what memories with as many weights as facts, up to logarithms, store.

Definition: a memory stores all facts if each fact's own output has the highest score. The linear memory is trained by
the softmax loss over all outputs; of the MLP memory with random hidden weights the m d output weights are the best.

Guarantee (upper): some fact is lost in at most half of the worlds by the trained linear memory if d^2 >= 2 N log N, and
by the MLP memory if m d >= 2 N log N.

Reference: Nichani, Lee, Bietti, https://arxiv.org/abs/2412.06538. RECONSTRUCTED: the abstract has the
number of weights up to logarithms; the logarithm, the constant 2 and how the memories are made are this project's.

>>> import theory
>>> theory.claim("mlp-memory-stores").bound(N=100, d=20, m=47)
0.5
"""

from theory import Claim, Kind, Measured, Mutant
from theory.claims.nichani.paper import SCALE, d, m, recalls_from, reconstructed

CLAIMS = (
    Claim(
        id="trained-memory-stores",
        title="A trained linear memory with 2 N log N weights stores all facts",
        statement="If d^2 >= 2 N log N, then in at least half of the worlds the linear memory recalls all N facts "
        "after "
        "training by the softmax loss.",
        kind=Kind.UPPER,
        observable="some_lost",
        log_expression=recalls_from(2 * SCALE),
        source=reconstructed(
            number="C1",
            text="Abstract: a linear memory stores a number of facts that is, up to logarithms, its number of weights "
            "d^2. The logarithm, the constant 2 and the training are this project's.",
        ),
        measured=Measured(arm="trained"),
        mutants=(Mutant("quarter", recalls_from(SCALE / 2), "N log N / 2 replaces 2 N log N", "measurement"),),
    ),
    Claim(
        id="mlp-memory-stores",
        title="An MLP memory with 2 N log N output weights stores all facts",
        statement="If m d >= 2 N log N, then in at least half of the worlds an MLP of width m with random hidden "
        "weights "
        "recalls all N facts with some output weights.",
        kind=Kind.UPPER,
        observable="some_lost",
        log_expression=recalls_from(2 * SCALE, m * d),
        source=reconstructed(
            number="C1",
            text="Abstract: an MLP of width m stores N facts if m d is at least a constant times N, up to logarithms. "
            "The logarithm, the constant 2 and the random hidden weights are this project's.",
        ),
        measured=Measured(arm="mlp"),
        mutants=(Mutant("quarter", recalls_from(SCALE / 2, m * d), "N log N / 2 replaces 2 N log N", "measurement"),),
    ),
)
