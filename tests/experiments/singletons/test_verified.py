"""The experiment through the instrument: observables, arms, verdicts, presets."""

import math
from pathlib import Path

import pytest

import theory
from empirics import verify
from empirics.errors import UsageError
from empirics.experiments.arms import arms_of
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Point
from empirics.experiments.registry import _check
from empirics.experiments.singletons import EXPERIMENT
from empirics.experiments.singletons.observables import OBSERVABLES
from empirics.verification.forecast import forecast
from theory import all_claims

MINE = [c for c in all_claims() if c.paper.name == "kalai"]


def settings(*more, preset="quick"):
    small = ("world.prompts=20000", "world.examples=[8000]", "seeds.base=0", "seeds.looks=[12]")
    return load_settings(EXPERIMENT, preset, None, (*small, *more))


def runs(*more, cell=None, seeds=(0, 1)):
    config = settings(*more)
    arms = [arm.settings for arm in arms_of(EXPERIMENT, config)]
    unit = cell or Point.of(s=0.5, N=8000)
    return config, list(EXPERIMENT.run_arms(arms, unit, seeds, "cpu"))


def test_it_obeys_the_protocol_and_measures_what_its_claims_need():
    _check(EXPERIMENT)
    names = {o.name for o in OBSERVABLES}
    arms = (EXPERIMENT.leading, *EXPERIMENT.overlays)
    assert set(EXPERIMENT.claims(arms)) == {c.id for c in MINE}
    for claim in MINE:
        assert {claim.observable, claim.judged_on, *claim.supporting} <= names
    _, (main, *_) = runs()
    assert set(main[0].observables[Point.of(s=0.5, N=8000)]) == names


def test_arms_share_a_world_and_each_is_what_it_would_be_alone():
    config, together = runs()
    assert len(together) == 3
    for arm, found in zip(arms_of(EXPERIMENT, config), together, strict=True):
        assert EXPERIMENT.run(arm.settings, Point.of(s=0.5, N=8000), [1], "cpu") == found[1:]
    starts = {EXPERIMENT.start(arm.settings) for arm in arms_of(EXPERIMENT, config)}
    assert len(starts) == 1


def test_bounds_and_gaps_by_hand():
    """With the formulas written anew."""
    N, A = 8000, 100
    for found in runs()[1]:
        o = found[0].observables[Point.of(s=0.5, N=N)]
        sr, delta, error = o["singleton_rate"], o["calibration_delta"], o["sampled_error"]
        ell, early = math.log(200), (1 - 1 / N) ** (N - 1) / N
        lower = (1 - 1 / A) * (sr - math.sqrt(2 * ell / N) - early)
        sample = (35 + 6 * math.log(N)) / math.sqrt(N)
        floors = {
            "stated_floor": sr - 2 / 99 - sample - delta,
            "sharp_floor": lower - math.sqrt(4 * 0.99 * ell / (math.e * N)) - 1 / 99 - delta,
            "answering_floor": lower - math.sqrt(2 * 0.99 * ell / (math.e * N)),
        }
        for name, value in floors.items():
            assert o[name] == pytest.approx(max(0, value), abs=1e-12)
            assert o[f"{name}_gap"] == pytest.approx(max(0, value) - error, abs=1e-12)
        added = max(0, sr - 2 / 99 + sample - delta)
        assert o["floor_gap_sample_term_added"] == pytest.approx(added - error)
        assert o["floor_gap_without_corrections"] == pytest.approx(max(0, sr - delta) - error)
        assert o["floor_gap_without_calibration"] == pytest.approx(max(0, sr - 2 / 99 - sample) - error)
        excess = sr - o["missing_mass"]
        most = early + (1 + math.exp(-0.5)) * math.sqrt(2 * ell / N)
        assert o["good_turing_gap"] == pytest.approx(excess - most)
        matching = min(1, 0.99 * sr + 13 / math.sqrt(N))
        assert (o["matching_bound"], o["matching_gap"]) == pytest.approx((matching, error - matching))


def test_verdicts_say_where_the_sources_bound_says_nothing():
    found = verify(settings(), experiment=EXPERIMENT, workers=1)
    verdicts = {c.id: c.verdict for c in found.claims}
    assert verdicts["singleton-floor"] == verdicts["singleton-floor-guessing"] == "VACUOUS"
    assert "VIOLATED" not in verdicts.values()
    (one,) = [v for v in found.verdicts if v.claim == "singleton-floor-sharp"]
    assert (one.verdict, one.bound) == ("UNDECIDED", 0.99)  # 12 worlds cannot show 0.99
    (nothing,) = [v for v in found.verdicts if v.claim == "singleton-floor"]
    assert nothing.reason == "premise stated_floor > 0 fails: median 0, satisfied by 0 of 12 seeds"
    (table,) = found.shown.tables
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == ["main", "abstaining", "guessing"]
    names = [column.name for column in table.columns]
    assert names[3:6] == ["sr", "missing mass", "δ"]
    cell = next(c for c in found.cells if c.variant == "guessing")
    assert rows["guessing"][2] == cell.observables["singleton_rate"].mean
    assert rows["guessing"][-1] == cell.observables["answering_floor"].mean
    assert rows["abstaining"][-1] is None  # it speaks of models that always answer


def test_a_forecast_counts_the_worlds_that_99_percent_takes(tmp_path):
    config = load_settings(EXPERIMENT, "default")
    found = forecast(EXPERIMENT, config, claims=None, stored=tmp_path / "none", workers=1, timed=False)
    mine = {c.claim: c for c in found.claims}
    for identifier, cells in (("singleton-floor", 6), ("singleton-floor-abstaining", 2), ("answering-floor", 2)):
        assert (mine[identifier].cells, mine[identifier].testable) == (cells, cells)
        assert [(c.worlds, c.of) for c in mine[identifier].confirmed] == [(300, 300)]
    assert found.supported_from == 300


def test_presets_are_read_and_impossible_settings_refused():
    assert load_settings(EXPERIMENT, "default").seeds.base == 100
    assert load_settings(EXPERIMENT, "quick").seeds.looks == (300,)
    for wrong, told in (
        ("world.answers=2", "world.answers=2 is refused: allowed is at least 3"),
        ("world.examples=[10,10]", "world.examples=.10, 10. is refused: allowed is distinct values"),
        ("model.kind=oracle", "model.kind='oracle' is refused"),
    ):
        with pytest.raises(UsageError, match=told):
            settings(wrong)


def test_the_transformers_arm_has_a_world_of_its_own():
    config = settings('arms.run=["transformer"]')
    (_, arm) = arms_of(EXPERIMENT, config)
    (run,) = EXPERIMENT.run(arm.settings, Point.of(s=0.5, N=300), [0], "cpu")
    o = run.observables[Point.of(s=0.5, N=300)]
    assert o["stated_floor"] == 0 < o["answering_floor"] < o["sampled_error"]
    assert o["unseen_error_averaged"] == pytest.approx(0.95, abs=1e-12)
    assert EXPERIMENT.cost(arm.settings, Point.of(s=0.5, N=300)) == 150 * 1000 * 32
    assert EXPERIMENT.memory(config, Point.of(s=0.5, N=8000)) == (48 * 20000 + 32 * 8000, "world.prompts")


@pytest.mark.parametrize("place", ["theory/claims/kalai/good_turing.py", "empirics/experiments/singletons/measure.py"])
def test_a_run_holds_what_its_claims_state_so_their_files_are_in_its_key(place, monkeypatch):
    from empirics.runs import source

    config, unit = settings(), Point.of(s=0.5, N=8000)
    source._code.cache_clear()
    before = source.run_key(EXPERIMENT, config, unit, 0)
    real, changed = Path.read_bytes, Path(theory.__file__).parents[1] / place
    monkeypatch.setattr(Path, "read_bytes", lambda self: real(self) + (b"#" if self == changed else b""))
    source._code.cache_clear()
    assert source.run_key(EXPERIMENT, config, unit, 0) != before
    monkeypatch.undo()
    source._code.cache_clear()
