"""C5: a calibrated algorithm whose error is hardly larger than the singleton rate.

Definition: counting with back-off answers a prompt that it saw as it saw it, and any other with each answer equally
often. Its calibration error is 0.

Guarantee (upper): with probability at least 0.99 its sampled error is at most sr - sr/A + 13 / sqrt(N).

Reference: A. T. Kalai, O. Nachum, S. S. Vempala and E. Zhang, https://arxiv.org/abs/2509.04664: an upper bound of this
form for a calibrated algorithm, recalled and not read. DERIVED; proof in docs/claims/singleton-matching.md.

>>> import theory
>>> round(theory.claim("singleton-matching").bound(N=100_000, A=100, sr=0.5), 3)
0.536
"""

import sympy as sp

from theory import Claim, Kind, Measured, Mutant, Premises, measured
from theory.claims.kalai.paper import PROBABILITY, A, N, derived, says_something, sr

_GUESSED = sr - sr / A


def _log(most: sp.Expr) -> sp.Expr:
    return sp.log(sp.Min(1, most, evaluate=False))


CLAIMS = (
    Claim(
        id="singleton-matching",
        title="A calibrated algorithm that reaches the singleton rate",
        statement="Counting with back-off answers a prompt that it saw as it saw it, and any other with each of the A "
        "answers with probability 1/A. It is calibrated: delta = 0. In at least 99 % of worlds its sampled error is at "
        "most sr - sr/A + 13 / sqrt(N). So no floor of the error can exceed the singleton rate by more than that.",
        kind=Kind.UPPER,
        observable="sampled_error",
        log_expression=_log(_GUESSED + 13 / sp.sqrt(N)),
        required=True,
        source=derived(
            number="C5",
            text="We recall from the source that a calibrated algorithm has err <= sr - sr / (max_c |E_c| + 1) + 13 / "
            "sqrt(N) with probability 99 %; we have not read it. Which algorithm this is there is not known to us. "
            "The algorithm here and the proof, which gives 10.1 for 13, are this project's.",
            proof="claims/singleton-matching",
        ),
        premises=Premises(assumptions=(says_something("matching_bound", sp.Lt(measured("matching_bound"), 1)),)),
        measured=Measured(
            per_run="matching_gap",
            share=PROBABILITY,
            supporting=("singleton_rate", "missing_mass", "calibration_delta"),
        ),
        mutants=(Mutant("without-sample-term", _log(_GUESSED), "the term 13 / sqrt(N) is dropped"),),
    ),
)
