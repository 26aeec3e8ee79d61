"""The law of one fact's recall and the threshold of independent coefficients, against direct simulation."""

import csv
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import ks_2samp

from empirics.experiments.associative_memory.capacity import distance_from_winning, gaussian_size
from empirics.experiments.associative_memory.law import levels, share_lost, size_at


def scores(facts, dimension, draw):
    x, y = draw.standard_normal((2, facts, dimension))
    return (x @ (x.T @ y)) @ y.T


@pytest.mark.parametrize(("facts", "dimension"), [(4, 1), (6, 5), (40, 12)])
def test_the_level_has_the_law_of_the_proof(facts, dimension):
    """Step 1 of docs/proofs/hebbian-share.md: t = s_ii / |competitors' scores|, one fact a world."""
    draw = np.random.default_rng(1)
    direct = []
    for _ in range(4000):
        own, *others = scores(facts, dimension, draw)[0]
        direct.append(own / np.linalg.norm(others))
    normal, places = draw.standard_normal(4000), draw.random((4, 4000))
    assert ks_2samp(direct, levels(facts, dimension, normal, places)).pvalue > 1e-3


def test_the_share_lost_is_that_of_matrices():
    for facts, dimension, most in ((40, 12, 0.02), (60, 34, 0.01)):
        draw, lost = np.random.default_rng(2), []
        for _ in range(300):
            table = scores(facts, dimension, draw)
            lost.append((table.argmax(axis=1) != np.arange(facts)).mean())
        error = np.std(lost) / math.sqrt(len(lost))
        difference = np.mean(lost) - share_lost(facts, dimension)
        assert -4 * error <= difference <= most + 4 * error  # independent coordinates lose too little, but hardly


def test_sizes_are_where_the_share_is_as_asked():
    size = size_at(500, 0.1)
    assert share_lost(500, math.sqrt(size * 500 * math.log(500))) == pytest.approx(0.1, rel=1e-4)
    assert size_at(500, 0.1, seed=1) == pytest.approx(size, rel=2e-3)


def distance(vector):
    """Squared distance from the vectors whose first entry is the largest: the first is lifted, others are lowered."""
    first, *others = vector
    low, high = first, max(first, *others)
    for _ in range(60):  # the level at which lifting and lowering balance
        level = (low + high) / 2
        low, high = (level, high) if level - first < sum(max(o - level, 0) for o in others) else (low, level)
    return (low - first) ** 2 + sum(max(o - low, 0) ** 2 for o in others)


def test_the_mean_distance_from_winning():
    assert distance_from_winning(2) == pytest.approx(1 / 2, abs=1e-10)
    assert distance_from_winning(3) == pytest.approx(5 / 6, abs=1e-8)  # a cone of 60 degrees: 2/6 + 1/2
    draw = np.random.default_rng(3)
    found = [distance(draw.standard_normal(30)) for _ in range(4000)]
    assert distance_from_winning(30) == pytest.approx(np.mean(found), abs=4 * np.std(found) / math.sqrt(4000))
    sizes = [gaussian_size(10**k) for k in range(1, 9)]
    assert all(a < b < 2 for a, b in itertools.pairwise(sizes))


def recalled(facts, weights, draw):
    """Whether some combination of ``weights`` Gaussian tables of scores has all right scores largest."""
    tables = draw.standard_normal((weights, facts, facts))
    gaps = np.einsum("wii->wi", tables)[:, :, None] - tables
    rows = gaps[:, ~np.eye(facts, dtype=bool)].T
    limits = np.hstack([-rows, np.ones((len(rows), 1))])
    bounds = [(-1, 1)] * weights + [(0, None)]
    return -linprog([0] * weights + [-1], limits, np.zeros(len(rows)), bounds=bounds).fun > 1e-9


def test_independent_coefficients_have_their_threshold_at_n_tau():
    facts, draw = 8, np.random.default_rng(4)
    at = facts * distance_from_winning(facts)
    shares = [np.mean([recalled(facts, round(at) + k, draw) for _ in range(60)]) for k in (-5, 0, 5)]
    assert shares[0] < 0.2
    assert 0.25 < shares[1] < 0.8
    assert shares[2] > 0.8


def test_the_page_has_the_numbers_of_its_table_and_the_table_the_predicted_ones():
    papers = Path(__file__).parents[3] / "docs" / "papers"
    page = (papers / "associative-memories.md").read_text(encoding="utf-8")
    with (papers / "associative-memories.csv").open() as file:
        for row in csv.DictReader(file):
            start = f"| {row['memory']} | {row['criterion']} | {row['N']} | {row['worlds']} |"
            assert f"{start} {row['c']} [{row['lower']}, {row['upper']}] | {row['predicted']} |" in page
            facts, share = int(row["N"]), 0.5 if row["criterion"] == "half recalled" else math.log(2) / int(row["N"])
            predicted = size_at(facts, share) if row["memory"] == "Hebbian" else gaussian_size(facts)
            assert float(row["predicted"]) == pytest.approx(predicted, abs=1e-3)
            assert float(row["c"]) == pytest.approx(predicted, rel=0.1)
    for power, best in ((2, 1.041), (4, 1.278), (8, 1.511)):
        line = next(line for line in page.splitlines() if line.startswith(f"| $10^{power}$ |"))
        half, everything = size_at(10**power, 0.5), size_at(10**power, math.log(2) / 10**power)
        assert line == f"| $10^{power}$ | {half:.3f} | {everything:.2f} | {best} |"
        assert gaussian_size(10**power) == pytest.approx(best, abs=5e-4)
