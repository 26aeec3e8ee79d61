"""The experiment through the instrument: observables, arms, verdicts, presets."""

import math

import numpy as np
import pytest

import theory
from empirics import verify
from empirics.experiments.arms import arms_of
from empirics.experiments.associative_memory import EXPERIMENT
from empirics.experiments.associative_memory.config import dimension
from empirics.experiments.associative_memory.memories import hebbian
from empirics.experiments.associative_memory.observables import OBSERVABLES
from empirics.experiments.associative_memory.world import draw
from empirics.experiments.load import load_settings, presets
from empirics.experiments.protocol import Point
from empirics.experiments.registry import _check
from theory import all_claims

MINE = [c for c in all_claims() if c.notation.name == "associative-memories"]
SMALL = ("world.facts=[20,40]", "world.size=[0.25,1,3,20]", "arms.facts=[20]", "arms.size=[0.25,3]", "seeds.looks=[16]")


def settings(*more, preset="default"):
    return load_settings(EXPERIMENT, preset, None, (*SMALL, *more))


def test_it_obeys_the_protocol_and_measures_what_its_claims_need():
    _check(EXPERIMENT)
    names = {o.name for o in OBSERVABLES}
    arms = (EXPERIMENT.leading, *EXPERIMENT.overlays)
    assert set(EXPERIMENT.claims(arms)) == {c.id for c in MINE}
    assert {c.observable for c in MINE} <= names
    measured = {o.name for o in OBSERVABLES if o.sampling == "seed"}
    unit = Point.of(N=20, c=3.0)
    (run,) = EXPERIMENT.run(settings(), unit, [0], "cpu")
    assert set(run.observables[unit]) == measured
    assert set(EXPERIMENT.exact(settings(), unit)) == names - measured


def test_dimension_is_the_least_of_the_size():
    for facts, size in ((50, 0.5), (100, 2.0), (800, 16.0)):
        d, wanted = dimension(facts, size), size * facts * math.log(facts)
        assert d**2 >= wanted > (d - 1) ** 2
    assert dict(EXPERIMENT.symbols(settings(), Point.of(N=20, c=3.0))) == {"N": 20, "c": 3.0, "d": 14}
    wide = settings("memory.width=1.5", "memory.rule=best")
    assert EXPERIMENT.symbols(wide, Point.of(N=20, c=3.0))["m"] == 21


def test_observables_by_hand():
    unit = Point.of(N=40, c=1.0)
    for run in EXPERIMENT.run(settings(), unit, [3, 4], "cpu"):
        world = draw(40, dimension(40, 1.0), run.seed)
        scores = world.inputs @ hebbian(world).memory.T @ world.outputs.T
        share = np.mean(scores.argmax(axis=1) == np.arange(40))
        assert 0 < share < 1
        expected = {"share_recalled": share, "share_lost": 1 - share, "all_recalled": 0, "some_lost": 1, "finished": 1}
        assert run.observables[unit] == pytest.approx(expected)


def test_a_seeds_result_depends_on_nothing_else():
    unit = Point.of(N=20, c=1.0)
    for arm in arms_of(EXPERIMENT, settings()):
        together = EXPERIMENT.run(arm.settings, unit, [5, 6], "cpu")
        assert EXPERIMENT.run(arm.settings, unit, [6], "cpu") == together[1:]


def test_arms_and_presets():
    for preset in presets(EXPERIMENT):
        config = load_settings(EXPERIMENT, preset, None, ())
        names = [arm.name for arm in arms_of(EXPERIMENT, config)]
        assert names[:3] == ["hebbian", "trained", "best"]
        assert config.seeds.base in (0, 100)
    assert load_settings(EXPERIMENT, "default", None, ()).seeds.base == 100


def test_memory_that_a_run_takes():
    unit = Point.of(N=100, c=1.0)
    d = dimension(100, 1.0)
    assert EXPERIMENT.memory(settings(), unit) == (8 * 3 * 100**2, "world.facts")
    best = settings("memory.rule=best")
    assert EXPERIMENT.memory(best, unit)[0] == 8 * (3 * 100**2 + d**4)
    apart = settings("memory.rule=best", "world.decoupled=true")
    assert EXPERIMENT.memory(apart, unit)[0] == 8 * (3 * 100**2 * d + d**4)
    assert EXPERIMENT.cost(best, unit) > EXPERIMENT.cost(settings(), unit)


def test_verdicts_table_and_figures(monkeypatch):
    monkeypatch.setattr("empirics.experiments.registry.experiments", lambda: {EXPERIMENT.name: EXPERIMENT})
    monkeypatch.setattr("empirics.experiments.registry.experiment", lambda name=None: EXPERIMENT)
    results = verify(settings(), experiment=EXPERIMENT.name, workers=1)
    assert results.claim("best-memory-recalls").verdict == "HOLDS"
    assert results.claim("best-memory-scale").verdict == "HOLDS"
    assert results.claim("hebbian-share").verdict != "VIOLATED"
    shown = results.shown
    (table,) = shown.tables
    assert len(table.rows) == 2 * 4 + 4 * 2
    assert not results.broken
    share, everything = shown.figures
    assert (share.name, everything.name) == ("share-recalled", "all-recalled")
    for figure, claim in ((share, "hebbian-share"), (everything, "hebbian-all-recalled")):
        for row in figure.mappings():
            d = dimension(int(row["facts"]), row["size"])
            assert row["comparison"] == pytest.approx(max(0, 1 - theory.claim(claim).bound(N=int(row["facts"]), d=d)))
        assert any(row["comparison"] > 0 for row in figure.mappings()) == (figure is share)
        results.plot(figure.name)
