"""K1: a model stores at most the bits that its weights are written in: docs/proofs/stored-bits.md.

Small worlds are enumerated: every rule that maps answers (and a coin that is given or hidden) to one of n weights. Sums
of logarithms over a world's cases are logarithms of products of rationals, so they are compared exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from math import prod
from typing import Any

import sympy as sp

from theory.certify.certificate import Check, Outcome, Proof
from theory.certify.exact import identities

_PAGE = "stored-bits"
PROOFS = tuple(
    Proof(claim, _PAGE) for claim in ("stored-bits-floor", "stored-bits-floor-transformer", "stored-bits-floor-binary")
)
_ENUMERATED = (
    "every rule that maps A^S <= 9 answers, or 4 and a coin, to n <= 4 weights (7,858 rules, coin hidden or given)"
)
_EXACT = "exhaustive enumeration, exact rationals"
_EVERY = "every model, every S, A"

Told = Callable[[tuple[int, ...], int], Hashable]
"""What the decoder is given besides the weights: of the answers and a coin."""


def _nothing(answers: tuple[int, ...], coin: int) -> Hashable:
    return None


def _coin(answers: tuple[int, ...], coin: int) -> Hashable:
    return coin


def _first_answer(answers: tuple[int, ...], coin: int) -> Hashable:
    return answers[0]


@dataclass(frozen=True)
class Case:
    """One equally likely case of a world: answers, a coin, what is given of them, and the weights (a number)."""

    answers: tuple[int, ...]
    coin: int
    told: Hashable
    weights: int

    @property
    def seen(self) -> tuple[int, Hashable]:
        """What the decoder sees."""
        return self.weights, self.told


@dataclass(frozen=True)
class World:
    """All cases of S answers over A values with weights by one rule; n weights there are."""

    A: int
    S: int
    n: int
    cases: tuple[Case, ...]

    @property
    def rule(self) -> str:
        """Sizes, and the weights of each case."""
        rule = ", ".join(f"{''.join(map(str, c.answers))}{'+' * c.coin}: {c.weights}" for c in self.cases)
        return f"A = {self.A}, S = {self.S}, n = {self.n}, answers to weights {rule}"

    def marginals(self) -> dict[tuple[tuple[int, Hashable], int, int], Fraction]:
        """P(a_i | what is seen), the decoder of least expected loss: by (seen, i, a)."""
        total = Counter(case.seen for case in self.cases)
        hits = Counter((case.seen, i, a) for case in self.cases for i, a in enumerate(case.answers))
        return {(seen, i, a): Fraction(count, total[seen]) for (seen, i, a), count in hits.items()}

    def gains(self) -> list[Fraction]:
        """2^(stored bits) of each case with that decoder: A^S prod_i p(a_i)."""
        p = self.marginals()
        return [
            self.A**self.S * prod((p[case.seen, i, a] for i, a in enumerate(case.answers)), start=Fraction(1))
            for case in self.cases
        ]

    def information(self) -> Fraction:
        """2^(N I) for the N cases, I the information of the weights on the answers, given what is told."""
        N = len(self.cases)
        all_told = Counter(case.told for case in self.cases)
        seen = Counter(case.seen for case in self.cases)
        before = Counter((case.told, case.answers) for case in self.cases)
        after = Counter((case.seen, case.answers) for case in self.cases)
        assert sum(all_told.values()) == N
        ratios = (
            Fraction(after[c.seen, c.answers] * all_told[c.told], before[c.told, c.answers] * seen[c.seen])
            for c in self.cases
        )
        return prod(ratios, start=Fraction(1))

    def entropy(self) -> Fraction:
        """2^(N H) for the N cases, H the entropy of the weights given what is told."""
        all_told, seen = Counter(c.told for c in self.cases), Counter(c.seen for c in self.cases)
        return prod((Fraction(all_told[c.told], seen[c.seen]) for c in self.cases), start=Fraction(1))


def _worlds(told: Told) -> Iterator[World]:
    """Every rule of the small worlds; a coin counts two cases for each answer."""
    for A, S, n, coins in (
        (2, 2, 1, 1),
        (2, 2, 2, 1),
        (2, 2, 4, 1),
        (2, 3, 2, 1),
        (2, 3, 3, 1),
        (3, 2, 2, 1),
        (2, 2, 2, 2),
    ):
        drawn = [(answers, coin) for answers in product(range(A), repeat=S) for coin in range(coins)]
        for rule in product(range(n), repeat=len(drawn)):
            cases = (Case(a, k, told(a, k), w) for (a, k), w in zip(drawn, rule, strict=True))
            yield World(A, S, n, tuple(cases))


def _for_all(
    number: int, statement: str, domain: str, method: str, *args: Any, **kwargs: Any
) -> Callable[[Check], Check]:
    """The decorated check proves a step of the theorem for each of the claims."""

    def decorate(check: Check) -> Check:
        for proof in PROOFS:
            proof.step(number, statement, domain, method, *args, **kwargs)(check)
        return check

    return decorate


def _mutant(name: str, statement: str, *args: Any, **kwargs: Any) -> Callable[[Check], Check]:
    """The decorated check must not prove this, for each of the claims."""

    def decorate(check: Check) -> Check:
        for proof in PROOFS:
            proof.mutant(name, statement, *args, **kwargs)(check)
        return check

    return decorate


@_for_all(1, "at fixed weights the mean of 2^(stored bits) is 1", "A^S in 2, 4, 8, 9, every p", "symbolic identity")
def kraft() -> Outcome:
    """Sum over answers of A^-S A^S prod_i p_i(a_i), the last probability of each fact written as 1 less the others."""
    equations = []
    for A, S in ((2, 1), (2, 2), (2, 3), (3, 2)):
        free = [sp.symbols(f"p_{i}_1:{A}", positive=True) for i in range(S)]
        tables = [(*row, 1 - sum(row)) for row in free]
        total = sum((sp.prod([tables[i][a] for i, a in enumerate(c)]) for c in product(range(A), repeat=S)), sp.S.Zero)
        equations.append((f"A = {A}, S = {S}", sp.expand(total), sp.S.One))
    return identities(*equations)


@_for_all(2, "the mean of 2^(stored bits) is at most the number of weights", _ENUMERATED, _EXACT)
@cache
def counted() -> Outcome:
    """With the best decoder; a coin that is given or hidden."""
    rules = 0
    for told in (_nothing, _coin):
        for world in _worlds(told):
            rules += 1
            if sum(world.gains()) > world.n * len(world.cases):
                return Outcome(False, f"mean {sum(world.gains()) / len(world.cases)}: {world.rule}")
    return Outcome(True, f"{rules:,} rules")


@_for_all(
    3, "log(x) <= x - 1, hence stored bits are at most log2 of the mean and Gibbs' inequality", _EVERY, "symbolic"
)
def concave() -> Outcome:
    """x - 1 - log x has derivative (x - 1) / x and is 0 at 1; summed over a distribution, p (q/p - 1) is q - p."""
    x, p, q = sp.symbols("x p q", positive=True)
    difference = x - 1 - sp.log(x)
    return identities(
        ("derivative", sp.diff(difference, x), (x - 1) / x),
        ("at 1", difference.subs(x, 1), sp.S.Zero),
        ("p (q/p - 1) sums to sum q - sum p", p * (q / p - 1), q - p),
    )


@_mutant("half-the-bits", "mean stored bits <= half of the bits of the weights", bits=Fraction(1, 2))
@_mutant("nats-for-bits", "S log2(A) - sum_i l_i <= bits of the weights, the loss left in nats", unit=Fraction(7, 10))
@_mutant("told-the-answer", "the same if what is given depends on the answers", told=(_first_answer,))
@_for_all(4, "mean stored bits <= I(W; answers) <= H(W) <= log2 of the number of weights", _ENUMERATED, _EXACT)
@cache
def mean(
    *, unit: Fraction = Fraction(1), bits: Fraction = Fraction(1), told: Sequence[Told] = (_nothing, _coin)
) -> Outcome:
    """Exponentials of each side times the number of cases.

    The loss has the factor ``unit``: 1 in bits. In nats it is log 2 < 7/10, and a smaller loss stores more: if the
    inequality fails with 7/10, it fails with log 2.
    """
    rules = 0
    for one in told:
        for world in _worlds(one):
            rules += 1
            N, power = len(world.cases), unit.denominator * bits.denominator
            asked = Fraction(world.A) ** (world.S * N)
            likelihood = prod(world.gains(), start=Fraction(1)) / asked
            stored = asked**power * likelihood ** int(unit * power)
            information, entropy = world.information(), world.entropy()
            if stored > world.n ** int(bits * N * power):
                return Outcome(False, f"more than the bits of the weights: {world.rule}")
            if not (stored <= information**power and information <= entropy <= world.n**N):
                return Outcome(False, f"the chain breaks: {world.rule}")
    return Outcome(True, f"{rules:,} rules")


@_for_all(4, "no other decoder stores more in the mean", "A = S = n = 2, probabilities k/8", _EXACT)
@cache
def decoders() -> Outcome:
    """All 16 rules, all 7^4 tables of p_w(0 | i), against the marginals."""
    tried = 0
    tables = list(product(range(1, 8), repeat=4))
    for rule in product(range(2), repeat=4):
        cases = (Case(a, 0, None, w) for a, w in zip(product(range(2), repeat=2), rule, strict=True))
        world = World(2, 2, 2, tuple(cases))
        best = prod(world.gains(), start=Fraction(1)) / 4**4 * 8**8
        for table in tables:
            tried += 1
            likelihood = prod(
                8 - table[2 * c.weights + i] if a else table[2 * c.weights + i]
                for c in world.cases
                for i, a in enumerate(c.answers)
            )
            if likelihood > best:
                return Outcome(False, f"rule {rule}, table {table}")
    return Outcome(True, f"{tried:,} decoders")


@_mutant("one-run", "no run stores more than the bits of the weights", never=True)
@_for_all(5, "a run stores x bits more than the bits of the weights with probability at most 2^-x", _ENUMERATED, _EXACT)
@cache
def luck(*, never: bool = False) -> Outcome:
    """At every excess that occurs: 2^-x is n over the gain."""
    rules = 0
    for told in (_nothing, _coin):
        for world in _worlds(told):
            rules += 1
            gains = world.gains()
            for least in {gain for gain in gains if gain > world.n}:
                share = Fraction(sum(gain >= least for gain in gains), len(gains))
                if never or share > world.n / least:
                    return Outcome(False, f"log2({least}) bits in {share} of the runs: {world.rule}")
    return Outcome(True, f"{rules:,} rules")
