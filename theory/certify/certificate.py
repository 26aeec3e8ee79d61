"""What a certificate is, one numbered step of a proof, checked by machine over a stated domain; and all of them.

A step holds the check itself. Running it gives a certificate, PROVED or NOT PROVED; nothing in between, and nothing
sampled. An exception is a defect of the program and is never swallowed: a mutant must fail by its own falsehood.
"""

from __future__ import annotations

import importlib
import time
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache, partial
from typing import Any, TypeVar

from theory.registry import all_claims, claim, papers

Check = TypeVar("Check", bound=Callable[..., "Outcome"])


@dataclass(frozen=True)
class Outcome:
    """Whether a statement is established on its whole domain; figures, or the failed step or exact counterexample."""

    proved: bool
    detail: str = ""

    def or_why(self, reason: str) -> Outcome:
        """This outcome; if it is not proved, with a reason beside the failed step."""
        return self if self.proved else Outcome(False, f"{self.detail}; {reason}")


@dataclass(frozen=True)
class _Stated:
    claim: str
    step: str
    statement: str
    domain: str
    method: str


@dataclass(frozen=True)
class Certificate(_Stated):
    """The record of one machine-checked step.

    ``claim`` is ``claim:mutant`` for a near miss that must fail, ``step`` page and number in docs/proofs, as in
    ``half-mean-tail.3``, ``detail`` figures or, if not proved, the failed step or the exact counterexample.
    """

    proved: bool
    detail: str
    seconds: float

    @property
    def status(self) -> str:
        """``PROVED`` or ``NOT PROVED``."""
        return "PROVED" if self.proved else "NOT PROVED"

    def line(self, *, mutant: bool = False) -> str:
        """One line: status, claim, step, statement, domain, method, seconds; the reason where it matters."""
        status = self.status if not mutant else ("REFUTED" if not self.proved else "NOT REFUTED")
        text = (
            f"{status:<11} {self.claim}  {self.step}  {self.statement}  [{self.domain}]  ({self.method})  "
            f"{self.seconds:.2f} s"
        )
        return f"{text}  {self.detail}" if mutant or not self.proved else text

    @property
    def base_claim(self) -> str:
        """Id of the claim, without the name of a mutant."""
        return self.claim.partition(":")[0]


@dataclass(frozen=True)
class Step(_Stated):
    """A step of a proof with the check that decides it; attributes as in :class:`Certificate`."""

    check: Callable[[], Outcome]

    def run(self) -> Certificate:
        """Run the check."""
        start = time.perf_counter()
        outcome = self.check()
        stated = {field.name: getattr(self, field.name) for field in fields(_Stated)}
        return Certificate(**stated, **asdict(outcome), seconds=time.perf_counter() - start)


class Proof:
    """The proof of a claim on a page of docs/proofs: each check is decorated with the step that it proves.

    Further arguments of a decorator go to the check: a mutant is a near miss put through the check of a step.
    ``steps`` and ``mutants`` are in the order of the page.

    >>> proof = Proof("two-and-two", "page")
    >>> @proof.mutant("one-more", "2 + 2 = 5", 5)
    ... @proof.step(1, "2 + 2 = 4", "these integers", "exact integers")
    ... def addition(total: int = 4) -> Outcome:
    ...     return Outcome(2 + 2 == total)
    >>> [step.run().proved for step in (*proof.steps, *proof.mutants)]
    [True, False]
    """

    def __init__(self, claim: str, page: str) -> None:
        self.claim, self.page = claim, page
        self.steps: list[Step] = []
        self.mutants: list[Step] = []
        self._of_check: dict[Callable[..., Outcome], Step] = {}

    def step(
        self, number: int, statement: str, domain: str, method: str, *args: Any, **kwargs: Any
    ) -> Callable[[Check], Check]:
        """The decorated check proves a step of this number; texts as in :class:`Certificate`."""

        def decorate(check: Check) -> Check:
            run = partial(check, *args, **kwargs)
            self._of_check[check] = step = Step(self.claim, f"{self.page}.{number}", statement, domain, method, run)
            insort(self.steps, step, key=_number)
            return check

        return decorate

    def mutant(
        self, name: str, statement: str, *args: Any, number: int | None = None, domain: str | None = None, **kwargs: Any
    ) -> Callable[[Check], Check]:
        """The decorated check must not prove this; number, domain and method are those of the step below."""

        def decorate(check: Check) -> Check:
            of, run = self._of_check[check], partial(check, *args, **kwargs)
            here = of.step if number is None else f"{self.page}.{number}"
            mutant = Step(f"{self.claim}:{name}", here, statement, domain or of.domain, of.method, run)
            insort(self.mutants, mutant, key=_number)
            return check

        return decorate


def _number(step: Step) -> int:
    return int(step.step.rpartition(".")[2])


def document(proofs: Sequence[Certificate], refutations: Sequence[Certificate]) -> dict[str, Any]:
    """Certificates and refuted mutants as JSON holds them."""
    return {
        "certificates": [{**asdict(c), "status": c.status} for c in proofs],
        "mutants": [{**asdict(c), "status": c.status} for c in refutations],
        "all_proved": all(c.proved for c in proofs),
        "all_mutants_refuted": not any(c.proved for c in refutations),
    }


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

    Example:
        >>> all(certificate.proved for certificate in certificates("coverage-half-mean"))
        True
    """
    return (step.run() for proof in _proofs(claim_id) for step in proof.steps)


def mutants(claim_id: str | None = None) -> Iterator[Certificate]:
    """Near misses through the same checks: each must come out NOT PROVED, the detail says why.

    Raises:
        theory.registry.UnknownClaimError: no such claim.

    Example:
        >>> any(certificate.proved for certificate in mutants("coverage-half-mean"))
        False
    """
    return (mutant.run() for proof in _proofs(claim_id) for mutant in proof.mutants)


def count_of_steps(claim_id: str | None = None) -> int:
    """How many certificates and mutants there are, without running them."""
    return sum(len(proof.steps) + len(proof.mutants) for proof in _proofs(claim_id))
