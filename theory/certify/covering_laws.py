"""C6: the exact covering laws, their true monotonicities and the false one: docs/proofs/covering-laws.md."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product
from math import comb

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import Law, all_of, grid, identities, nonnegative_coefficients
from theory.coverage.laws import none_seen, none_seen_given_world, some_unseen, some_unseen_given_world

_SOME, _NONE = PROOFS = tuple(Proof(claim, "covering-laws") for claim in ("covering-some-unseen", "covering-none-seen"))
_K, _R, _u = sp.symbols("K R u", positive=True, integer=True)
_ENUMERATED = "all worlds with |R| <= 6, N_f <= 3; |R| <= 5, N_f <= 4; |R| <= 4, N_f <= 6"
_LARGEST_UNIVERSE, _MOST_FACTS = 20, 20
_GRID = f"1 <= K <= |R| <= {_LARGEST_UNIVERSE}, 1 <= N_f <= {_MOST_FACTS}"


@_SOME.step(1, "both laws count every world correctly", _ENUMERATED, "exhaustive enumeration")
def enumeration() -> Outcome:
    """By counting every choice of templates of every fine-tuned fact."""
    worlds = 0
    for largest, most in ((6, 3), (5, 4), (4, 6)):
        for R, N_f in product(range(1, largest + 1), range(1, most + 1)):
            for K in range(1, R + 1):
                own = (1 << K) - 1  # by symmetry the held-out fact may own the first K
                choices = [sum(1 << r for r in chosen) for chosen in combinations(range(R), K)]
                some = none = 0
                for facts in product(choices, repeat=N_f):
                    seen = 0
                    for fact in facts:
                        seen |= fact
                    some += seen & own != own
                    none += seen & own == 0
                total = len(choices) ** N_f
                worlds += total
                for name, law, count in (("some", some_unseen, some), ("none", none_seen, none)):
                    if law(N_f, K, R) != Fraction(count, total):
                        return Outcome(False, f"{name} at N_f={N_f}, K={K}, |R|={R}: {count}/{total} by counting")
    return Outcome(True, f"{worlds:,} choices counted")


@_SOME.step(
    2,
    "both laws given a world, and their average over worlds",
    "all worlds with 4 other facts, |R| <= 4, and 3, |R| = 5",
    "exhaustive enumeration",
)
def given_world_enumeration() -> Outcome:
    """By counting every choice of facts."""
    checked = 0
    for R, K, others in ((3, 1, 4), (3, 2, 4), (4, 2, 4), (4, 3, 4), (5, 2, 3), (5, 3, 3)):
        sets = list(combinations(range(R), K))
        own = sets[0]
        for N_f in range(1, others + 1):
            averaged = [Fraction(0), Fraction(0)]
            for world in product(sets, repeat=others):
                some, none = _counted(own, world, N_f)
                if some != some_unseen_given_world(own, world, N_f) or none != none_seen_given_world(own, world, N_f):
                    return Outcome(False, f"own {own}, others {world}, N_f={N_f}: counted {some}, {none}")
                averaged[0] += some
                averaged[1] += none
                checked += 1
            worlds = len(sets) ** others
            if averaged != [worlds * some_unseen(N_f, K, R), worlds * none_seen(N_f, K, R)]:
                return Outcome(False, f"the average over worlds differs at R={R}, K={K}, N_f={N_f}")
    return Outcome(True, f"{checked:,} worlds, each counted; averages equal the unconditional laws")


def _counted(own: Sequence[int], world: Sequence[Sequence[int]], N_f: int) -> tuple[Fraction, Fraction]:
    some = none = 0
    for facts in combinations(world, N_f):
        seen = {template for fact in facts for template in fact}
        some += not set(own) <= seen
        none += seen.isdisjoint(own)
    total = comb(len(world), N_f)
    return Fraction(some, total), Fraction(none, total)


@_SOME.step(4, "P(at least one unseen) rises in |R|: the coupling is uniform", "all 1 <= K <= |R|", "symbolic identity")
def larger_universe() -> Outcome:
    """T' uniform in [R+1] from T uniform in [R]: with probability K/(R+1) a random element becomes the new one.

    Restricted to the old templates T' is a subset of T, so whatever is unseen stays unseen. Uniform:
    B without the new one has (1 - K/(R+1))/C(R,K), B with it (R-K+1) K/((R+1) K C(R,K)).
    """
    grown = sp.gammasimp(sp.binomial(_R, _K) / sp.binomial(_R + 1, _K))  # C(R,K)/C(R+1,K)
    return identities(
        ("without the new template", 1 - _K / (_R + 1), grown),
        ("with the new template", (_R - _K + 1) / (_R + 1), grown),
    )


@_NONE.step(
    5, "P(all unseen) rises in |R| and falls in K", "all K >= 1, |R| >= 2K", "symbolic ratios, nonnegative coefficients"
)
def none_seen_ratios() -> Outcome:
    """q(K,R) = C(R-K,K)/C(R,K): the signs of q(K,R+1)/q(K,R) - 1 and of q(K+1,R)/q(K,R) - 1."""

    def q(K: sp.Expr, R: sp.Expr) -> sp.Expr:
        return sp.binomial(R - K, K) / sp.binomial(R, K)

    in_universe = sp.gammasimp(q(_K, _R + 1) / q(_K, _R))
    in_multiplicity = sp.gammasimp(sp.combsimp(q(_K + 1, _R) / q(_K, _R)))
    drop = (_R - _K) ** 2 - (_R - 2 * _K) * (_R - 2 * _K - 1)
    return all_of(
        identities(
            ("ratio in |R|", in_universe, (_R + 1 - _K) ** 2 / ((_R + 1) * (_R + 1 - 2 * _K))),
            ("its excess", (_R + 1 - _K) ** 2 - (_R + 1) * (_R + 1 - 2 * _K), _K**2),
            ("ratio in K", in_multiplicity, (_R - 2 * _K) * (_R - 2 * _K - 1) / (_R - _K) ** 2),
        ),
        nonnegative_coefficients(sp.expand(drop.subs(_R, 2 * _K + _u)), _K, _u),
    )


@_SOME.mutant("rises-in-multiplicity", "P(at least one unseen) rises in K", some_unseen, "K", 1, number=6)
@_SOME.mutant("falls-in-multiplicity", "P(at least one unseen) falls in K", some_unseen, "K", -1, number=6)
@_SOME.step(4, "P(at least one unseen) rises in |R|", _GRID, "exact integers", some_unseen, "R", 1)
@_NONE.step(5, "P(all unseen) falls in K", _GRID, "exact integers", none_seen, "K", -1)
@_NONE.step(5, "P(all unseen) rises in |R|", _GRID, "exact integers", none_seen, "R", 1)
@_NONE.step(5, "P(all unseen) falls in N_f", _GRID, "exact integers", none_seen, "N_f", -1)
@_SOME.step(
    3,
    "P(at least one unseen) falls in N_f",
    _GRID,
    "exact integers (and a coupling, all sizes)",
    some_unseen,
    "N_f",
    -1,
)
def monotone(law: Law, symbol: str, direction: int) -> Outcome:
    """Whether a law is monotone in one symbol, at every pair of neighbours of the grid."""
    pairs = 0
    for N_f, K, R in grid(_LARGEST_UNIVERSE, _MOST_FACTS):
        here, there = (N_f, K, R), (N_f + (symbol == "N_f"), K + (symbol == "K"), R + (symbol == "R"))
        if there[1] > there[2]:
            continue
        pairs += 1
        first, second = law(*here), law(*there)
        if direction * (second - first) < 0:
            known = ", ".join(f"{float(law(5, K, 20)):.3f}" for K in range(1, 5))
            return Outcome(
                False,
                f"from (N_f, K, |R|) = {here} to {there} it goes from {first} to {second}; also "
                f"at |R| = 20, N_f = 5, {symbol} = 1..4: {known}",
            )
    return Outcome(True, f"{pairs:,} pairs of neighbours, in integers")
