"""Worlds drawn with known shares, judged look by look by the product's own code: how often a verdict is false."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from judging_builders import NEAR_OPTIMAL, OBSERVABLES, make_cell, make_claim
from scipy import optimize, stats

from empirics.judging.judge import judge_claim
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.judging.settings import Settings

LOOKS, ALPHA, SHARE = (16, 32), 0.05, 0.8
N = LOOKS[-1]
BELOW = SHARE - 0.005


@dataclass(frozen=True)
class Case:
    """A law of worlds, and the error that its truth makes possible.

    Attributes:
        draw: values of one repetition; shape [cells, seeds]: 1 holds, 0 tie, -1 does not hold, NaN out of scope.
        false: whether an outcome is an error under that law.
        level: what its probability may be.
        by_premise: NaN stands for a measured premise that fails, not for a property that is not defined.
    """

    draw: Callable[[np.random.Generator], np.ndarray]
    false: Callable[[ClaimOutcome], bool]
    level: float = ALPHA
    by_premise: bool = False


def holds(outcome: ClaimOutcome) -> bool:
    """HOLDS."""
    return outcome.verdict is Verdict.HOLDS


def confirmed(outcome: ClaimOutcome) -> bool:
    """HOLDS or SUPPORTED."""
    return outcome.verdict in (Verdict.HOLDS, Verdict.SUPPORTED)


def pooled(outcome: ClaimOutcome) -> bool:
    """The pooled statement is confirmed."""
    return outcome.pooled is not None and outcome.pooled.confirmed


def violated(outcome: ClaimOutcome) -> bool:
    """VIOLATED."""
    return outcome.verdict is Verdict.VIOLATED


def cell_violated(outcome: ClaimOutcome) -> bool:
    """Some cell is refuted."""
    return any(o.verdict is Verdict.VIOLATED for o in outcome.outcomes)


def independent(*shares: float) -> Callable[[np.random.Generator], np.ndarray]:
    """Cells independent of each other."""
    return lambda rng: np.where(rng.random((len(shares), N)) < np.array(shares)[:, None], 1.0, -1.0)


def together(*shares: float) -> Callable[[np.random.Generator], np.ndarray]:
    """Cells of one seed share its luck: the property holds in all cells up to a threshold."""
    return lambda rng: np.where(rng.random(N) < np.array(shares)[:, None], 1.0, -1.0)


def tied(yes: float, tie: float, cells: int) -> Callable[[np.random.Generator], np.ndarray]:
    """Ties with their own probability."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        u = rng.random((cells, N))
        return np.where(u < yes, 1.0, np.where(u < yes + tie, 0.0, -1.0))

    return draw


def scope_by_itself(share: float, failing: float, cells: int) -> Callable[[np.random.Generator], np.ndarray]:
    """Scope depends on the property itself; ``share`` is that of the runs in scope.

    How the property would have come out where the premise failed is never seen, so every such dependence has this law.
    """

    def draw(rng: np.random.Generator) -> np.ndarray:
        values = np.where(rng.random((cells, N)) < share, 1.0, -1.0)
        return np.where(rng.random((cells, N)) < failing, np.nan, values)

    return draw


def scope_by_another(share: float, failing: float, answer: float) -> Callable[[np.random.Generator], np.ndarray]:
    """Two cells: a run is out of scope only where the other one gave ``answer``, as often as makes ``failing``."""
    given = failing / (share if answer > 0 else 1.0 - share)

    def draw(rng: np.random.Generator) -> np.ndarray:
        values = np.where(rng.random((2, N)) < share, 1.0, -1.0)
        return np.where((values[::-1] == answer) & (rng.random((2, N)) < given), np.nan, values)

    return draw


def pooled_mean(share: float, failing: float, answer: float) -> float:
    """The pooled mean of :func:`scope_by_another`, by enumeration of every world."""
    total = weight = 0.0
    given = failing / (share if answer > 0 else 1.0 - share)
    for first, second, lost, other_lost in product((1.0, -1.0), (1.0, -1.0), (True, False), (True, False)):
        p = 1.0
        for value in (first, second):
            p *= share if value > 0 else 1.0 - share
        for other, gone in ((second, lost), (first, other_lost)):
            rate = given if other == answer else 0.0
            p *= rate if gone else 1.0 - rate
        here = [value > 0 for value, gone in ((first, lost), (second, other_lost)) if not gone]
        if here:
            total, weight = total + p * sum(here) / len(here), weight + p
    return total / weight


def _pooled_below(failing: float, answer: float) -> Callable[[np.random.Generator], np.ndarray]:
    """The share of two cells at which their pooled mean lies just below what is asked."""
    between = (0.6, 0.9999) if answer > 0 else (0.6, 1.0 - failing - 0.0001)
    share = optimize.brentq(lambda s: pooled_mean(s, failing, answer) - BELOW, *between)
    return scope_by_another(share, failing, answer)


OTHERS = ((0.1, -1.0, "failure"), (0.1, 1.0, "success"), (0.3, 1.0, "success"))
UNLIKE = (1.0,) * 5 + (2 * BELOW - 1.0,) * 5
CASES = {
    "HOLDS, 1 cell below": Case(independent(BELOW), holds),
    "HOLDS, 1 of 5 below, others at 1": Case(independent(BELOW, 1, 1, 1, 1), holds),
    "SUPPORTED, 10 unlike cells": Case(independent(*UNLIKE), confirmed),
    "SUPPORTED, 10 unlike cells that share luck": Case(together(*UNLIKE), confirmed),
    "SUPPORTED, 5 like cells that share luck": Case(together(*(BELOW,) * 5), confirmed),
    "SUPPORTED or HOLDS, 1 cell": Case(independent(BELOW), confirmed),
    "VIOLATED, 5 independent cells at 0.8": Case(independent(*(SHARE,) * 5), violated),
    "VIOLATED, 20 independent cells at 0.8": Case(independent(*(SHARE,) * 20), violated),
    "VIOLATED, 5 cells that share luck": Case(together(*(SHARE,) * 5), violated),
    "HOLDS, ties in half": Case(tied(0.5, 0.5, 3), confirmed),
    "VIOLATED, ties in half": Case(tied(0.3, 0.5, 5), violated),
    **{
        f"HOLDS, the property puts {failing:.0%} out of scope": Case(
            scope_by_itself(BELOW, failing, 1), confirmed, by_premise=failing == 0.1
        )
        for failing in (0.1, 0.3)
    },
    **{
        f"VIOLATED, the property puts {failing:.0%} out of scope, 5 cells": Case(
            scope_by_itself(SHARE, failing, 5), violated
        )
        for failing in (0.1, 0.3)
    },
    **{
        f"{name}, the other cell's {word} puts {failing:.0%} out of scope": Case(
            scope_by_another(share, failing, answer), false
        )
        for failing, answer, word in OTHERS
        for name, false, share in (("HOLDS", holds, BELOW), ("a cell VIOLATED", cell_violated, SHARE))
    },
    **{
        f"SUPPORTED, the other cell's {word} puts {failing:.0%} out of scope": Case(
            _pooled_below(failing, answer), pooled
        )
        for failing, answer, word in OTHERS
    },
}

PROPERTY = make_claim("comparison", observable="slope")
WITH_PREMISE = make_claim("comparison", observable="slope", assumptions=[NEAR_OPTIMAL])
SETTINGS = Settings(alpha=ALPHA, property_share=SHARE)


def judged(values: np.ndarray, seeds: int, *, by_premise: bool = False) -> ClaimOutcome:
    """The outcome at a look; values [cells, seeds]."""
    cells = []
    for index, row in enumerate(values[:, :seeds]):
        if by_premise:
            gaps = np.where(np.isnan(row), 1.0, 0.0).tolist()
            numbers = np.where(np.isnan(row), -1.0, row).tolist()
            cells.append(make_cell(numbers, index=index, observable="slope", gaps=gaps, N_f=index + 2))
        else:
            numbers = [None if np.isnan(v) else float(v) for v in row]
            cells.append(make_cell(numbers, index=index, observable="slope", N_f=index + 2))
    return judge_claim(WITH_PREMISE if by_premise else PROPERTY, cells, SETTINGS, OBSERVABLES, LOOKS)


def errors(case: Case, repetitions: int, seed: int = 19) -> int:
    """In how many repetitions an error is made at some look (however the looks after it come out)."""
    count = 0
    for repetition in range(repetitions):
        values = case.draw(np.random.default_rng([seed, repetition]))
        count += any(case.false(judged(values, n, by_premise=case.by_premise)) for n in LOOKS)
    return count


def tolerable(count: int, repetitions: int, level: float) -> bool:
    """Whether an exact binomial test at 0.001 lets the error probability be at most ``level``."""
    return bool(stats.binomtest(count, repetitions, level, alternative="greater").pvalue > 0.001)
