"""Claims, observables and tables for tests of the judge."""

import sympy as sp

from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from empirics.observables.definition import Observable
from theory import Assumption, Claim, Kind, Measured, Premises, Provenance, Source, measured
from theory.claims.xu_chen.paper import PAPER, K, N_f, R, epsilon

OBSERVABLES = {
    "error": Observable("error", "an error", "fraction", 0, 1, trivial=1.0, better="lower"),
    "gap": Observable("gap", "a gap", "nats", 0, float("inf"), per="unit"),
    "slope": Observable("slope", "a slope", "1", -5, 5),
    "rest": Observable("rest", "a share over decades", "fraction", 0, 1, per="unit"),
    "exact": Observable("exact", "a probability", "probability", 0, 1, trivial=1.0, sampling="exact"),
}

NEAR_OPTIMAL = Assumption("gap", sp.Le(measured("gap"), epsilon), "near-optimal")
TWO_TEMPLATES = Assumption("K", sp.Ge(K, 2), "at least two templates")


def make_claim(kind, *, bound=None, observable="error", assumptions=(), **more):
    """A claim about ``error`` with a constant (rational) or symbolic bound."""
    expression = None
    if bound is not None:
        expression = bound if isinstance(bound, sp.Basic) and bound.free_symbols else sp.log(sp.nsimplify(bound))
    return Claim(
        id="test",
        title="test",
        statement="a test",
        kind=Kind(kind),
        observable=observable,
        required=True,
        log_expression=expression,
        source=Source(paper=PAPER, provenance=Provenance.STATED, text="none"),
        premises=Premises(assumptions=tuple(assumptions)),
        measured=Measured(**more),
    )


def make_cell(values, *, index=0, variant="main", gaps=None, failed=(), observable="error", seeds=None, **symbols):
    """A cell with one value per seed."""
    given = {"R": 20, "K": 2, "N_f": 5, "S": 60, "A": 60} | symbols
    seeds = tuple(range(len(values))) if seeds is None else tuple(seeds)
    observables = {observable: tuple(values)}
    if gaps is not None:
        observables["gap"] = tuple(gaps)
    axes = {"R": "|R|", "K": "K", "N_f": "N_f"}
    return CellTable(index, variant, given, seeds, frozenset(failed), observables, axes, ("R", "K"))


def settings(**more):
    return Settings(**more)


DECAY = -N_f * K**2 / (2 * R**2)
