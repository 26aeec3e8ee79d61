"""All steps and all mutants of all papers, in the order of the claims; each paper names its proof modules."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import lru_cache

from theory.certify.certificate import Certificate, Proof
from theory.registry import all_claims, claim, papers

__all__ = ["certificates", "count_of_certificates", "count_of_mutants", "mutants"]


@lru_cache(maxsize=1)
def _all_proofs() -> tuple[Proof, ...]:
    order = {item.id: position for position, item in enumerate(all_claims())}
    proofs = (proof for paper in papers() for name in paper.proofs for proof in importlib.import_module(name).PROOFS)
    return tuple(sorted(proofs, key=lambda proof: order[proof.claim]))


def _proofs(claim_id: str | None) -> tuple[Proof, ...]:
    return _all_proofs() if claim_id is None else tuple(p for p in _all_proofs() if p.claim == claim(claim_id).id)


def certificates(claim_id: str | None = None) -> Iterator[Certificate]:
    """Certificates of all claims, or of one, as they are proved.

    Raises:
        theory.registry.UnknownClaimError: no such claim.
    """
    return (step.run() for proof in _proofs(claim_id) for step in proof.steps)


def mutants(claim_id: str | None = None) -> Iterator[Certificate]:
    """Near misses through the same checks: each must come out NOT PROVED, the detail says why.

    Raises:
        theory.registry.UnknownClaimError: no such claim.
    """
    return (mutant.run() for proof in _proofs(claim_id) for mutant in proof.mutants)


def count_of_certificates(claim_id: str | None = None) -> int:
    """How many certificates there are, without running them."""
    return sum(len(proof.steps) for proof in _proofs(claim_id))


def count_of_mutants(claim_id: str | None = None) -> int:
    """How many mutants there are, without running them."""
    return sum(len(proof.mutants) for proof in _proofs(claim_id))
