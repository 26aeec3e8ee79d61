"""Before the first run: cost, and what the seeds could decide at best, agree with what is then judged."""

from pathlib import Path

import numpy as np
import pytest
from planned_experiment import Instant, small

from empirics.judging import shares
from empirics.judging.confidence import bets_for, lower_limit, upper_limit
from empirics.runs.store import Store
from empirics.verification.forecast import forecast
from empirics.verification.verify import verify
from theory import claim

LOOKS = "seeds.looks=[16,32]"


def of_plan(settings, stored=Path("nowhere.sqlite"), *, timed=False, workers=1, claims=None, experiment=None):
    return forecast(experiment or Instant(), settings, claims=claims, stored=stored, workers=workers, timed=timed)


def of(found, identifier):
    return next(c for c in found.claims if c.claim == identifier)


def snapshot(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_the_counts_that_decide_are_those_of_the_issue_and_of_the_judge():
    found = of(of_plan(small(LOOKS)), "mechanism")
    assert [(c.worlds, c.of) for c in found.confirmed] == [(16, 16), (30, 32)]
    refuting = 0.05 / (found.cells + 1)
    for counts, alpha, asked, failures in (
        (found.confirmed, 0.05, 0.8, False),
        (found.refuted, refuting, round(1 - 0.8, 12), True),
    ):
        assert counts
        seen = ()
        for count in counts:  # each count decides at its look; one world less does not
            reached = count.of - count.worlds if failures else count.worlds
            here = (count.of, reached, count.of / 32)
            assert shares.lower_limit((*seen, here), alpha, asked) >= asked
            short = (count.of, reached - 1, count.of / 32)
            assert shares.lower_limit((*seen, short), alpha, asked) < asked
            seen = (*seen, short)


def test_too_few_seeds_confirm_nothing():
    found = of_plan(small("seeds.looks=[8]"))
    assert of(found, "mechanism").confirmed == ()
    assert found.supported_from is None
    assert of_plan(small("seeds.looks=[8,16]")).supported_from == 16
    assert lower_limit([1.0] * 16, 0.05) >= 0.8 > lower_limit([1.0] * 8, 0.05)


def test_the_headline_bounds_limit_and_the_cells_below_it_are_those_of_a_faultless_run():
    settings = small(LOOKS, "world.multiplicity=[1,3,12]", "world.finetuned=[5,30]", "seeds.looks=[16]")
    found = of(of_plan(settings), "ood-error-literal")
    assert found.limit == upper_limit(np.zeros(16), 0.05, bets=bets_for((16,), 0.05))
    assert (found.cells, found.testable) == (6, 4)  # K = 1 is out of scope
    bounds = {(k, n): claim("ood-error-literal").bound(K=k, R=20, N_f=n) for k in (3, 12) for n in (5, 30)}
    below = [f"|R|=20, K={k}, N_f={n}" for (k, n), bound in bounds.items() if bound < found.limit]
    assert list(found.beyond) == below
    assert 0 < len(below) < 4
    judged = verify(settings, experiment=Instant(), claims=["ood-error-literal"], workers=1)
    verdicts = [v for v in judged.verdicts if v.verdict != "OUT OF SCOPE"]
    assert sum(v.verdict == "HOLDS" for v in verdicts) == found.confirmable
    assert [judged.where(v) for v in verdicts if v.verdict == "UNDECIDED"] == below


def test_what_cannot_be_compared_is_not_testable():
    found = of_plan(small(LOOKS))
    assert of(found, "trend-templates").testable == 0  # one |R|
    assert of(found, "trend-multiplicity").testable == 2
    assert of(found, "low-rank").cells == 0  # the arm does not run
    assert of(found, "coverage-union").exact


def test_cost_counts_runs_and_what_is_stored_and_leaves_no_trace(tmp_path):
    settings = small("seeds.looks=[4,8]")
    experiment = Instant()
    fresh = of_plan(settings, tmp_path / "runs.sqlite", timed=True, experiment=experiment)
    assert list(tmp_path.iterdir()) == []
    assert experiment.ran == 2 + 4  # the cheapest unit twice, then both of them twice
    assert (fresh.cost.runs, fresh.cost.found) == ([8, 16], 0)
    assert fresh.cost.relative == pytest.approx([12.0, 24.0])  # K = 1 costs 2, K = 3 costs 4
    assert fresh.cost.seconds == pytest.approx([n * fresh.cost.seconds_per_run for n in (8, 16)])
    assert fresh.cost.timed == 4
    assert fresh.cost.disk_megabytes > 0
    assert fresh.standing.declared
    with Store(tmp_path / "runs.sqlite") as store:
        verify(small(), experiment=Instant(), store=store, workers=1)
        before = snapshot(tmp_path)
        assert "runs.sqlite-wal" in before  # as after a kill: what was written last is not yet in the main file
        again = of_plan(settings, tmp_path / "runs.sqlite")
        assert snapshot(tmp_path) == before
    assert again.cost.found == 8
    assert again.cost.relative == pytest.approx([0.0, 12.0])
    assert again.cost.seconds is None
    assert not again.standing.declared
    assert "other seeds.looks" in again.standing.reason


def test_arms_that_share_their_pretraining_are_counted_once():
    alone = of_plan(small()).cost
    shared = of_plan(small("arms.run=['low-rank']", "arms.templates=[]", "arms.multiplicity=[]", "arms.finetuned=[]"))
    assert shared.cost.runs == [16]
    assert shared.cost.relative == alone.relative


def test_a_defect_in_the_run_that_is_timed_is_told():
    def fail():
        raise ValueError("odd")

    (line,) = of_plan(small(), timed=True, experiment=Instant(fail)).broken
    assert line.startswith("experiment instant (")
    assert ": ValueError: odd (raised in test_forecast.py, line " in line
    assert line.endswith("; 1 failed run (R=20, K=1, seed 4, not of the plan)")


def test_ctrl_c_ends_the_timing_alone():
    def stop():
        raise KeyboardInterrupt

    found = of_plan(small(), timed=True, experiment=Instant(stop))
    assert found.cost.runs == [8]
    assert (found.cost.seconds, found.cost.megabytes_per_process, found.cost.disk_megabytes) == (None, None, None)
