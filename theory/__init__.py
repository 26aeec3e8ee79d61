"""The theory as data: claims, their bounds, and how to evaluate them.

>>> import theory
>>> theory.claim("ood-error-literal").bound(N_f=40, K=3, R=60) < 1
True
"""

from theory.claim import Assumption, Claim, Kind, Mutant, Premise, Provenance, Scope
from theory.numbers.evaluate import DomainError
from theory.registry import UnknownClaimError, all_claims, claim

__all__ = [
    "Assumption",
    "Claim",
    "DomainError",
    "Kind",
    "Mutant",
    "Premise",
    "Provenance",
    "Scope",
    "UnknownClaimError",
    "all_claims",
    "claim",
]

DISTRIBUTION = "factbound"  # lets the command line notice a foreign package of the same name
