"""What a dry run prints, in every case: the whole text."""

import io

import pytest
from rich.console import Console

from empirics.cli.dry_run import print_forecast, print_map_forecast
from empirics.regimes.forecast import MapForecast
from empirics.verification.forecast import AtBest, Cost, Count, Forecast
from empirics.verification.plan import PlannedArm
from empirics.verification.results import PlanResult

PLAN = {
    "hash": "c0[ffee]",
    "experiment": "[toy]",
    "claims": ["a", "b"],
    "seeds": {"looks": [4, 16], "base": 100},
    "verdict": {"alpha[x]": 0.05, "share": 0.8},
    "arms": [
        {"name": "main", "grid": {"K": [1, 2], "R": [6]}, "overlay": {}},
        {"name": "wide[x]", "grid": {"K": [2]}, "overlay": {"model.width": 64, "model.mlp": False}},
    ],
}
COST = Cost(
    runs=[8, 32], found=3, relative=[5.25, 29.0], seconds=[90.0, 7200.0], seconds_per_run=1.234, workers=2, timed=6,
    megabytes_per_process=512.4, disk_megabytes=0.1234,
)  # fmt: skip
CLAIMS = [
    AtBest(
        claim="share[x]", kind="trend", cells=4, testable=4, confirmed=(Count(worlds=4, of=4), Count(worlds=15, of=16)),
        refuted=(Count(worlds=1, of=4),),
    ),
    AtBest(claim="never", kind="comparison", cells=2, testable=1),
    AtBest(
        claim="mean[x]", kind="upper", cells=3, testable=3, limit=0.09791, confirmable=2, refutable=3, vacuous=1,
        beyond=("K=1", "K=2"),
    ),
    AtBest(claim="unlimited", kind="lower", cells=3, testable=2, confirmable=0, refutable=1, vacuous=0),
    AtBest(claim="exact", kind="identity", cells=1, testable=1, exact=True),
    AtBest(claim="absent", kind="upper", cells=2, testable=0),
]  # fmt: skip


def told(**changes):
    parts = {
        "plan": PLAN,
        "standing": PlanResult(hash="c0ffee", declared=True, reason="none [of its runs] existed"),
        "cost": COST,
        "property_share": 0.8,
        "supported_from": 16,
        "claims": CLAIMS,
    }
    out = Console(file=io.StringIO(), width=140, highlight=False)
    print_forecast(Forecast(**parts | changes), out)
    return [line.rstrip() for line in out.file.getvalue().splitlines()]


def test_every_line():
    lines = told()
    assert lines[:13] == [
        "Plan c0[ffee]",
        "[toy]: 2 claims; seeds 100 to 115",
        "looks at 4 seeds, 16 seeds",
        "alpha[x] 0.05; share 0.8",
        "  main: K in [1, 2], R in [6]",
        "  wide[x]: K in [2]; model.width=64; model.mlp=False",
        "Results would be declared before the data: none [of its runs] existed.",
        "",
        "Cost",
        "8 runs at 4 seeds, 32 runs at 16 seeds (3 of them are stored)",
        "what is missing, in cheapest runs: 5.25, 29",
        lines[11],
        "memory: about 512 MB a process, more for larger units",
    ]
    assert lines[11].startswith("time: about ")
    more = "start-up, verdicts and figures come on top"
    assert lines[11].endswith(f" for 16 seeds in 2 processes (1.2 s a run, the mean of 6); {more}")
    assert " for 4 seeds, " in lines[11]
    assert lines[13:17] == [
        "disk: about 0.12 MB in runs.sqlite",
        "",
        "What these seeds could decide at best",
        "a property that holds everywhere is SUPPORTED from 16 seeds (80%, all cells together)",
    ]
    table = [[part.strip() for part in line.split("  ") if part.strip()] for line in lines[17:]]
    assert table == [
        ["claim", "kind", "cells", "a cell is confirmed", "a cell is refuted"],
        ["share[x]", "trend", "4", "at 4 of 4, 15 of 16", "at most 1 of 4"],
        ["never", "comparison", "1 of 2", "never", "never"],
        ["mean[x]", "upper", "3", "2 of 3 can be (limit 0.0979); vacuous in 1", "3 of 3 can be"],
        ["unlimited", "lower", "2 of 3", "0 of 2 can be", "1 of 2 can be"],
        ["exact", "identity", "1", "by computation", "by computation"],
        ["absent", "upper", "0 of 2", "not tested"],
        ["mean[x]: too strict for these seeds at K=1; K=2"],
    ]


def test_what_is_unknown_is_left_out():
    unknown = {
        "found": 0,
        "seconds": None,
        "seconds_per_run": None,
        "megabytes_per_process": None,
        "disk_megabytes": None,
    }
    standing = PlanResult(hash="c0ffee", declared=False, reason="3 existed")
    lines = told(cost=COST.model_copy(update=unknown), standing=standing, supported_from=None)
    assert lines[6] == "Results would be exploratory: 3 existed."
    assert lines[9:14] == [
        "8 runs at 4 seeds, 32 runs at 16 seeds",
        "what is missing, in cheapest runs: 5.25, 29",
        "",
        "What these seeds could decide at best",
        "these seeds are too few for SUPPORTED: none could confirm 80% over all cells together",
    ]
    for short in ({"runs": [8]}, {"seconds": [90.0]}):
        with pytest.raises(ValueError, match="longer"):
            told(cost=COST.model_copy(update=short))
    alone = told(cost=COST.model_copy(update={"workers": 1}))[11]
    assert " in 1 process (" in alone
    for reason, shown in (("it [was] killed", ": it [was] killed"), ("internal error: as told elsewhere", "")):
        failed = COST.model_copy(update={**unknown, "failed": {reason: "K=1"}})
        assert f"time: unknown, a run that was to be timed failed (K=1){shown}" in told(cost=failed)
    for half in ("seconds", "seconds_per_run"):
        assert not any("time:" in line for line in told(cost=COST.model_copy(update={half: None})))


def test_a_map_before_it_runs():
    found = MapForecast(
        experiment="[toy]",
        arms=[
            PlannedArm(name="main", overlay={}, grid={"K": [1, 2]}),
            PlannedArm(name="m=8", overlay={"model.m": 8}, grid={"K": [2]}),
        ],
        base=5, seeds=4, success=0.25, failure=0.75, cost=COST.model_copy(update={"runs": [8], "seconds": [30.0]}),
    )  # fmt: skip
    out = Console(file=io.StringIO(), width=140, highlight=False)
    print_map_forecast(found, out)
    lines = out.file.getvalue().splitlines()
    assert lines[:7] == [
        "Map of [toy]; seeds 5 to 8",
        "a cell succeeds at a mean error of at most 0.25, and fails from 0.75 on",
        "  main: K in [1, 2]",
        "  m=8: K in [2]; model.m=8",
        "",
        "Cost",
        "8 runs at 4 seeds (3 of them are stored)",
    ]
    assert lines[8].startswith("time: about 30 s for 4 seeds in 2 processes (")


def test_what_all_runs_take_at_least_is_told():
    from empirics.verification.size import Size

    size = Size(runs=2000, cells=3, processes=2, collecting=4_000, running=5_000_000, disk=60, key="seeds.looks")
    out = Console(file=io.StringIO(), width=300)
    standing = PlanResult(hash="c0[ffee]", declared=True, reason="none")
    cost = COST.model_copy(update={"size": size})
    given = {"property_share": 0.8, "supported_from": None, "claims": []}
    print_forecast(Forecast(plan=PLAN, standing=standing, cost=cost, **given), out)
    assert (
        "by arithmetic: 2,000 runs of 3 cells; at least 10 MB of memory (4 kB for the results, 5 MB for each run in "
        "2 processes) and 60 B of disk\n"
    ) in out.file.getvalue()
