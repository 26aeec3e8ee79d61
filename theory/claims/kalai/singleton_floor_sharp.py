"""C2: the singleton rate as a floor of the error, proved here, with a sharper term in N.

Definition: singleton rate sr, sampled error and calibration error delta are those of docs/claims/singleton-floor.md.

Guarantee (lower): with probability at least 0.99 over the answers and the training data, the sampled error of any
algorithm is at least (1 - 1/A)(sr - sqrt(2 ln 200 / N) - (1 - 1/N)^(N-1) / N) - sqrt(4 (1 - 1/A) ln 200 / (e N)) -
1 / (A - 1) - delta. This is never less than the source's bound: the term in N is at most 7.1 / sqrt(N).

Reference: A. T. Kalai, O. Nachum, S. S. Vempala and E. Zhang, https://arxiv.org/abs/2509.04664, Theorem 2,
for the form. DERIVED; proof in docs/claims/singleton-floor-sharp.md.

>>> import theory
>>> round(theory.claim("singleton-floor-sharp").bound(N=100_000, A=100, sr=0.9, delta=0), 3)
0.862
"""

import sympy as sp

from theory import Claim, Kind, Measured, Mutant, Premises, measured
from theory.claims.kalai.paper import (
    EARLIER,
    PROBABILITY,
    SINGLETONS,
    UNIFORM,
    WRONG,
    A,
    N,
    delta,
    derived,
    floor,
    says_something,
    sr,
)

_FLOOR = WRONG * (sr - SINGLETONS - EARLIER) - sp.sqrt(4 * WRONG * UNIFORM / (sp.exp(1) * N)) - 1 / (A - 1) - delta

CLAIMS = (
    Claim(
        id="singleton-floor-sharp",
        title="Singleton rate as a floor of the error, sharper and proved",
        statement="Setting: as in the source's theorem, prompts from any law, the right answer of each uniform over A "
        "answers, independently; N training examples. The algorithm may abstain, may know the law and may be random. "
        "In at least 99 % of worlds its sampled error is at least (1 - 1/A)(sr - sqrt(2 ln 200 / N) - (1 - 1/N)^(N-1) "
        "/ N) - sqrt(4 (1 - 1/A) ln 200 / (e N)) - 1 / (A - 1) - delta. The source's bound follows from it.",
        kind=Kind.LOWER,
        observable="sampled_error",
        log_expression=floor(_FLOOR),
        required=True,
        source=derived(
            number="C2",
            text="The source's theorem has the term (35 + 6 ln N) / sqrt(N) and 2 / min_c |E_c|. The proof here, and "
            "its constants, are this project's.",
            proof="claims/singleton-floor-sharp",
        ),
        premises=Premises(assumptions=(says_something("sharp_floor", sp.Gt(measured("sharp_floor"), 0)),)),
        measured=Measured(
            per_run="sharp_floor_gap",
            share=PROBABILITY,
            supporting=("singleton_rate", "missing_mass", "calibration_delta"),
        ),
        mutants=(
            Mutant("without-calibration", floor(_FLOOR + delta), "the calibration error is not subtracted"),
            Mutant(
                "without-sample-terms", floor(WRONG * sr - 1 / (A - 1) - delta), "the terms in N are not subtracted"
            ),
        ),
    ),
)
