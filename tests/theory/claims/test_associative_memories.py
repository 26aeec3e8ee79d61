"""Claims on associative memories by a second way: formulas written anew, and simulation of the scores."""

import doctest
import importlib
import math
import pkgutil
import re

import numpy as np
import pytest

import theory
from theory.claims import barnfield, giorlandino, nichani

FILES = [
    importlib.import_module(f"{paper.__name__}.{file.name}")
    for paper in (barnfield, giorlandino, nichani)
    for file in pkgutil.iter_modules(paper.__path__)
    if file.name != "paper"
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__.rpartition(".")[2])
def test_each_file_reads_as_its_neighbours_and_its_call_has_the_value_shown(file):
    text = str(file.__doc__)
    parts = [text.index(f"\n{word}") for word in ("Definition:", "Guarantee (", "Reference:", ">>> import theory")]
    assert parts == sorted(parts)
    assert {claim.number for claim in file.CLAIMS} == {text[:2]}
    kinds = set(re.findall(r"\w+", re.search(r"Guarantee \((.*?)\)", text)[1]))
    assert {claim.kind.value for claim in file.CLAIMS} == kinds
    assert all(claim.provenance in text for claim in file.CLAIMS)
    assert file.CLAIMS[0].paper.link.removeprefix("arXiv:") in text
    failed, tried = doctest.testmod(file)
    assert (failed, tried >= 2) == (0, True)


def all_recalled(N, d):
    rate = d / (2 * N + 3 * d)
    pair = math.sqrt((1 + (1 + rate) / d) / (1 - rate)) * (1 - rate) ** d
    return N * (N - 1) * pair / (1 - 2 * rate**2) ** (N / 2 - 1 + d)


def share(N, d):
    D = d + N - 1
    s = min(1, max(0, d / math.sqrt(2 * N * math.log(N)) - 1))
    v = d * (N - 2) / (D + s * (N - 2) * (1 + d / D))
    rate = s * v / D
    noise = math.exp(s * v**2 / (2 * (N - 2)) + (s * v) ** 2 / (2 * (D - 1)))
    return ((N - 1) / 2) ** s * noise * (1 + rate) ** -d * math.sqrt((1 + rate) * (1 + (1 + rate) / d))


def share_fails(N, d):
    n, D = N - 1, d + N - 1
    y = 2 * math.log(N / 2) - math.log(4 * math.pi * math.log(N))
    q = math.sqrt((n - 2) / (2 * math.pi)) * (n / (n + y)) ** ((n - 1) / 2)
    q /= (n - 1) * math.sqrt((2 * n + (n + 1) * y) / ((n + y) * (n + 1)))
    a = math.sqrt(y / (n + 2 * y))
    mu = max(0, (D * a - d) / (1 + d / D))
    beyond = math.exp(-mu * a + mu**2 / (2 * (D - 1))) * (1 - mu / (D - 1)) ** -d
    return max(0, 1 - math.exp(-n * q) - beyond)


ANEW = {"hebbian-all-recalled": all_recalled, "hebbian-share": share, "hebbian-share-fails": share_fails}


@pytest.mark.parametrize("identifier", ANEW)
@pytest.mark.parametrize("N", [16, 100, 1000])
def test_numbers_are_those_of_the_statements(identifier, N):
    for d in (1, 7, N // 3, N):
        assert theory.claim(identifier).bound(N=N, d=d) == pytest.approx(ANEW[identifier](N, d), rel=1e-9, abs=1e-13)


def lost(N, d, worlds, seed=0):
    """For each world, which facts the Hebbian memory loses, from the definition."""
    draw = np.random.default_rng(seed)
    x, y = draw.standard_normal((2, worlds, N, d))
    memory = np.einsum("wka,wkb->wab", y, x)
    scores = np.einsum("wja,wab,wib->wij", y, memory, x)
    right = np.einsum("wii->wi", scores).copy()
    scores[:, range(N), range(N)] = -np.inf
    return scores.max(axis=2) >= right, scores[:, 0, 1] >= right[:, 0]


@pytest.mark.parametrize(("N", "d"), [(3, 1), (3, 40), (4, 12), (16, 3), (16, 60), (30, 60), (60, 10)])
def test_no_bound_is_contradicted_by_simulation(N, d):
    worlds = 1500
    facts, pair = lost(N, d, worlds)
    values = {"hebbian-share": facts.mean(axis=1), "hebbian-all-recalled": facts.any(axis=1)}
    for identifier, found in values.items():
        assert found.mean() - 4 * found.std() / math.sqrt(worlds) <= theory.claim(identifier).bound(N=N, d=d)
    assert pair.mean() - 4 * pair.std() / math.sqrt(worlds) <= all_recalled(N, d) / (N * (N - 1))
    if N >= 16:
        found = facts.mean(axis=1)
        least = theory.claim("hebbian-share-fails").bound(N=N, d=d)
        assert found.mean() + 4 * found.std() / math.sqrt(worlds) >= least


def test_the_moments_of_one_pair_are_those_of_the_proof():
    """Steps 2 to 4 of docs/proofs/hebbian-memory.md: the exact moment, its last mean over w by sampling."""
    N, d, rate, number = 5, 3, 0.25, 400_000
    draw = np.random.default_rng(1)
    x, y = draw.standard_normal((2, number, N, d))
    u = y[:, 0] - y[:, 1]
    difference = np.einsum("na,nka,nkb,nb->n", u, y, x, x[:, 0])
    scaled = difference / (np.linalg.norm(x[:, 0], axis=1) * np.linalg.norm(u, axis=1) / math.sqrt(2))
    direct = np.exp(-rate * scaled)
    squares, one = draw.chisquare(d, number), draw.chisquare(1, number)
    w = np.sqrt(squares / (squares + one))
    ratio = ((1 - rate**2) / (1 - 2 * rate**2)) ** d / math.sqrt(1 - rate**2) / (1 - 2 * rate**2) ** (N / 2 - 1)
    stated = ratio * (1 + rate * w) ** -d
    error = math.hypot(direct.std(), stated.std()) / math.sqrt(number)
    assert direct.mean() == pytest.approx(stated.mean(), abs=4 * error)


def test_thresholds_step_at_the_size_they_name():
    N = 100
    at = N * math.log(N)
    for identifier, arm, factor, below, above in (
        ("best-memory-recalls", "best", 2, 1, 0.5),
        ("best-memory-fails", "best", 2, 0.5, 0),
        ("best-memory-scale", "best", 0.5, 0.5, 0),
        ("decoupled-recalls", "decoupled", 2, 1, 0.5),
        ("decoupled-fails", "decoupled", 2, 0.5, 0),
        ("trained-memory-stores", "trained", 2, 1, 0.5),
    ):
        claim = theory.claim(identifier)
        assert claim.arm == arm
        d = math.ceil(math.sqrt(factor * at))
        assert [claim.bound(N=N, d=d - 1), claim.bound(N=N, d=d)] == [below, above]
    wide = theory.claim("mlp-memory-stores")
    assert [wide.bound(N=N, d=10, m=m) for m in (92, 93)] == [1, 0.5]


def test_bounds_tend_to_what_the_pages_say():
    """The exponents of N in the limit, at N = 10^60 where logarithms of logarithms are small."""
    share, everything = theory.claim("hebbian-share"), theory.claim("hebbian-all-recalled")
    fails = theory.claim("hebbian-share-fails")
    N = 10**60
    scale = N * math.log(N)

    def exponent(claim, c):
        return claim.log_bound(N=N, d=math.isqrt(int(c * scale))) / math.log(N)

    for c in (3, 4, 6, 8):
        assert exponent(share, c) == pytest.approx(-((math.sqrt(c / 2) - 1) ** 2), abs=0.02)
    assert exponent(everything, 12) == pytest.approx(2 - 12 / 4, abs=0.02)
    assert fails.bound(N=N, d=math.isqrt(int(scale))) == pytest.approx(1 - math.exp(-2), abs=0.02)  # at its y


def test_only_the_theorems_are_required_and_provenance_is_kept():
    mine = [c for c in theory.all_claims() if c.notation.name == "associative-memories"]
    assert {c.id for c in mine if c.required} == set(ANEW)
    assert {c.id for c in mine if c.provenance == "DERIVED"} == set(ANEW)
    assert not [c.id for c in mine if c.provenance == "STATED"]  # the sources speak of the limit of large N
    assert all(c.mutants for c in mine if c.id != "decoupled-equivalence")
