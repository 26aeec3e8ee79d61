"""What a map says of runs whose errors are given by hand: levels of regimes, verdicts and limits."""

import itertools

import numpy as np
import pytest

from empirics.experiments.map_design import Variation
from empirics.experiments.one_layer import EXPERIMENT
from empirics.experiments.protocol import UnitRun
from empirics.judging.confidence import interval
from empirics.judging.judge import judge_claim
from empirics.regimes.analysis import analyse, reading_verdicts
from empirics.regimes.contours import crossing, measured_crossing
from empirics.regimes.fit import fitted
from empirics.regimes.laws import exponents
from empirics.regimes.make import load_map_settings, map_arms
from empirics.regimes.regime import Regime, Thresholds, regime_of
from empirics.regimes.survey import Survey
from empirics.report.regime_tables import all_tables
from empirics.verification.assembly import Runs
from theory import claim

DESIGN = EXPERIMENT.map_design()

WIDTH = (Variation("model.width", (16,)),)
GRID = [
    "world.templates=[8]",
    "world.multiplicity=[1,3]",
    "world.finetuned=[2,12]",
    "arms.templates=[]",
    "arms.multiplicity=[]",
]
ALPHA = 0.05


def survey(seeds, error, variations=WIDTH, gap=lambda seed: 0.01, more=()):
    """Runs whose OOD error is ``error(arm, cell, seed)``."""
    settings = load_map_settings(DESIGN, "quick", None, [*GRID, *more, f"seeds.minimum={seeds}"])
    arms, runs = map_arms(DESIGN, settings, variations), Runs()
    for arm in arms:
        for unit in DESIGN.experiment.units(arm.settings):
            cells = DESIGN.experiment.cells_of(arm.settings, unit)
            for seed in range(settings.seeds.base, settings.seeds.base + seeds):
                found = {c: {"ood_error": error(arm.name, c, seed), "pretraining_gap": gap(seed)} for c in cells}
                runs.add(arm.name, [UnitRun(unit, seed, found)])
    return Survey(DESIGN, settings, arms, runs)


def upper(seeds, alpha):
    """The upper one of two limits around a mean without any error."""
    return interval([0.0] * seeds, alpha).upper


def test_a_readings_alpha_is_divided_over_the_cells_of_all_arms():
    """As many seeds as confirm the bound at alpha over one arm's cells, but not at alpha over all cells."""
    bound = float(claim("ood-error-literal").bound(N_f=12, K=3, R=8))
    cells = 8

    def confirmed(seeds, over):
        found = survey(seeds, lambda *_: 0.0)
        table = next(t for t in found.tables if (t.symbols["K"], t.symbols["N_f"]) == (3, 12))
        alone = found.settings.verdict.model_copy(update={"alpha": ALPHA / over})
        return judge_claim(claim("ood-error-literal"), [table], alone).outcomes[0].verdict.value == "HOLDS"

    seeds = next(n for n in itertools.count(4) if confirmed(n, cells // 2))
    assert not confirmed(seeds, cells)
    assert bound < 0.5
    verdicts = {
        n: [
            verdict["ood-error-literal"]
            for verdict, place in zip(reading_verdicts(found), found.places, strict=True)
            if (place.cell["K"], place.cell["N_f"]) == (3, 12)
        ]
        for n in (seeds, next(n for n in itertools.count(seeds) if confirmed(n, cells)))
        for found in [survey(n, lambda *_: 0.0)]
    }
    assert list(verdicts.values()) == [["UNDECIDED"] * 2, ["HOLDS"] * 2]


def test_every_cell_belongs_to_its_own_arm():
    """The second arm fails, the first does not: no verdict moves to the other one."""
    found = survey(40, lambda arm, *_: 1.0 if arm != "main" else 0.0)
    verdicts = [v["ood-error-literal"] for v in reading_verdicts(found)]
    told = {place.arm.name: v for v, place in zip(verdicts, found.places, strict=True) if place.cell["N_f"] == 12}
    assert told == {"main": "HOLDS", "model.width=16": "VIOLATED"}


def test_a_regime_is_decided_by_limits_at_alpha_and_not_at_twice_alpha():
    success = (upper(12, ALPHA) + upper(12, 2 * ALPHA)) / 2
    assert upper(12, 2 * ALPHA) < success < upper(12, ALPHA)
    assert regime_of([0.0] * 12, ALPHA, Thresholds(success, 0.9)) is Regime.UNDECIDED
    assert regime_of([1.0] * 12, ALPHA, Thresholds(0.1, 1 - success)) is Regime.UNDECIDED
    document = analyse(survey(12, lambda *_: 0.0), WIDTH, Thresholds(success, 0.9), complete=True, wall_seconds=0)
    assert {cell.regime for cell in document.cells} == {"undecided"}
    assert {cell.upper for cell in document.cells} == {upper(12, ALPHA)}
    easier = analyse(survey(13, lambda *_: 0.0), WIDTH, Thresholds(0.31, 0.9), complete=True, wall_seconds=0)
    assert {cell.regime for cell in easier.cells} == {"succeeds"}


def test_limits_of_a_contour_leave_out_a_fortieth_on_each_side():
    generator = np.random.default_rng(3)
    errors = np.sort(generator.random((4, 20)), axis=0)[::-1]
    sizes, draws = (1, 2, 4, 8), np.random.default_rng(7)
    spread = sorted(crossing(sizes, errors[:, draws.integers(0, 20, 20)].mean(axis=1), 0.5) for _ in range(400))
    found = measured_crossing(sizes, errors, 0.5, resamples=400, seed=7)
    assert spread[9] <= found.lower <= spread[11]
    assert spread[388] <= found.upper <= spread[390]
    assert spread[11] < spread[19]  # where limits at 90 % would stand


LAWFUL = ["world.templates=[8,15,30]", "world.multiplicity=[2,3]"]


def lawful(arm, cell, seed):
    """Errors that follow a power law, with an effect of the seed."""
    return float(np.exp(-0.4 * cell["N_f"] ** 0.5 * cell["K"] / cell["R"]) ** (1 + (seed % 16) / 16))


def test_limits_of_exponents_are_percentiles_at_95_percent():
    law = DESIGN.laws["power"]
    found = survey(16, lawful, more=LAWFUL).sample()
    rows = exponents(found, [law], resamples=200, seed=4)
    again = np.array([fitted(law, found.points, means) for means in found.resampled_means(200, 4)])
    low, high = np.quantile(again, [0.025, 0.975], axis=0)
    assert [row.lower for row in rows] == pytest.approx(low.tolist(), rel=1e-9)
    assert [row.upper for row in rows] == pytest.approx(high.tolist(), rel=1e-9)


def test_contours_are_measured_in_every_arm_and_shown_from_lower_to_upper():
    document = analyse(
        survey(16, lambda arm, cell, seed: 0.9 - 0.05 * cell["N_f"] + 0.01 * seed),
        WIDTH,
        Thresholds(),
        complete=True,
        wall_seconds=0,
    )
    half = [c for c in document.contours if c.level == 0.5]
    assert [c.variant for c in half] == ["main"] * 2 + ["model.width=16"] * 2
    for c in half:
        assert 2 <= c.lower < c.measured < c.upper <= 12


def test_seeds_that_miss_the_premise_are_no_evidence_for_the_law_but_stay_in_the_map():
    found = survey(8, lambda arm, cell, seed: 0.5, gap=lambda seed: 0.05 if seed < 5 else 0.5)
    assert {tuple(found.in_scope(t)) for t in found.tables} == {(0, 1, 2, 3, 4)}
    sample = found.sample()
    assert {(p["K"], p["S"]) for p in sample.points} == {(3, 30)}  # not K = 1, not the other width
    assert len(sample.points) == 2
    assert np.isfinite(sample.errors).sum(axis=1).tolist() == [5, 5]
    document = analyse(found, WIDTH, Thresholds(), complete=True, wall_seconds=0)
    assert {len(c.seeds) for c in document.cells} == {8}
    assert [c.gap for c in document.cells] == pytest.approx([(5 * 0.05 + 3 * 0.5) / 8] * 8)
    assert {v for c in document.cells for v in c.verdicts.values()} == {"OUT OF SCOPE"}


def test_seeds_may_start_anywhere():
    first, other = (survey(6, lawful, more=[*LAWFUL, f"seeds.base={base}"]).sample() for base in (0, 160))
    assert np.isfinite(other.errors).all()
    assert np.array_equal(first.errors, other.errors)


def test_each_split_holds_out_the_cells_that_it_names():
    """Pairs and R: cells of the main grid alone; other S: the other size alone, whatever its R and K."""
    variations = (Variation("world.subjects", (20,)), *WIDTH)
    document = analyse(
        survey(6, lawful, variations, more=LAWFUL), variations, Thresholds(), complete=True, wall_seconds=0
    )
    inside = [c for c in document.cells if c.in_law and 0.02 < c.error < 0.98]
    sizes = {s: sum(c.subjects == s for c in inside) for s in (20, 30)}
    assert sizes[20] == sizes[30] == document.law.cells > 6
    told = {row.split: row.cells for row in document.law.held_out}
    assert told == {"pair (K, R)": sizes[30], "R": sizes[30], "other S": sizes[20]}
    assert {(e.law, e.name) for e in document.law.exponents} >= {("power", "R"), ("power-size", "S")}
    assert len({c.law for c in document.law.collapse}) == 4
    assert {c.variant for c in document.law.collapse} == {"main", "world.subjects=20"}


def test_tables_say_beyond_which_end_a_contour_lies_and_the_largest_gap():
    found = survey(
        16,
        lambda arm, cell, seed: 0.9 if cell["K"] == 1 else 0.3,
        gap=lambda seed: 0.05 + 0.001 * seed,
        more=["verdict.premise_gap=0.5"],
    )
    document = analyse(found, WIDTH, Thresholds(), complete=True, wall_seconds=0)
    cells = [document.cells[0].model_copy(update={"gap": 0.25}), *document.cells[1:]]
    document = document.model_copy(update={"cells": cells})
    tables = {table.name: table for table in all_tables(document)}
    at_half = tables["transitions"].columns.index("error 0.5")
    assert [row[at_half] for row in tables["transitions"].rows] == ["> 12", "< 2"]
    assert "the least N_f at which each bound and exact law is at most 0.5" in tables["transitions"].caption
    assert [row[1] for row in tables["moves"].rows] == ["0.250", "0.058"]
    assert tables["moves"].columns[2:] == ("R=8, K=1", "R=8, K=3")
