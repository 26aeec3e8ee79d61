"""C1: the Hebbian memory: how often it loses any fact.

Definition: the Hebbian memory is the sum of the outer products of output and input embeddings, all independent
standard Gaussians in R^d. Fact i is recalled if the score of its own output exceeds the scores of all others; some fact
is lost if not all are recalled.

Guarantee (upper): with p = sqrt((1 + (1+l)/d)/(1-l)) (1-l)^d (1-2l^2)^-(N/2-1+d) and l = d/(2N+3d), some fact is lost
with probability at most N (N-1) p. For large N this tends to 0 if d^2 > c N log N with c > 8.

Reference: Barnfield et al., https://arxiv.org/abs/2605.05189, has the scale N log N. The bound with its constants is
DERIVED here; proof in docs/proofs/hebbian-memory.md.

>>> import theory
>>> round(theory.claim("hebbian-all-recalled").bound(N=1000, d=300), 4)
0.2015
"""

import sympy as sp

from theory import Claim, Kind, Measured, Mutant, Premises
from theory.claims.barnfield.paper import SCALE_ONLY, derived
from theory.claims.nichani.paper import N, d


def log_pair(rate: sp.Expr, noise: sp.Expr = N / 2 - 1 + d) -> sp.Expr:
    """Logarithm of the bound on the probability that a given other output scores at least as much as the right one."""
    return (
        sp.log(1 + (1 + rate) / d) / 2 - sp.log(1 - rate) / 2 + d * sp.log(1 - rate) - noise * sp.log(1 - 2 * rate**2)
    )


_RATE = d / (2 * N + 3 * d)
_PAIRS = sp.log(N) + sp.log(N - 1)

CLAIMS = (
    Claim(
        id="hebbian-all-recalled",
        title="Probability that the Hebbian memory loses any fact",
        statement="The Hebbian memory recalls all N facts in dimension d but for a probability of at most N (N-1) p, "
        "with p = sqrt((1 + (1+l)/d)/(1-l)) (1-l)^d (1-2l^2)^-(N/2-1+d), l = d/(2N+3d). The criterion is that all "
        "are recalled.",
        kind=Kind.UPPER,
        observable="some_lost",
        log_expression=_PAIRS + log_pair(_RATE),
        required=True,
        source=derived(number="C1", text=SCALE_ONLY, proof="claims/hebbian-all-recalled"),
        premises=Premises(domain=(sp.Ge(N, 2),)),
        measured=Measured(arm="hebbian"),
        mutants=(
            Mutant("one-pair", log_pair(_RATE), "one pair for all: no factor N (N - 1)", "measurement"),
            Mutant(
                "half-the-noise",
                _PAIRS + log_pair(_RATE, (N / 2 - 1 + d) / 2),
                "half of the noise's exponent",
                "measurement",
            ),
        ),
    ),
)
