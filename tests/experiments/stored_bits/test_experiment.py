"""The experiment: settings that are refused, cells, symbols, what a run gives, presets, verdicts."""

import math

import pytest
import torch

import empirics
import theory
from empirics.errors import UsageError
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Point
from empirics.experiments.stored_bits import EXPERIMENT, run
from empirics.experiments.stored_bits.config import Model, Settings, Storage, Training, World
from empirics.settings import validated

SMALL = Settings(
    world=World(answers=4, load=(1.0, 2.0)),
    model=Model(inputs=6, outputs=3, hidden=(0, 8)),
    training=Training(exposures=(10, 60)),
    storage=Storage(bits=(32, 4, 1)),
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"world": {"load": [1.0, 1.0]}}, "world.load=[1.0, 1.0] is refused: allowed is distinct values"),
        ({"storage": {"bits": [20]}}, "storage.bits=20 is refused"),
        ({"training": {"binary": True}}, "training.binary=true is refused"),
        ({"training": {"binary": True}, "model": {"hidden": [0]}}, "storage.bits=[32, 8, 4, 2, 1] is refused"),
        ({"world": {"answers": 1}}, "world.answers=1 is refused"),
        ({"compute": {"device": "cuda"}}, "compute.device='cuda' is refused"),
    ],
)
def test_what_is_refused(data: dict, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        validated(Settings, data)
    assert str(refused.value).startswith(message)


def test_a_run_serves_every_precision_of_its_unit() -> None:
    unit = Point.of(c=2.0, h=8, t=60)
    assert EXPERIMENT.run_axes == ("c", "h", "t")
    assert len(EXPERIMENT.units(SMALL)) == 8
    both = EXPERIMENT.run(SMALL, unit, (3, 4), "cpu")
    (alone,) = EXPERIMENT.run(SMALL, unit, (4,), "cpu")
    assert both[1] == alone
    assert set(alone.observables) == set(EXPERIMENT.cells_of(SMALL, unit))
    assert len(alone.observables) == 3
    for cell, found in alone.observables.items():
        symbols = EXPERIMENT.symbols(SMALL, cell)
        assert set(symbols) == set(EXPERIMENT.notation)
        assert symbols["P"] == 72
        assert symbols["B"] == {32: 32 * 72 + 4, 4: 4 * 72 + 64 + 4, 1: 72 + 64 + 4}[cell["b"]]
        assert symbols["S"] == 72
        assert set(found) == {o.name for o in EXPERIMENT.observables}
        assert found["stored_bits"] == pytest.approx(found["stored_fraction"] * 72 * math.log2(4))
        assert found["bits_per_parameter"] == pytest.approx(found["stored_bits"] / 72)
        assert found["bits_per_written_bit"] == pytest.approx(found["stored_bits"] / symbols["B"])


def test_what_rounding_loses() -> None:
    unit = Point.of(c=2.0, h=8, t=60)
    (one,) = EXPERIMENT.run(SMALL, unit, (0,), "cpu")
    full, four, single = (one.observables[Point.of(c=2.0, h=8, t=60, b=b)] for b in (32, 4, 1))
    assert full["bits_lost"] == 0.0
    assert four["bits_lost"] == pytest.approx(full["bits_per_parameter"] - four["bits_per_parameter"])
    assert single["bits_lost"] > four["bits_lost"] > 0
    assert four["rounding_excess"] == pytest.approx(four["bits_lost"] - 0.05)
    assert four["rounding_shortfall"] == -four["rounding_excess"]
    two = SMALL.model_copy(update={"storage": Storage(bits=(2, 16))})
    (other,) = EXPERIMENT.run(two, unit, (0,), "cpu")
    at_two, at_sixteen = (other.observables[Point.of(c=2.0, h=8, t=60, b=b)] for b in (2, 16))
    assert four["rounding_excess_half"] == pytest.approx(at_two["rounding_excess"])
    assert four["rounding_shortfall_fourfold"] == pytest.approx(at_sixteen["rounding_shortfall"])
    assert single["rounding_excess_half"] is None
    assert full["rounding_shortfall_fourfold"] is None


def test_binary_weights_have_no_precision_to_lose() -> None:
    binary = SMALL.model_copy(
        update={
            "world": World(answers=2, load=(1.0,)),
            "model": Model(inputs=16, outputs=1, hidden=(0,)),
            "training": Training(binary=True, exposures=(20,)),
            "storage": Storage(bits=(1,)),
        }
    )
    (one,) = EXPERIMENT.run(binary, Point.of(c=1.0, h=0, t=20), (0,), "cpu")
    ((cell, found),) = one.observables.items()
    assert EXPERIMENT.symbols(binary, cell)["B"] == 16 + 4
    assert found["bits_lost"] is None
    assert 0 < found["stored_fraction"] <= 1


def test_a_diverged_run_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"memory": torch.full((3, 6), math.nan)}
    monkeypatch.setattr(run, "train", lambda *_: broken)
    (one,) = EXPERIMENT.run(SMALL, Point.of(c=1.0, h=0, t=10), (0,), "cpu")
    assert one.failure == "training diverged: a weight is not finite"
    assert not one.observables


@pytest.mark.parametrize("preset", ["default", "quick"])
def test_presets_are_complete_and_leave_the_pilot_seeds_alone(preset: str) -> None:
    assert (EXPERIMENT.folder / "presets" / f"{preset}.toml").is_file()
    settings = load_settings(EXPERIMENT, preset)
    assert settings.seeds.base == 100
    assert len(settings.seeds.looks) == 1


def test_verify_judges_the_floor() -> None:
    keys = [
        "world.load=[2.5]",
        "model.inputs=12",
        "model.outputs=4",
        "model.hidden=[8]",
        "training.exposures=[20,60]",
        "storage.bits=[32,1]",
        "arms.run=[]",
        "seeds.looks=[14]",
    ]
    config = load_settings(EXPERIMENT, "quick", settings=keys)
    results = empirics.verify(config, experiment=EXPERIMENT, workers=1)
    floor = results.claim("stored-bits-floor")
    assert floor.verdict == "HOLDS"
    judged = {v.verdict for v in results.verdicts if v.claim == "stored-bits-floor"}
    assert judged == {"HOLDS", "VACUOUS"}  # one bit; 32 bits
    assert results.claim("two-bits-memory").verdict == "OUT OF SCOPE"
    assert results.claim("more-exposures-memory").verdict == "HOLDS"


def test_every_claim_of_the_paper_is_measured_in_some_arm() -> None:
    arms = (EXPERIMENT.leading, *EXPERIMENT.overlays)
    claims = [c for c in theory.all_claims() if c.paper.name == "allen-zhu-li"]
    assert {c.id for c in claims} == set(EXPERIMENT.claims(arms))
    assert all(c.mutants for c in claims)
    assert [c.id for c in claims if c.required] == [c.id for c in claims if c.provenance == "DERIVED"]


def test_the_report_names_the_most_that_was_stored() -> None:
    keys = ["world.load=[2.5]", "training.exposures=[20]", "arms.run=[]", "seeds.looks=[2]", "model.hidden=[0]"]
    config = load_settings(EXPERIMENT, "quick", settings=[*keys, "storage.bits=[32,1]"])
    results = empirics.verify(config, experiment=EXPERIMENT, workers=1)
    shown = EXPERIMENT.show(results)
    (table,) = shown.tables
    assert [row[:5] for row in table.rows] == [("main", "2.5", 0, 20, 32), ("main", "2.5", 0, 20, 1)]
    full, single = (cell.observables for cell in results.cells)
    assert table.rows[0][5][0] == full["bits_per_parameter"].mean
    assert table.rows[1][6:] == (single["bits_per_written_bit"].mean, single["wrong_answers"].mean)
    assert f"{full['bits_per_parameter'].mean:.3g} per parameter (main: c=2.5, h=0, t=20, b=32)" in shown.headline
    assert f"{single['bits_per_written_bit'].mean:.3g} per bit of the weights (main: c=2.5" in shown.headline
