"""Compiled bounds and premises, evaluated for all cells at once, against SymPy cell by cell and seed by seed."""

import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest
import sympy as sp

import theory
from empirics.judging.bounds import log_bounds
from empirics.judging.premises import scopes_of
from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from theory import BrokenClaimError, DomainError

CLAIMS = [claim for claim in theory.all_claims() if claim.log_expression is not None]
PLAIN = [claim for claim in CLAIMS if not claim.minimised_over and not claim.log_expression.has(sp.Sum)]
NEVER = {"two-bits-long", "two-bits-memory", "two-bits-per-parameter"}
"""Claims on weights as trained: random symbols are never of 32 bits."""
PREMISED = [claim for claim in theory.all_claims() if claim.assumptions]


def random_cells(claim, number=40, seed=0):
    """Cells at random symbols: inside the domain and outside of it, one symbol missing in some."""
    rng = np.random.default_rng(seed)
    cells = []
    for index in range(number):
        symbols = {}
        for name, symbol in claim.notation.items():
            value = 10 ** rng.uniform(-1, 2)
            symbols[name] = max(int(value), int(symbol.minimum)) if symbol.integer else symbol.minimum + value
        if rng.random() < 0.1:
            symbols.pop(str(rng.choice(list(symbols))))
        if index == 0 and claim.symbols:  # in one cell a symbol of the bound is missing
            symbols.pop(claim.symbols[0], None)
        if rng.random() < 0.1:
            symbols["K"] = 2.5
        if "K" in symbols and "R" in symbols and rng.random() < 0.6:
            symbols["R"] = symbols["K"] + int(rng.integers(1, 50))
        seeds = tuple(range(int(rng.integers(0, 6))))
        names = {name for assumption in claim.assumptions for name in assumption.observables}
        observables = {
            name: tuple(None if rng.random() < 0.2 else float(rng.choice([0.0, 0.05, 0.5, 2.0])) for _ in seeds)
            for name in names
            if rng.random() < 0.9
        }
        failed = frozenset(s for s in seeds if rng.random() < 0.1)
        cells.append(CellTable(index, "main", symbols, seeds, failed, observables))
    return cells


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_bounds_of_all_cells_are_those_of_each(claim):
    cells = random_cells(claim)
    found, undefined = log_bounds(claim, cells)
    assert bool(claim.symbols) <= len(undefined) < len(cells)
    for place, cell in enumerate(cells):
        given = {name: cell.symbols[name] for name in claim.symbols if name in cell.symbols}
        if place in undefined:
            assert math.isnan(found[place])
            with pytest.raises(DomainError) as refused:
                claim.log_bound(**given)
            assert undefined[place] == str(refused.value)
        else:
            assert found[place] == claim.log_bound(**given)


@pytest.mark.parametrize("claim", PLAIN, ids=lambda claim: claim.id)
def test_bounds_are_what_sympy_says(claim):
    cells = random_cells(claim, 60, 1)
    found, undefined = log_bounds(claim, cells)
    told = 0
    free = sorted(claim.log_expression.free_symbols, key=str)
    counts = claim.log_expression.has(sp.binomial)  # exactly; elsewhere powers of rationals would be huge
    stated = sp.lambdify(free, claim.log_expression, "mpmath")
    for place in set(range(len(cells))) - set(undefined):
        symbols = cells[place].symbols
        told += 1
        if counts:
            number = claim.log_expression.subs({s: sp.Rational(symbols[s.name]) for s in free})
            exact = -math.inf if number.has(sp.zoo) else float(number.evalf(40))
        else:
            with mpmath.workdps(60):
                exact = float(stated(*(mpmath.mpf(symbols[s.name]) for s in free)))
        assert found[place] == pytest.approx(exact, rel=1e-12)
    assert told > 5


@pytest.mark.parametrize("claim", PREMISED, ids=lambda claim: claim.id)
def test_premises_of_all_seeds_are_what_sympy_says_of_each(claim):
    settings = Settings()
    limits = {s.name: getattr(settings, s.setting) for s in claim.notation.values() if s.setting}
    cells = random_cells(claim, 60, 2)
    seen = set()
    for cell, scoped in zip(cells, scopes_of(claim, cells, settings), strict=True):
        good = []
        for seed in cell.seeds:
            measured = {name: cell.value(name, seed) for name in cell.observables}
            values = {**cell.symbols, **limits, **measured}
            truths = [_truth(assumption.relation, values) for assumption in claim.assumptions]
            seen |= set(truths)
            if seed not in cell.failed and all(truths):
                good.append(seed)
        assert scoped.seeds == tuple(good)
    assert seen == ({False} if claim.id in NEVER else {True, False})


def _truth(relation, values):
    """Of a relation: exactly, or to 40 digits where powers of rationals may be huge; False if a value is missing."""
    at = {symbol: values.get(symbol.name) for symbol in relation.free_symbols}
    if any(value is None for value in at.values()):
        return False
    exact = {symbol: sp.Rational(value) for symbol, value in at.items()}
    if relation.has(sp.Pow, sp.log, sp.exp):
        return bool(relation.func((relation.lhs - relation.rhs).evalf(40, subs=exact), 0))
    return bool(relation.subs(exact))


def test_a_premise_without_a_number_breaks_its_claim_wherever_the_cell_stands():
    claim = next(c for c in PREMISED if "K" in {s.name for a in c.assumptions for s in a.relation.free_symbols})
    K = claim.notation["K"].symbol
    worse = theory.Assumption("K", sp.Ge(1 / (K - 3), 0), "never at K = 3")
    broken = replace(claim, premises=replace(claim.premises, assumptions=(worse,)))
    cells = [CellTable(i, "main", {"K": k}, (0, 1)) for i, k in enumerate((4, 5, 3))]
    assert all(scoped.in_scope for scoped in scopes_of(broken, cells[:2], Settings()))
    with pytest.raises(BrokenClaimError, match="no finite number"):
        scopes_of(broken, cells, Settings())


def test_minima_and_maxima_stand_in_premises_and_domains():
    bound = theory.claim("coverage-half-mean")
    K, R, n = (bound.notation[name].symbol for name in ("K", "R", "N_f"))
    premise = theory.Assumption("K", sp.Le(sp.Max(K, n), R), "few")
    premises = replace(bound.premises, domain=(sp.Ge(sp.Min(K, R), 2),), assumptions=(premise,))
    mine = replace(bound, premises=premises, mutants=())
    points = ({"K": 2, "R": 9, "N_f": 9}, {"K": 2, "R": 9, "N_f": 10}, {"K": 1, "R": 9, "N_f": 5})
    cells = [CellTable(i, "main", point, (0,)) for i, point in enumerate(points)]
    assert [scoped.in_scope for scoped in scopes_of(mine, cells, Settings())] == [True, False, True]
    assert list(log_bounds(mine, cells)[1]) == [2]


def test_a_domain_that_cannot_be_computed_breaks_its_claim():
    bound = theory.claim("coverage-half-mean")
    K = bound.notation["K"].symbol
    mine = replace(bound, premises=replace(bound.premises, domain=(sp.Ge(sp.Function("mystery")(K), 2),)), mutants=())
    with pytest.raises(BrokenClaimError, match="its domain"):
        log_bounds(mine, [CellTable(0, "main", {"K": 2, "R": 9, "N_f": 9}, (0,))])


def test_integers_beyond_64_bits_are_judged_like_others():
    bound = theory.claim("coverage-half-mean")
    cells = [CellTable(i, "main", {"K": 2, "R": 9, "N_f": n}, (0,)) for i, n in enumerate((10**20, -1, 9))]
    found, undefined = log_bounds(bound, cells)
    assert list(undefined) == [1]
    assert found[0] == pytest.approx(-(10**20) * 4 / 162)
    assert found[2] == bound.log_bound(K=2, R=9, N_f=9)
