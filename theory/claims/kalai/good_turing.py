"""C4: the singleton rate and the missing mass (Good and Turing).

Definition: the missing mass is the probability that the next prompt is none of the N training prompts; the singleton
rate sr is the number of prompts that occur exactly once, divided by N.

Guarantee (upper): the mean singleton rate of N examples is the mean missing mass after N - 1, and exceeds that after N
by at most (1 - 1/N)^(N-1) / N. With probability at least 0.99 the singleton rate exceeds the missing mass by at most
(1 - 1/N)^(N-1) / N + (1 + exp(-1/2)) sqrt(2 ln 200 / N), about 5.23 / sqrt(N).

Reference: A. T. Kalai and S. S. Vempala, https://arxiv.org/abs/2311.14648, and https://arxiv.org/abs/2509.04664, use
estimates of this kind. DERIVED; proof in docs/claims/good-turing.md.

>>> import theory
>>> round(theory.claim("good-turing").bound(N=10_000), 4)
0.0523
"""

import sympy as sp

from theory import Claim, Kind, Measured, Mutant, Premises
from theory.claims.kalai.paper import EARLIER, PROBABILITY, SINGLETONS, derived, says_something

_MOST = EARLIER + (1 + sp.exp(-sp.Rational(1, 2))) * SINGLETONS


def _log(most: sp.Expr) -> sp.Expr:
    return sp.log(sp.Min(1, most, evaluate=False))


CLAIMS = (
    Claim(
        id="good-turing",
        title="The singleton rate is hardly larger than the missing mass",
        statement="For any law of prompts and N independent examples, E[singleton rate] = E[missing mass after N - 1 "
        "examples]. In at least 99 % of worlds the singleton rate exceeds the missing mass by at most (1 - 1/N)^(N-1) "
        "/ N + (1 + exp(-1/2)) sqrt(2 ln 200 / N).",
        kind=Kind.UPPER,
        observable="good_turing_excess",
        log_expression=_log(_MOST),
        required=True,
        source=derived(
            number="C4",
            text="The sources rest on such estimates. The identity is classical (Good and Turing), as is the lower "
            "tail of the missing mass (Berend and Kontorovich). This proof with its constants is this project's.",
            proof="claims/good-turing",
        ),
        premises=Premises(assumptions=(says_something("good_turing_bound", sp.Lt(_MOST, 1)),)),
        measured=Measured(per_run="good_turing_gap", share=PROBABILITY, supporting=("singleton_rate", "missing_mass")),
        mutants=(Mutant("without-deviations", _log(EARLIER), "the term in 1 / sqrt(N) is dropped"),),
    ),
)
