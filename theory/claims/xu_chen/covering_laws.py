"""C6: the exact laws of covering a fact's own templates."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from theory.claim import Claim, Kind, Mutant, Provenance
from theory.notation import K, N_f, R
from theory.numbers.floats import Approximation

_j = sp.Symbol("j", integer=True, positive=True)
_SOME = sp.Sum((-1) ** (_j + 1) * sp.binomial(K, _j) * (sp.binomial(R - _j, K) / sp.binomial(R, K)) ** N_f, (_j, 1, K))
_NONE = (sp.binomial(R - K, K) / sp.binomial(R, K)) ** N_f


def _log_some(N_f: int, K: int, R: int) -> float:
    from theory.coverage.balls import log_some_unseen

    return log_some_unseen(N_f, K, R)


def _log_some_ball(bits: int, **values: int) -> Any:
    from theory.coverage.balls import log_some_unseen_ball

    return log_some_unseen_ball(bits, **values)


def _least_multiplicity(
    good: Callable[[int], bool], target: Fraction, low: int, high: int, **values: int
) -> tuple[int | None, int | None]:
    from theory.planning.least import least_multiplicity_some_unseen

    return least_multiplicity_some_unseen(good, target, low, high, N_f=values["N_f"], R=values["R"])


def _log_none(**values: Any) -> Approximation:
    from theory.numbers.deviance import log_none_seen

    return log_none_seen(**values)


_DOMAIN = (sp.Le(K, R), sp.Ge(N_f, 1))

CLAIMS = (
    Claim(
        id="covering-some-unseen",
        claim_number="C6",
        title="Exact covering law: some own template unseen",
        statement=(
            "Averaged over worlds, a held-out fact has at least one own template that no fine-tuned fact shows with "
            "probability sum_{j=1..K} (-1)^(j+1) C(K,j) [C(|R|-j,K)/C(|R|,K)]^N_f. It falls in N_f and rises in |R|; "
            "it is not monotone in K."
        ),
        kind=Kind.IDENTITY,
        provenance=Provenance.DERIVED,
        source="The source asks that fine-tuning cover enough templates; the exact probability is derived here.",
        observable="covering_some_unseen",
        required=True,
        log_expression=sp.log(_SOME),
        falls_in=("N_f",),
        searches=(("K", _least_multiplicity),),
        domain=_DOMAIN,
        exact=_log_some,
        ball=_log_some_ball,
        tolerance=1e-10,
        proof="claims/covering-some-unseen",
        mutants=(
            Mutant(
                name="independent-templates",
                log_bound=sp.log(1 - (1 - (1 - K / R) ** N_f) ** K),
                text="own templates treated as if they were covered independently",
                refuted_by="certification",
            ),
        ),
    ),
    Claim(
        id="covering-none-seen",
        claim_number="C6",
        title="Exact covering law: no own template seen",
        statement=(
            "Averaged over worlds, a held-out fact has no own template in common with any fine-tuned fact with "
            "probability [C(|R|-K,K)/C(|R|,K)]^N_f. It falls in N_f and K and rises in |R|."
        ),
        kind=Kind.IDENTITY,
        provenance=Provenance.DERIVED,
        source="The source asks that fine-tuning cover enough templates; the exact probability is derived here.",
        observable="covering_none_seen",
        required=True,
        log_expression=sp.log(_NONE),
        falls_in=("N_f", "K"),
        domain=_DOMAIN,
        numeric=_log_none,
        tolerance=1e-10,
        proof="claims/covering-none-seen",
        mutants=(
            Mutant(
                name="with-replacement",
                log_bound=K * N_f * sp.log(1 - K / R),
                text="a fact's templates drawn with replacement",
                refuted_by="certification",
            ),
        ),
    ),
)
