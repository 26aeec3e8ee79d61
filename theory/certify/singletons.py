"""C1 to C6 of the papers on singletons: the singleton rate as a floor of the error: docs/proofs/singletons.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product
from math import prod
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq

from theory.certify.certificate import Check, Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients
from theory.registry import claim

_PAGE = "singletons"
_TURING, _ANSWERING, _TRANSFORMER, _SHARP, _MATCHING, _GUESS = (
    Proof(identifier, _PAGE)
    for identifier in (
        "good-turing",
        "answering-floor",
        "answering-floor-transformer",
        "singleton-floor-sharp",
        "singleton-matching",
        "unseen-guess",
    )
)
_STATED = tuple(Proof(f"singleton-floor{arm}", _PAGE) for arm in ("", "-abstaining", "-guessing", "-transformer"))
PROOFS = (_TURING, _ANSWERING, _TRANSFORMER, _SHARP, _MATCHING, _GUESS, *_STATED)
_FLOORS = (_TURING, _ANSWERING, _TRANSFORMER, _SHARP)

_A, _N, _m, _lam, _mu, _t, _v, _z, _b = sp.symbols("A N m lambda mu t v z b", positive=True)
_i, _y, _u = sp.symbols("i y u", nonnegative=True)
_LAWS = tuple(
    tuple(Fraction(weight, sum(weights)) for weight in weights)
    for weights in ((1, 1), (1, 3), (1, 1, 1), (1, 2, 4), (1, 1, 1, 1), (1, 2, 3, 5))
)
_SMALL = f"{len(_LAWS)} laws on 2 to 4 prompts, N <= 5"


def _steps(proofs: Sequence[Proof], number: int, statement: str, domain: str, method: str) -> Callable[[Check], Check]:
    """The decorated check proves this step in each of the proofs."""

    def decorate(check: Check) -> Check:
        for proof in proofs:
            proof.step(number, statement, domain, method)(check)
        return check

    return decorate


def _samples(law: Sequence[Fraction], size: int) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Every sample of so many prompts, as the number of times each occurs, with its probability."""
    for drawn in product(range(len(law)), repeat=size):
        yield tuple(drawn.count(c) for c in range(len(law))), prod((law[c] for c in drawn), start=Fraction(1))


def _missing(law: Sequence[Fraction], counts: Sequence[int]) -> Fraction:
    return sum((mass for mass, count in zip(law, counts, strict=True) if not count), start=Fraction(0))


@_TURING.mutant("same-sample", "the mean missing mass after N examples, not N - 1, is that of the singleton rate", 0)
@_steps(_FLOORS, 1, "E[singleton rate] = E[missing mass after N - 1]; the excess over N", _SMALL, "exact rationals")
def good_turing(fewer: int = 1) -> Outcome:
    """By counting every sample."""
    checked = 0
    for law, size in product(_LAWS, range(1, 6)):
        rate = sum(p * Fraction(counts.count(1), size) for counts, p in _samples(law, size))
        missing = sum(p * _missing(law, counts) for counts, p in _samples(law, size - fewer))
        after = sum(p * _missing(law, counts) for counts, p in _samples(law, size))
        excess = sum(x**2 * (1 - x) ** (size - 1) for x in law)
        if rate != missing or rate - after != excess or excess > Fraction(size - 1, size) ** (size - 1) / size:
            return Outcome(False, f"law {tuple(map(str, law))}, N={size}: {rate} against {missing}, excess {excess}")
        checked += 1
    return Outcome(True, f"{checked} laws and sizes, every sample counted")


@_TURING.mutant("one-change", "one example changes the number of singletons by at most 1", 1)
@_steps(
    (*_FLOORS, _MATCHING),
    2,
    "one example changes the number of singletons by at most 2",
    _SMALL,
    "exhaustive enumeration",
)
def bounded_difference(most: int = 2) -> Outcome:
    """Every sample against every sample that differs from it in its last example; by symmetry, in any one."""
    largest = 0
    for prompts, size in product((2, 3, 4), range(1, 6)):
        for rest in product(range(prompts), repeat=size - 1):
            singles = [[(*rest, last).count(c) for c in range(prompts)].count(1) for last in range(prompts)]
            largest = max(largest, max(singles) - min(singles))
            if largest > most:
                return Outcome(False, f"after {rest} the last of {size} examples changes it by {largest}")
    return Outcome(True, f"at most {largest}")


@_TURING.mutant("independent", "prompts are seen independently of one another", True)
@_steps(
    (*_FLOORS, _MATCHING),
    3,
    "P(all of B seen) <= prod P(c seen), P(all of B unseen) <= prod P(c unseen)",
    _SMALL,
    "exact rationals",
)
def negative_dependence(independent: bool = False) -> Outcome:
    """Every set B of prompts, by counting every sample."""
    checked = 0
    for law, size in product(_LAWS, range(1, 6)):
        samples = list(_samples(law, size))
        for chosen in (B for k in range(2, len(law) + 1) for B in combinations(range(len(law)), k)):
            unseen = sum(p for counts, p in samples if not any(counts[c] for c in chosen))
            seen = sum(p for counts, p in samples if all(counts[c] for c in chosen))
            alone = [(1 - law[c]) ** size for c in chosen]
            limits = prod(alone), prod(1 - q for q in alone)
            if unseen > limits[0] or seen > limits[1] or (independent and (unseen, seen) != limits):
                return Outcome(False, f"law {tuple(map(str, law))}, N={size}, B={chosen}: {unseen}, {seen}; {limits}")
            checked += 1
    return Outcome(True, f"{checked} sets of prompts")


@_steps(_FLOORS, 4, "E prod(1 - b_c 1[c unseen]) <= prod(1 - b_c P(c unseen))", _SMALL, "exact rationals")
def product_of_means() -> Outcome:
    """For factors b_c in {0, 1/3, 1}; both sides are affine in each b_c, the rest is step 3."""
    checked = 0
    for law, size in product(_LAWS[:4], range(1, 5)):
        samples = list(_samples(law, size))
        for factors in product((Fraction(0), Fraction(1, 3), Fraction(1)), repeat=len(law)):
            left = sum(
                p * prod((1 - b for b, n in zip(factors, counts, strict=True) if not n), start=Fraction(1))
                for counts, p in samples
            )
            right = prod((1 - b * (1 - x) ** size for b, x in zip(factors, law, strict=True)), start=Fraction(1))
            if left > right:
                return Outcome(False, f"law {tuple(map(str, law))}, N={size}, b={tuple(map(str, factors))}")
            checked += 1
    return Outcome(True, f"{checked} choices of factors")


@_steps(
    (*_FLOORS, _MATCHING),
    5,
    "1 - exp(-x) >= x - x^2/2; x (1-x)^N <= 1/(e N); x (1-x)^(N-1) <= (1 - 1/N)^(N-1)/N",
    "all x >= 0, N > 0",
    "symbolic derivatives",
)
def elementary() -> Outcome:
    """Each function and its first derivatives vanish where they should, and the next one has one sign."""
    x = sp.Symbol("x", positive=True)
    first = 1 - sp.exp(-x) - x + x**2 / 2
    second = (1 + x) * sp.log(1 + x) - x  # at x = 1/N: (1 + 1/N)^(N+1) >= e
    at_zero = [f.subs(x, 0) for f in (first, first.diff(x), first.diff(x, 2), second, second.diff(x))]
    slope = sp.log(x) + _N * sp.log(1 - x)
    return all_of(
        Outcome(all(value == 0 for value in at_zero), "vanish at 0"),
        identities(
            ("third derivative", first.diff(x, 3), sp.exp(-x)),
            ("second derivative", second.diff(x, 2), 1 / (1 + x)),
            ("slope of x (1-x)^N", slope.diff(x) * x * (1 - x), 1 - (_N + 1) * x),
            ("at its maximum 1/(N+1)", (_N + 1) * (1 - 1 / (_N + 1)), _N),
        ),
    )


@_ANSWERING.mutant("half-the-deviation", "half the deviation has probability 1/200 too", sp.Rational(1, 2))
@_steps(
    _FLOORS, 6, "the lower tail: exp(-e N t^2 / (2 z b)), 1/200 at the deviations stated", "all", "symbolic identity"
)
def lower_tail(scale: sp.Rational = sp.S.One) -> Outcome:
    """Chernoff's exponent at its best lambda, and where it and McDiarmid's are log 200."""
    exponent = -_lam * _t + _z * _lam**2 * _b * _v / 2
    best = exponent.subs(_lam, _t / (_z * _b * _v))
    inverse = 1 / (sp.exp(1) * _N)
    tail = -best.subs(_v, inverse)
    log200 = sp.log(200)
    wrong = 1 - 1 / _A

    def at(z: sp.Expr, b: int, squared: sp.Expr) -> sp.Expr:
        return sp.simplify(tail.subs({_z: z, _b: b}).subs(_t, scale * sp.sqrt(squared)))

    return identities(
        ("exponent", best, -(_t**2) / (2 * _z * _b * _v)),
        ("b = 1", at(wrong, 1, 2 * wrong * log200 * inverse), log200),
        ("b = 2", at(wrong, 2, 4 * wrong * log200 * inverse), log200),
        ("z = b = 1", at(sp.Integer(1), 1, 2 * log200 * inverse), log200),
        ("McDiarmid", 2 * (scale**2 * 2 * log200 / _N) / (_N * (2 / _N) ** 2), log200),
    ).or_why("the exponent is log(200)/4: the probability is about 0.27, not 1/200")


@_GUESS.mutant("one-answer-fewer", "a guess is right with probability 1/(A - 1)", 1)
@_GUESS.mutant("abstaining", "the same of a model that may say I do not know", 0, True)
@_steps(
    (_GUESS, _ANSWERING, _TRANSFORMER),
    7,
    "a prompt never seen is answered wrongly with probability 1 - 1/A",
    "2 <= A <= 8",
    "symbolic identity",
)
def guess(fewer: int = 0, abstaining: bool = False) -> Outcome:
    """The mean of 1 - p_a over the right answer a, with probabilities p that sum to 1 (less what is abstained)."""
    equations = []
    for answers in range(3, 9):
        free = sp.symbols(f"p_1:{answers}", nonnegative=True)
        idle = _i if abstaining else sp.Integer(0)
        given = [*free, 1 - idle - sum(free)]
        mean = sum((1 - p - idle for p in given), sp.Integer(0)) / answers
        equations.append((f"A = {answers}", mean, 1 - sp.Rational(1, answers - fewer)))
    return identities(*equations)


@_steps(
    (_SHARP,),
    8,
    "error plus calibration error, prompt by prompt",
    "A = 3, 4; probabilities in tenths",
    "exact rationals",
)
def calibrated() -> Outcome:
    """Z = 1 - p_a + p(H) - 1[a in H] lies in [0, 2], has mean at least 1 - 1/A, and leaves at most 1/(A-1)."""
    checked, parts = 0, 10
    for answers in (3, 4):
        threshold = Fraction(1, answers - 1)
        for counts in product(range(parts + 1), repeat=answers):
            if sum(counts) > parts:
                continue
            given = [Fraction(n, parts) for n in counts]
            idle = 1 - sum(given)
            high = sum(p for p in given if p > threshold)
            values = [1 - p + high - (p > threshold) for p in given]
            counted = idle if idle > threshold else Fraction(0)
            for p, z in zip(given, values, strict=True):
                left = 1 - p - idle + (high + counted) - (p > threshold)  # error + model's mass of H - true mass of H
                if left != z - (idle - counted) or not 0 <= z <= 2 or idle - counted > threshold:
                    return Outcome(False, f"A={answers}, p={tuple(map(str, given))}: Z={z}")
            if sum(values) < answers - 1:
                return Outcome(False, f"A={answers}, p={tuple(map(str, given))}: mean of Z is too small")
            checked += 1
    # In general: of m answers above the threshold, with mass m/(A-1) + y together.
    mean = 1 - (1 - _i) / _A + (_m / (_A - 1) + _y) - _m / _A
    excess = _i / _A + _m / (_A * (_A - 1)) + _y
    return all_of(Outcome(True, f"{checked:,} models"), identities(("mean of Z", mean - (1 - 1 / _A), excess)))


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


@_steps(
    (*_FLOORS, _MATCHING),
    9,
    "the statement fails with probability at most 1/100",
    "three uniform laws",
    "ball arithmetic",
)
def few_prompts(identifier: str = "", mutant: str = "", prompts: int = 10, size: int = 5, answers: int = 20) -> Outcome:
    """Counting with back-off on a uniform law: P(the statement fails), exactly, over the number of distinct prompts.

    It is calibrated and always answers, so every claim speaks of it. Without a name: every claim, none of its mutants.
    """
    if not identifier:
        return all_of(
            *(
                few_prompts(proof.claim, "", *world)
                for proof in (*_FLOORS, _MATCHING)
                for world in ((10, 5, 20), (3, 2, 20), (60, 40, 5))
            )
        )
    item = claim(identifier)
    if mutant:
        item = item.mutated(next(m for m in item.mutants if m.name == mutant))
    upper = item.kind == "upper"
    failing = Fraction(0)
    for (seen, singles), probability in _occupancy(prompts, size).items():
        missing, rate = 1 - Fraction(seen, prompts), Fraction(singles, size)
        error = (1 - Fraction(1, answers)) * missing if item.observable == "sampled_error" else rate - missing
        given: dict[str, Any] = {"N": size, "A": answers, "sr": float(rate), "delta": 0.0}
        bound = item.enclosure(**{name: given[name] for name in item.symbols})
        with ctx.workprec(120):
            limit = arb(bound.ball).exp() if not isinstance(bound.ball, float) else arb(0)
            fails = bool(_ball(error) > limit + arb("1e-12")) if upper else bool(_ball(error) < limit - arb("1e-12"))
        failing += probability * fails
    detail = (
        f"{identifier}: fails with probability {float(failing):.4g} at {prompts} prompts, N = {size}, A = {answers}"
    )
    return Outcome(failing <= Fraction(1, 100), detail)


def _occupancy(prompts: int, size: int) -> dict[tuple[int, int], Fraction]:
    """P(number of distinct prompts, number of singletons) of a sample from the uniform law, one example at a time."""
    states = {(0, 0): Fraction(1)}
    for _ in range(size):
        after: dict[tuple[int, int], Fraction] = {}
        for (seen, singles), p in states.items():
            moves = (
                (seen + 1, singles + 1, prompts - seen),
                (seen, singles - 1, singles),
                (seen, singles, seen - singles),
            )
            for new, single, ways in moves:
                if ways:
                    after[new, single] = after.get((new, single), Fraction(0)) + p * Fraction(ways, prompts)
        states = after
    return states


@_steps(
    (_SHARP, _ANSWERING, _TRANSFORMER, *_STATED),
    10,
    "where no prompt occurs twice nothing more can be said",
    "N = 10^6",
    "ball arithmetic",
)
def all_distinct(
    identifier: str = "", mutant: str = "", abstaining: bool = True, answers: int = 100, size: int = 10**6
) -> Outcome:
    """10^15 prompts, equally likely: with probability over 0.999 all examples differ, sr = 1 and all mass is missing.

    A model that abstains has error 0 and calibration error at most 1; one that guesses has error at most 1 - 1/A.
    """
    if not identifier:
        return all_of(all_distinct("singleton-floor-sharp", "", True), all_distinct("answering-floor", "", False, 3))
    prompts = 10**15
    distinct = 1 - Fraction(size * (size - 1), 2 * prompts)  # union bound over pairs
    item = claim(identifier)
    if mutant:
        item = item.mutated(next(m for m in item.mutants if m.name == mutant))
    delta = 1.0 - size / prompts if abstaining else 0.0
    given: dict[str, Any] = {"N": size, "A": answers, "sr": 1.0, "delta": delta}
    bound = item.enclosure(**{name: given[name] for name in item.symbols})
    with ctx.workprec(120):
        limit = arb(bound.ball).exp() if not isinstance(bound.ball, float) else arb(0)
        most = arb(0) if abstaining else 1 - arb(1) / answers
        broken = bool(limit > most + arb("1e-12"))
    detail = f"with probability at least {float(distinct):.4f} the error is {most.str(4, radius=False)}"
    return Outcome(not (broken and distinct > Fraction(1, 100)), f"{detail}, the bound {limit.str(4, radius=False)}")


@_steps(
    (_MATCHING,),
    11,
    "the upper tail by Cantelli's inequality; 13 suffices",
    "all N",
    "ball arithmetic, symbolic identity",
)
def matching() -> Outcome:
    """Var(U) <= 1/(e N); the two events have probability 19/2000 and 1/2000, together 1/100."""
    first, second = Fraction(19, 2000), Fraction(1, 2000)
    with ctx.workprec(120):
        needed = ((1 / _ball(first) - 1) / arb(1).exp()).sqrt() + (2 * (1 / _ball(second)).log()).sqrt()
        enough = bool(needed < 13)
    share = sp.Symbol("p", positive=True)
    cantelli = _v / (_v + _v * (1 / share - 1))
    return all_of(
        Outcome(enough and first + second == Fraction(1, 100), f"{needed.str(6, radius=False)} / sqrt(N)"),
        identities(("Cantelli at t^2 = Var (1/p - 1)", cantelli, share)),
    )


@_steps(
    (*_STATED, _SHARP),
    12,
    "the source's bound follows from the sharp one",
    "all N >= 1, A >= 3, sr <= 1",
    "nonnegative coefficients, ball arithmetic",
)
def source_follows() -> Outcome:
    """(1 - 1/A) sr - 1/(A-1) >= sr - 2/(A-1), and the terms in N are at most 35/sqrt(N)."""
    rest = sp.Symbol("r", nonnegative=True)  # sr = 1 - r
    more = sp.Symbol("k", nonnegative=True)  # A = 3 + k
    excess = ((1 - 1 / _A) * (1 - rest) - 1 / (_A - 1)) - ((1 - rest) - 2 / (_A - 1))
    cleared = sp.expand(sp.cancel(excess * _A * (_A - 1)).subs(_A, 3 + more))
    with ctx.workprec(120):
        log200 = arb(200).log()
        terms = (2 * log200).sqrt() + 1 + (4 * log200 / arb(1).exp()).sqrt()
        enough = bool(terms < 35)
    return all_of(
        nonnegative_coefficients(cleared, rest, more),
        Outcome(enough, f"the terms in N are at most {terms.str(6, radius=False)} / sqrt(N)"),
    )


for _proof, _name in (
    (_TURING, "without-deviations"),
    (_ANSWERING, "without-sample-terms"),
    (_TRANSFORMER, "without-sample-terms"),
    (_SHARP, "without-sample-terms"),
):
    _proof.mutant(_name, "the terms in N are dropped", _proof.claim, _name)(few_prompts)
_MATCHING.mutant("without-sample-term", "the term in N is dropped", _MATCHING.claim, "without-sample-term", 3, 2)(
    few_prompts
)
for _proof in (_ANSWERING, _TRANSFORMER):
    _never = "guesses-never-right"
    _proof.mutant(_never, "no guess is right", _proof.claim, _never, False, 3)(all_distinct)
for _proof in (_SHARP, *_STATED):
    _without = "without-calibration"
    if any(m.name == _without for m in claim(_proof.claim).mutants):
        _proof.mutant(_without, "the calibration error is dropped", _proof.claim, _without)(all_distinct)
