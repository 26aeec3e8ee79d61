"""Exact group-sequential limits: boundaries, levels, power, coverage; by enumeration of every path in fractions."""

from fractions import Fraction
from functools import cache
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom

from empirics.judging import confidence
from empirics.judging.shares import boundaries, lower_limit, spent, upper_limit

ALPHA, ASKED = 0.05, 0.8


def reach(looks, least, share):
    """Probability that the successes reach ``least`` at some look; in the arithmetic of ``share``."""
    one = share / share if share else 1
    alive, total, before = {0: one}, 0 * one, 0
    for n, c in zip(looks, least, strict=True):
        more, after = n - before, {}
        for x, p in alive.items():
            for d in range(more + 1):
                after[x + d] = after.get(x + d, 0) + p * comb(more, d) * share**d * (1 - share) ** (more - d)
        total += sum(p for x, p in after.items() if x >= c)
        alive, before = {x: p for x, p in after.items() if x < c}, n
    return total


def least(looks, alpha, share):
    """The program's boundaries of "the share is at most this"."""
    budgets = tuple(spent(alpha, n / looks[-1]) for n in looks)
    return [int(c) for c in boundaries(tuple(looks), budgets, np.array([share]))[:, 0]]


@cache
def least_by_fractions(looks, alpha, share):
    """The same by the definition: the least count at each look whose probability, in fractions, stays in the budget."""
    found: list[int] = []
    for n in looks:
        budget = Fraction(spent(alpha, n / looks[-1]))
        here = n + 1
        while here > 0 and reach(looks[: len(found) + 1], (*found, here - 1), share) <= budget:
            here -= 1
        found.append(here)
    return found


def seen(looks, counts):
    return tuple((n, x, n / looks[-1]) for n, x in zip(looks, counts, strict=False))


@pytest.mark.parametrize("looks", [(5,), (6, 12), (4, 8, 12), (16, 32)])
@pytest.mark.parametrize("share", [Fraction(1, 5), Fraction(1, 2), Fraction(4, 5), Fraction(9, 10)])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.05 / 24])
def test_boundaries_are_those_of_their_definition_in_fractions(looks, share, alpha):
    ours = least(looks, alpha, float(share))
    assert ours == least_by_fractions(looks, alpha, share)
    assert reach(looks, ours, share) <= Fraction(alpha)


def test_the_default_looks_by_hand():
    """16 of 16 or 30 of 32: 0.8^16, and the paths that reach 30 later."""
    assert least((16, 32), ALPHA, ASKED) == [16, 30]
    first = ASKED**16
    later = sum(binom.pmf(x, 16, ASKED) * binom.sf(29 - x, 16, ASKED) for x in range(16))
    assert first + later == pytest.approx(0.04994, abs=5e-6)
    assert float(reach((16, 32), (16, 30), Fraction(4, 5))) == pytest.approx(first + later, abs=1e-12)
    assert spent(ALPHA, 1.0) == pytest.approx(ALPHA)
    assert spent(ALPHA, 0.5) == pytest.approx(0.05 * np.log(1 + (np.e - 1) / 2))


@pytest.mark.parametrize(("share", "power"), [(0.95, 0.80), (0.97, 0.94), (0.99, 0.996)])
def test_power_of_the_default_looks(share, power):
    assert reach((16, 32), least((16, 32), ALPHA, ASKED), share) == pytest.approx(power, abs=0.006)


def test_three_looks():
    """Pocock's spending over three looks: 16 of 16 does not confirm (0.8^16 > 0.0179), 31 of 32 and 57 of 64 do."""
    looks = (16, 32, 64)
    assert least(looks, ALPHA, ASKED) == [17, 31, 57]
    assert reach(looks, (17, 31, 57), ASKED) == pytest.approx(0.0452, abs=1e-4)
    powers = [reach(looks, (17, 31, 57), share) for share in (0.95, 0.97, 0.99)]
    assert powers == pytest.approx([0.986, 0.9994, 1.0], abs=1e-3)
    # The boundaries with a look at 16 that can confirm: another spending, the same order of power.
    assert [reach(looks, (16, 31, 58), s) for s in (0.8, 0.95, 0.97)] == pytest.approx([0.0448, 0.965, 0.997], abs=6e-4)


def test_few_seeds_confirm_nothing():
    assert all(lower_limit(((n, n, 1.0),), ALPHA, ASKED) < ASKED for n in range(14))
    assert lower_limit(((14, 14, 1.0),), ALPHA, ASKED) >= ASKED
    assert lower_limit((), ALPHA, ASKED) == 0.0
    assert upper_limit((), ALPHA, ASKED) == 1.0


@pytest.mark.parametrize("alpha", [ALPHA, 0.025, ALPHA / 21])
@pytest.mark.parametrize("looks", [(16, 32), (8, 16), (4, 8, 12)])
def test_coverage_is_exact_wherever_the_truth_lies(looks, alpha):
    """Every path, every look: a lower limit above the truth has probability at most alpha; just below limits too."""
    steps = [b - a for a, b in zip((0, *looks), looks, strict=False)]
    paths = list(product(*(range(s + 1) for s in steps)))
    limits = np.array([lower_limit(seen(looks, np.cumsum(path)), alpha, ASKED) for path in paths])
    inner = np.unique(limits[limits > 0])
    truths = np.unique(np.concatenate([np.linspace(0.003, 0.997, 200), inner, inner - 1e-6, inner - 1e-4]))
    weights = np.ones((len(paths), len(truths)))
    for k, step in enumerate(steps):
        counts = np.array([path[k] for path in paths])
        weights *= binom.pmf(counts[:, None], step, truths)
    missed = np.where(limits[:, None] > truths, weights, 0.0).sum(axis=0)
    assert missed.max() <= alpha * (1 + 1e-9)
    assert missed.max() > 0.8 * alpha  # and not by never saying anything


@pytest.mark.parametrize("n", [5, 14, 16, 40])
def test_one_look_is_the_clopper_pearson_limit_rounded_down(n):
    for x in range(n + 1):
        exact = beta.ppf(ALPHA, x, n - x + 1) if x else 0.0
        ours = lower_limit(((n, x, 1.0),), ALPHA, ASKED)
        assert exact - 0.005 - 1e-9 <= ours <= exact + 1e-9


designs = st.sampled_from([(16, 32), (8, 16), (16, 32, 64), (12,), (5, 9, 20)])
levels = st.sampled_from([0.05, 0.025, 0.05 / 6, 0.05 / 21])


@st.composite
def paths(draw):
    """Looks with counts in scope at most the seeds, successes among them."""
    looks = draw(designs)
    sizes, counts, n, x = [], [], 0, 0
    for step in (b - a for a, b in zip((0, *looks), looks, strict=False)):
        more = draw(st.integers(max(0, step - 3), step))
        n, x = n + more, x + draw(st.integers(0, more))
        sizes.append(n)
        counts.append(x)
    return tuple((n, x, look / looks[-1]) for n, x, look in zip(sizes, counts, looks, strict=True))


@settings(max_examples=60, deadline=None)
@given(paths(), levels, st.sampled_from([0.8, 0.2, 0.5, 0.9, 1 / 3]))
def test_limits_narrow_with_looks_and_are_the_verdict(path, alpha, asked):
    lows = [lower_limit(path[:k], alpha, asked) for k in range(len(path) + 1)]
    highs = [upper_limit(path[:k], alpha, asked) for k in range(len(path) + 1)]
    assert lows == sorted(lows)
    assert highs == sorted(highs, reverse=True)
    budgets = tuple(spent(alpha, part) for _, _, part in path)
    sizes = tuple(n for n, _, _ in path)
    crossed = any(
        x >= c for (_, x, _), c in zip(path, boundaries(sizes, budgets, np.array([asked]))[:, 0], strict=True)
    )
    if lows[-1] >= asked:
        assert crossed  # what the limit confirms, the test of the share asked for rejects
    n, x, _ = path[-1]
    if n and len(path) == 1:
        assert lows[-1] <= x / n <= highs[-1]


@settings(max_examples=40, deadline=None)
@given(paths(), levels)
def test_mirror_level_and_more_successes(path, alpha):
    failures = tuple((n, n - x, part) for n, x, part in path)
    assert upper_limit(path, alpha, 0.8) == pytest.approx(1 - lower_limit(failures, alpha, 0.2), abs=1e-12)
    assert lower_limit(path, alpha, 0.8) <= lower_limit(path, min(0.5, 2 * alpha), 0.8) + 0.03
    more = tuple((n, min(n, x + 1), part) for n, x, part in path)
    assert lower_limit(more, alpha, 0.8) >= lower_limit(path, alpha, 0.8)


def test_the_boundary_of_what_is_asked_is_the_limit_s_too():
    """At the sizes that the default looks give with up to a fifth out of scope, no power is lost to the grid."""
    for alpha in (0.05, 0.025, 0.05 / 3, 0.05 / 20):
        for n1, n2 in ((16, 32), (15, 31), (14, 29), (13, 26), (16, 30)):
            budgets = (spent(alpha, 0.5), spent(alpha, 1.0))
            first, second = (int(c) for c in boundaries((n1, n2), budgets, np.array([0.8]))[:, 0])
            if first <= n1:
                assert lower_limit(((n1, first, 0.5),), alpha, 0.8) >= 0.8
            if second <= n2:
                assert lower_limit(((n1, 0, 0.5), (n2, second, 1.0)), alpha, 0.8) >= 0.8
            assert lower_limit(((n1, 0, 0.5), (n2, second - 1, 1.0)), alpha, 0.8) < 0.8


def test_betting_confirms_no_count_at_the_looks_that_the_exact_limits_do_not():
    """So a claim with one cell is not judged twice: its pooled statement adds no error."""
    for n1 in range(13, 17):
        for n2 in range(26, 33):
            for x1 in range(n1 + 1):
                for d in range(max(0, n2 - n1 - 3), n2 - n1 + 1):
                    x = x1 + d
                    if x < 0.9 * n2:
                        continue
                    bet = confidence.lower_limit([1.0] * x + [0.0] * (n2 - x), ALPHA)
                    if bet >= 0.8:
                        assert lower_limit(((n1, x1, 0.5), (n2, x, 1.0)), ALPHA, 0.8) >= 0.8


def test_each_look_has_a_budget():
    with pytest.raises(ValueError, match="argument 2"):
        boundaries((8, 16), (0.05,), np.array([0.8]))
