"""C3: the transition of the Hebbian memory sharpens as facts are added.

Definition: the share recalled is that of the facts whose own output has the highest score. Series compare one size
c = d^2 / (N log N), at the smallest and the largest number of facts N.

Guarantee (trend): in at least 80 % of worlds the share recalled is not smaller at the largest N if c >= 3, and not
larger if c <= 1.

Reference: Barnfield et al., https://arxiv.org/abs/2605.05189. RECONSTRUCTED: the source says that the correlation
matrix memory recalls at d^2 of the order N log N through a sharp transition; the sizes 3 and 1 are this project's.

>>> import theory
>>> theory.claim("hebbian-transition-above").axis
'N'
"""

import sympy as sp

from theory import Assumption, Claim, Kind, Measured, Mutant, Premises
from theory.claims.barnfield.paper import reconstructed
from theory.claims.nichani.paper import c


def _trend(identifier: str, direction: int, title: str, statement: str, premise: Assumption) -> Claim:
    return Claim(
        id=identifier,
        title=title,
        statement=statement,
        kind=Kind.TREND,
        observable="share_recalled",
        source=reconstructed(
            number="C3",
            text="Abstract: the correlation matrix memory recalls at d^2 of the order N log N, through a sharp phase "
            "transition. That the share recalled moves apart on the two sides, and the sizes, are this project's.",
        ),
        premises=Premises(assumptions=(premise,)),
        measured=Measured(arm="hebbian", axis="N", direction=direction),
        mutants=(Mutant("reversed", None, "the opposite direction", "measurement", -direction),),
    )


CLAIMS = (
    _trend(
        "hebbian-transition-above",
        +1,
        "Above the transition the Hebbian memory recalls a larger share of more facts",
        "At a fixed size c >= 3 of d^2 = c N log N, in at least 80 % of worlds the share recalled is not smaller at "
        "the "
        "largest N than at the smallest.",
        Assumption("c", sp.Ge(c, 3), "the size lies above the transition"),
    ),
    _trend(
        "hebbian-transition-below",
        -1,
        "Below the transition the Hebbian memory recalls a smaller share of more facts",
        "At a fixed size c <= 1 of d^2 = c N log N, in at least 80 % of worlds the share recalled is not larger at the "
        "largest N than at the smallest.",
        Assumption("c", sp.Le(c, 1), "the size lies below the transition"),
    ),
)
