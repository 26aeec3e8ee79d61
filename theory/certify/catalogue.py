"""All steps and all mutants of all papers, in the order of the claims; each paper names its proof modules."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import lru_cache

from theory.certify.certificate import Certificate, Step, run_steps
from theory.registry import all_claims, claim, papers

__all__ = ["certificates", "count_of_certificates", "count_of_mutants", "mutants"]


@lru_cache(maxsize=1)
def _all_steps() -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    order = {item.id: position for position, item in enumerate(all_claims())}
    proofs = [proof for paper in papers() for name in paper.proofs for proof in importlib.import_module(name).PROOFS]
    proofs.sort(key=lambda proof: order[proof.claim])
    return (
        tuple(step for proof in proofs for step in sorted(proof.steps, key=_number)),
        tuple(mutant for proof in proofs for mutant in sorted(proof.mutants, key=_number)),
    )


def _number(step: Step) -> int:
    return int(step.step.rpartition(".")[2])


def _of(steps: tuple[Step, ...], claim_id: str | None) -> tuple[Step, ...]:
    if claim_id is None:
        return steps
    identifier = claim(claim_id).id
    return tuple(step for step in steps if step.claim.partition(":")[0] == identifier)


def certificates(claim_id: str | None = None) -> Iterator[Certificate]:
    """Certificates of all claims, or of one, as they are proved.

    Args:
        claim_id: as listed by the registry; None for all.

    Raises:
        theory.registry.UnknownClaimError: no such claim.
    """
    return run_steps(_of(_all_steps()[0], claim_id))


def mutants(claim_id: str | None = None) -> Iterator[Certificate]:
    """Near misses through the same checks: each must come out NOT PROVED, the detail says why.

    Args:
        claim_id: as listed by the registry; None for all.

    Raises:
        theory.registry.UnknownClaimError: no such claim.
    """
    return run_steps(_of(_all_steps()[1], claim_id))


def count_of_certificates(claim_id: str | None = None) -> int:
    """How many certificates there are, without running them."""
    return len(_of(_all_steps()[0], claim_id))


def count_of_mutants(claim_id: str | None = None) -> int:
    """How many mutants there are, without running them."""
    return len(_of(_all_steps()[1], claim_id))
