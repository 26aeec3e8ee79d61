"""The factor on the exponent: by brute force over factors, its level by simulation, and a mutant of it."""

import math

import numpy as np
import pytest

from empirics.experiments.map_design import Variation
from empirics.experiments.one_layer import EXPERIMENT
from empirics.experiments.protocol import UnitRun
from empirics.judging.confidence import bets_for, lower_limit, upper_limit
from empirics.regimes.analysis import analyse
from empirics.regimes.factor import Exponent, bracket, confirmable, exponents_of, factor_part
from empirics.regimes.make import load_map_settings, map_arms
from empirics.regimes.regime import Thresholds
from empirics.regimes.survey import Survey
from empirics.report.regime_tables import all_tables
from empirics.verification.assembly import Runs
from theory import claim
from theory.certify.frontier import Reading, frontier

DESIGN = EXPERIMENT.map_design()
LITERAL, NORMALISED = "ood-error-literal", "ood-error-normalised"
SEEDS, ALPHA = 12, 0.05


def cells_of(xs, errors, by_measurement=()):
    """A cell for each exponent and row of errors."""
    rows = enumerate(zip(xs, np.asarray(errors, dtype=float), strict=True))
    return [Exponent(x, row, None, i in by_measurement) for i, (x, row) in rows]


def drawn(xs, means, generator, seeds=SEEDS):
    """Errors of 0 or 1 with these means: what varies most."""
    return cells_of(xs, generator.random((len(xs), seeds)) < np.asarray(means)[:, None])


def by_brute_force(cells, confirming, refuting, factors):
    """By the definition, factor by factor: which are confirmed in every cell, which refuted in some."""
    share, confirmed, refuted = refuting / len(cells), [], []
    uppers = [upper_limit(e.errors, confirming, bets=bets_for((len(e.errors),), confirming)) for e in cells]
    lowers = [lower_limit(e.errors, share, bets=bets_for((len(e.errors),), share)) for e in cells]
    for c in factors:
        bounds = [math.exp(-c * e.x) for e in cells]
        if all(u <= b for u, b in zip(uppers, bounds, strict=True)):
            confirmed.append(c)
        if any(low > b for low, b in zip(lowers, bounds, strict=True)):
            refuted.append(c)
    return confirmed, refuted


@pytest.mark.parametrize("seed", range(4))
def test_both_ends_are_where_a_grid_of_factors_changes_its_verdict(seed):
    generator = np.random.default_rng(seed)
    xs = generator.uniform(0.05, 1.5, 7)
    cells = drawn(xs, np.exp(-2.0 * xs), generator, seeds=40)
    found = bracket(cells, ALPHA / 4, ALPHA / 2)
    factors = np.linspace(0.0, 20.0, 2001)
    confirmed, refuted = by_brute_force(cells, ALPHA / 4, ALPHA / 2, factors)
    assert max(confirmed) <= found.confirmed.factor < max(confirmed) + 0.01
    assert min(refuted) - 0.01 <= found.refuted.factor < min(refuted)
    assert found.confirmed.factor < found.refuted.factor


def test_without_any_error_no_factor_is_refuted_and_few_seeds_confirm_little():
    cells = cells_of([0.1, 4.0], np.zeros((2, SEEDS)))
    found = bracket(cells, ALPHA, ALPHA)
    assert found.refuted is None
    limit = 1 - (0.7 * ALPHA) ** (1 / SEEDS)
    assert found.confirmed.factor == pytest.approx(-math.log(limit) / 4.0, rel=0.03)
    assert found.confirmed.cell is cells[1]
    assert confirmable(0.1, SEEDS, ALPHA)
    assert not confirmable(4.0, SEEDS, ALPHA)


def test_more_seeds_close_the_bracket_from_both_sides():
    """The largest factor that nothing refutes falls as data come, and the confirmed one rises: around 2."""
    xs, ends = np.linspace(0.3, 1.2, 5), []
    for seeds in (12, 100, 2000):
        found = bracket(drawn(xs, np.exp(-2.0 * xs), np.random.default_rng(1), seeds), ALPHA / 4, ALPHA / 2)
        ends.append((found.confirmed.factor, found.refuted.factor if found.refuted else math.inf))
    confirmed, refuted = zip(*ends, strict=True)
    assert list(confirmed) == sorted(confirmed)
    assert list(refuted) == sorted(refuted, reverse=True)
    assert 1.7 < confirmed[-1] < 2.0 < refuted[-1] < 2.3


def test_cells_whose_scope_is_measured_share_the_lower_ends_level():
    xs, errors = [0.2, 0.5, 0.9], np.zeros((3, SEEDS))
    shared = bracket(cells_of(xs, errors, by_measurement=(0, 2)), ALPHA, ALPHA)
    assert shared.confirmed.limit == upper_limit(errors[0], ALPHA / 2, bets=bets_for((SEEDS,), ALPHA / 2))
    alone = bracket(cells_of(xs, errors), ALPHA, ALPHA)
    assert alone.confirmed.limit == upper_limit(errors[0], ALPHA, bets=bets_for((SEEDS,), ALPHA))


def missed(refuting, simulations=300):
    """How often either end is on the wrong side of c* = 1, in 40 cells that all attain it.

    The means lie just below the lower limit of seeds that all err, at the whole level and at a fortieth of it: there
    wrong refutations are as frequent as the level allows.
    """
    generator = np.random.default_rng(11)
    means = np.repeat([0.99 * (0.7 * level) ** (1 / SEEDS) for level in (ALPHA / 2, ALPHA / 80)], 20)
    low = high = 0
    for _ in range(simulations):
        cells = drawn(-np.log(means), means, generator)
        found = bracket(cells, ALPHA / 2, refuting(len(cells)))
        low += found.confirmed.factor > 1.0
        high += found.refuted is not None and found.refuted.factor < 1.0
    return low / simulations, high / simulations


def test_the_bracket_holds_at_its_level():
    low, high = missed(lambda cells: ALPHA / 2)
    assert low <= ALPHA / 2
    assert high <= ALPHA / 2


def test_without_division_by_cells_the_upper_end_is_wrong_too_often():
    """The mutant: each cell refutes at the whole level."""
    assert missed(lambda cells: ALPHA / 2 * cells)[1] > 4 * ALPHA


def test_the_lower_end_needs_no_division_where_one_cell_decides():
    """One cell attains c*, thirty-nine are far below their bound: the lower end is beyond c* at most at its level."""
    generator, xs = np.random.default_rng(5), np.full(40, 0.5)
    means = np.array([math.exp(-0.5), *[0.01] * 39])
    wrong = [bracket(drawn(xs, means, generator), ALPHA, ALPHA).confirmed.factor > 1.0 for _ in range(300)]
    assert np.mean(wrong) <= ALPHA


GRID = ["world.templates=[8]", "world.multiplicity=[1,3]", "world.finetuned=[2,6,14]"]


def survey(error, gap=lambda arm, seed: 0.01, seeds=24):
    """Runs whose OOD error is ``error(arm, cell, seed)``: a main grid, and one of another width."""
    more = ["arms.templates=[]", "arms.multiplicity=[]", f"seeds.minimum={seeds}"]
    settings = load_map_settings(DESIGN, "quick", None, [*GRID, *more])
    arms, runs = map_arms(DESIGN, settings, (Variation("model.width", (16,)),)), Runs()
    for arm in arms:
        for unit in DESIGN.experiment.units(arm.settings):
            cells = DESIGN.experiment.cells_of(arm.settings, unit)
            for seed in range(seeds):
                found = {
                    c: {"ood_error": error(arm.name, c, seed), "pretraining_gap": gap(arm.name, seed)} for c in cells
                }
                runs.add(arm.name, [UnitRun(unit, seed, found)])
    return Survey(DESIGN, settings, arms, runs)


def falling(arm, cell, seed):
    """High at N_f = 2, above the literal bound of 0.51; none from 6 on."""
    return 1.0 if cell["N_f"] == 2 else 0.0


def test_cells_in_scope_alone_count():
    """K = 1 is out of the premises; the other width misses the gap in every seed, the main grid in one."""
    found = survey(falling, gap=lambda arm, seed: 0.5 if arm != "main" or seed == 3 else 0.01)
    cells = exponents_of(found, LITERAL)
    assert [(e.place.arm.name, e.place.cell["K"], e.place.cell["N_f"]) for e in cells] == [
        ("main", 3, n) for n in (2, 6, 14)
    ]
    assert {len(e.errors) for e in cells} == {23}
    assert all(e.by_measurement for e in cells)
    for e in cells:
        n = e.place.cell["N_f"]
        assert e.x == pytest.approx(n * 9 * math.log(8) / 128)
        assert math.exp(-e.x) == pytest.approx(float(claim(LITERAL).bound(N_f=n, K=3, R=8)))


def test_the_part_says_which_cell_decides_and_from_where_the_reading_holds():
    found = survey(falling)
    part = factor_part(found)
    row = next(b for b in part.brackets if (b.reading, b.variant, b.start, b.confirmable) == (LITERAL, None, 2, False))
    assert row.cells == 6
    assert (row.refuted.at("finetuned"), row.refuted.at("multiplicity"), row.refuted.error) == (
        2,
        3,
        1.0,
    )
    level = ALPHA / 2 / 6
    limit = lower_limit(np.ones(24), level, bets=bets_for((24,), level))
    x = 2 * 9 * math.log(8) / 128
    assert row.refuted.factor == pytest.approx(-math.log(limit) / x)
    assert row.refuted.factor < 1
    later = [b for b in part.brackets if b.reading == LITERAL and b.start == 6]
    assert [(b.variant, b.cells, b.refuted) for b in later] == [
        (None, 4, None),
        (None, 2, None),
        ("main", 2, None),
        ("main", 1, None),
    ]
    (told,) = [r for r in part.holds_from if r.reading == LITERAL]
    assert told.proved == frontier(8, 3, Reading.LITERAL).least
    assert (told.every, told.confirmable, told.last_confirmable) == (
        None,
        6,
        6,
    )  # 24 seeds cannot show 0.13 at N_f = 14
    (other,) = [r for r in part.holds_from if r.reading == NORMALISED]
    assert other.proved == frontier(8, 3, Reading.NORMALISED).least
    assert (other.every, other.confirmable, other.last_confirmable) == (6, 6, 14)


def test_a_map_without_a_cell_in_scope_has_no_bracket():
    part = factor_part(survey(falling, gap=lambda arm, seed: 0.5))
    assert part.brackets == part.holds_from == []


def test_tables_name_the_deciding_cells():
    document = analyse(survey(falling), (), Thresholds(), complete=True, wall_seconds=0)
    tables = {table.name: table for table in all_tables(document)}
    rows = [row for row in tables["factor"].rows if row[0] == "literal"]
    assert "R=8, K=3, N_f=2" in rows[0][-1]
    assert [row[:3] for row in tables["holds-from"].rows] == [("8", "3", "literal"), ("8", "3", "normalised")]
