"""The frontier by second routes: from below in exact arithmetic, and far out in 60 digits."""

import mpmath
import pytest

from theory.certify.frontier import Entry, Reading, dominates, exists, exists_by_integers, frontier, table
from theory.certify.frontier_proof import closest_call, none_intervals, threshold
from theory.coverage.laws import some_unseen, some_unseen_by_chain


def _holds(N: int, R: int, K: int, reading: Reading) -> bool:
    """P(N) <= exp(-bN) from an exact P in 60 digits (no ties that close occur here)."""
    with mpmath.workdps(60):
        P = some_unseen(N, K, R)
        if P == 0:
            return True
        rate = mpmath.mpf(K * K) / (2 * R * R) * (mpmath.log(R) if reading is Reading.LITERAL else 1)
        difference = mpmath.log(P.numerator) - mpmath.log(P.denominator) + rate * N
        assert abs(difference) > 1e-40
        return bool(difference < 0)


@pytest.mark.parametrize("reading", list(Reading))
def test_small_frontiers_agree_with_a_scan_from_below(reading: Reading) -> None:
    for R in range(2, 13):
        for K in range(1, R):
            entry = frontier(R, K, reading)
            assert entry.least is not None
            horizon = max(entry.one_point or 1, entry.least) + 5
            violations = [N for N in range(1, horizon) if not _holds(N, R, K, reading)]
            assert entry.least == max(violations, default=0) + 1


@pytest.mark.parametrize(
    ("R", "K", "reading"),
    [(20, 5, Reading.LITERAL), (60, 37, Reading.LITERAL), (100, 67, Reading.LITERAL), (191, 10, Reading.NORMALISED)],
)
def test_an_entry_is_the_last_violation_plus_one(R: int, K: int, reading: Reading) -> None:
    least = frontier(R, K, reading).least
    assert least is not None
    assert not _holds(least - 1, R, K, reading)
    assert all(_holds(N, R, K, reading) for N in range(least, least + 20))


def test_the_farthest_frontier_by_asymptotics_in_sixty_digits() -> None:
    # P(N) q^-N - K is of order (q_2/q)^N, below 1e-20000 at such N.
    R, K = 175, 146
    with mpmath.workdps(60):
        q = mpmath.mpf(R - K) / R
        slope = -mpmath.log(q) - mpmath.mpf(K * K) / (2 * R * R) * mpmath.log(R)
        assert int(mpmath.ceil(mpmath.log(K) / slope)) == 82645
    assert frontier(R, K, Reading.LITERAL) == Entry(R, K, Reading.LITERAL, 82645, 82645)


def test_the_figures_of_the_theory() -> None:
    literal = table(Reading.LITERAL)
    assert len(literal) == 20_100
    assert sum(e.least is None for e in literal) == 2484
    intervals = none_intervals()
    assert min(intervals) == 136
    assert [intervals[R] for R in (136, 138, 160, 200)] == [(96, 98), (94, 103), (97, 130), (110, 171)]
    assert max((e.least or 0, e.R, e.K) for e in literal) == (82645, 175, 146)
    assert closest_call()[:2] == (138, 94)
    assert all(e.least is not None for e in table(Reading.NORMALISED))


def test_the_integer_criterion_agrees_with_sixty_digits_and_with_balls() -> None:
    with mpmath.workdps(60):
        for R in (2, 5, 20, 135, 136, 137, 138):
            for K in range(1, R):
                left = 2 * R * R * mpmath.log(mpmath.mpf(R - K) / R) + K * K * mpmath.log(R)
                assert exists_by_integers(R, K) == (left < 0) == exists(R, K, Reading.LITERAL)


def test_the_closest_call_is_close_and_has_no_frontier() -> None:
    R, K, excess = closest_call()
    assert 0 < excess < 1e-5
    assert frontier(R, K, Reading.LITERAL).least is None
    assert frontier(R, K - 1, Reading.LITERAL).least is not None


def test_dominance_is_decided_where_floats_cannot() -> None:
    # The chain in float64 agrees wherever its error cannot matter.
    for R, K in ((20, 6), (30, 21)):
        for N in range(1, 40):
            P = some_unseen_by_chain(N, K, R)
            bound = float(mpmath.e ** (-N * mpmath.mpf(K * K) / (2 * R * R)))
            if abs(P - bound) > 1e-9:
                assert dominates(N, R, K, Reading.NORMALISED) is (bound > P)


def test_a_tie_of_rationals_is_decided_by_integers() -> None:
    # R = 4, K = 2: the literal bound at N = 1 is 4^(-1/8); at multiples of 8 it is rational.
    assert dominates(8, 4, 2, Reading.LITERAL)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="between 1 and R"):
        frontier(5, 6, Reading.LITERAL)
    assert frontier(5, 5, Reading.LITERAL).least == 1


@pytest.mark.parametrize(("universe", "safe"), [(100, True), (135, True), (136, False)])
def test_the_threshold_in_the_universe(universe: int, safe: bool) -> None:
    assert threshold(universe).proved is safe
