"""Claims on singletons by a second way: exact numbers, tables of the page, and the tail that the proofs rest on."""

import doctest
import importlib
import itertools
import math
import pkgutil
import re
from fractions import Fraction
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest

import theory
from theory.claims import kalai
from theory.claims.kalai.paper import PROBABILITY

FILES = [
    importlib.import_module(f"{kalai.__name__}.{file.name}")
    for file in pkgutil.iter_modules(kalai.__path__)
    if file.name != "paper"
]
MINE = [c for c in theory.all_claims() if c.paper.name == "kalai"]
PAGE = (Path(theory.__file__).parents[1] / "docs" / "papers" / "singletons.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__.rpartition(".")[2])
def test_each_file_reads_as_its_neighbours_and_its_call_has_the_value_shown(file):
    text = str(file.__doc__)
    parts = [text.index(f"\n{word}") for word in ("Definition:", "Guarantee (", "Reference:", ">>> import theory")]
    assert parts == sorted(parts)
    assert text.startswith(file.CLAIMS[0].number)
    assert file.CLAIMS[0].kind.value in re.search(r"Guarantee \((.*?)\)", text)[1]
    assert all(claim.provenance in text for claim in file.CLAIMS)
    failed, tried = doctest.testmod(file)
    assert (failed, tried >= 2) == (0, True)


def test_provenance_and_share():
    stated = {c.id for c in MINE if c.provenance == "STATED"}
    assert stated == {f"singleton-floor{arm}" for arm in ("", "-abstaining", "-guessing", "-transformer")}
    for claim in MINE:
        assert claim.required
        assert claim.measured.share == (PROBABILITY if claim.by_share else None)
        assert claim.by_share or claim.kind == "identity"


@pytest.mark.parametrize("N", [1, 2, 39, 8275, 10**6, 10**9])
@pytest.mark.parametrize(("A", "sr", "delta"), [(3, 1, 0), (100, 0.75, 0.125), (10**6, 0.5, 0)])
def test_numbers_at_high_precision(N, A, sr, delta):
    with mp.workdps(40):
        ell, early = mp.log(200), mp.mpf(1) / N * (1 - mp.mpf(1) / N) ** (N - 1)
        z = 1 - mp.mpf(1) / A
        lower = z * (sr - mp.sqrt(2 * ell / N) - early)
        numbers = {
            "singleton-floor": mp.mpf(sr) - mp.mpf(2) / (A - 1) - (35 + 6 * mp.log(N)) / mp.sqrt(N) - delta,
            "singleton-floor-sharp": lower - mp.sqrt(4 * z * ell / (mp.e * N)) - mp.mpf(1) / (A - 1) - delta,
            "answering-floor": lower - mp.sqrt(2 * z * ell / (mp.e * N)),
        }
        for identifier, number in numbers.items():
            claim = theory.claim(identifier)
            given = {"N": N, "A": A, "sr": sr, "delta": delta}
            found = claim.bound(**{name: given[name] for name in claim.symbols})
            assert found == pytest.approx(float(max(number, 0)), rel=1e-12, abs=1e-15)
        most = early + (1 + mp.exp(-0.5)) * mp.sqrt(2 * ell / N)
        assert theory.claim("good-turing").bound(N=N) == pytest.approx(float(min(1, most)), rel=1e-12)
        matching = min(1, z * sr + 13 / mp.sqrt(N))
        assert theory.claim("singleton-matching").bound(N=N, A=A, sr=sr) == pytest.approx(float(matching), rel=1e-12)


@pytest.mark.parametrize("A", [3, 20, 1000])
def test_the_sharp_floor_is_never_below_the_sources(A):
    for N, sr, delta in itertools.product((1, 10, 100, 10**4, 10**7), (0.0, 0.3, 1.0), (0.0, 0.2)):
        given = {"N": N, "A": A, "sr": sr, "delta": delta}
        source, sharp = (theory.claim(i).bound(**given) for i in ("singleton-floor", "singleton-floor-sharp"))
        assert sharp >= source - 1e-12


def floor_of(row, N):
    """The three formulas of the table, written anew, at delta = 0."""
    sr, A, which = row
    if which == "source":
        return sr - 2 / (A - 1) - (35 + 6 * math.log(N)) / math.sqrt(N)
    z, b = 1 - 1 / A, 2 if which == "sharp" else 1
    lower = z * (sr - math.sqrt(2 * math.log(200) / N) - (1 - 1 / N) ** (N - 1) / N)
    return lower - math.sqrt(2 * b * z * math.log(200) / (math.e * N)) - (1 / (A - 1) if which == "sharp" else 0)


def test_the_page_says_from_which_n_each_bound_bites():
    columns = ((100, "source"), (10**6, "source"), (100, "sharp"), (100, "always"))
    section = PAGE.partition("## From which N it bites")[2].partition("\n## ")[0]
    rows = [
        [float(cell.replace(",", "")) for cell in line.strip("| ").split("|")]
        for line in re.findall(r"^\| \d.*", section, re.M)
    ]
    assert [row[0] for row in rows] == [1, 0.5, 0.25, 0.1]
    for sr, *least in rows:
        for N, column in zip(least, columns, strict=True):
            row = (sr, *column)
            assert floor_of(row, N) > 0 >= floor_of(row, N - 1)
            assert all(floor_of(row, N * 1.01**k) > 0 for k in range(1, 500))


def test_the_page_says_how_many_worlds_it_takes():
    for failures, worlds in enumerate((299, 473, 628)):
        assert str(worlds) in PAGE
        for n, enough in ((worlds, True), (worlds - 1, False)):
            tail = sum(math.comb(n, k) * 0.01**k * 0.99 ** (n - k) for k in range(failures + 1))
            assert (tail <= 0.05) == enough


LAWS = [(0.5, 0.5), (0.7, 0.2, 0.1), (0.25, 0.25, 0.25, 0.25), (0.4, 0.3, 0.2, 0.1)]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize(("A", "b"), [(3, 1), (4, 2)])
def test_the_moment_bound_of_the_lower_tail_holds_exactly(law, size, A, b):
    """E exp(-lambda W) over every sample and every answer, for models of a random kind: step 6 before Markov."""
    random = np.random.default_rng(size)
    z = 1 - 1 / A
    v = sum(x**2 * (1 - x) ** size for x in law)
    mean = sum(x * (1 - x) ** size for x in law)
    assert v <= 1 / (math.e * size)
    for lam in (0.5, 2.0, 8.0, 30.0):
        total = 0.0
        for sample in itertools.product(range(len(law)), repeat=size):
            chance = math.prod(law[c] for c in sample)
            factor = 1.0
            for c in set(range(len(law))) - set(sample):
                p = random.dirichlet(np.full(A, 0.5))  # any model
                if b == 1:
                    values = 1 - p
                else:
                    high = p > 1 / (A - 1)
                    values = 1 - p + p[high].sum() - high
                assert values.min() >= -1e-12
                assert values.max() <= b + 1e-12
                assert values.mean() >= z - 1e-12
                factor *= np.exp(-lam * law[c] * values).mean()
            total += chance * factor
        assert total <= math.exp(-lam * z * mean + z * lam**2 * b * v / 2) + 1e-12


def test_the_missing_mass_and_the_singleton_rate_exactly():
    """The identity of Good and Turing, and the variance of step 11, on a law that the certificates do not have."""
    law = [Fraction(n, 15) for n in (8, 4, 2, 1)]
    for size in range(1, 6):
        rate = missing = square = before = Fraction(0)
        for sample in itertools.product(range(4), repeat=size):
            chance = math.prod((law[c] for c in sample), start=Fraction(1))
            rate += chance * Fraction(sum(sample.count(c) == 1 for c in range(4)), size)
            unseen = sum((law[c] for c in range(4) if c not in sample), start=Fraction(0))
            missing += chance * unseen
            square += chance * unseen**2
        for sample in itertools.product(range(4), repeat=size - 1):
            chance = math.prod((law[c] for c in sample), start=Fraction(1))
            before += chance * sum((law[c] for c in range(4) if c not in sample), start=Fraction(0))
        assert rate == before
        assert rate - missing <= Fraction(size - 1, size) ** (size - 1) / size
        assert float(square - missing**2) <= 1 / (math.e * size)
