"""A map of an experiment that shares nothing with ours but the protocol: majority votes of biased coins."""

import csv
import json
import math
import re

import jsonschema
import numpy as np
import pytest
import sympy as sp
from matplotlib.collections import LineCollection

from empirics.errors import UsageError
from empirics.experiments import settings as shared
from empirics.experiments.map_design import (
    Items,
    Law,
    Laws,
    MapDesign,
    MapPreset,
    Quantity,
    Regressor,
    Split,
    Variation,
)
from empirics.experiments.protocol import Experiment, Point, UnitRun
from empirics.observables.definition import SHARE, Observable
from empirics.regimes.document import MAP_SCHEMA_FILE, read_map
from empirics.regimes.forecast import forecast_map
from empirics.regimes.make import load_map_settings, make_map, parse_variation, variations_of
from empirics.regimes.regime import Thresholds
from empirics.report.figures.regime_figures import contour_figure, moves_figure
from empirics.report.map_files import write_map_files
from empirics.report.regime_tables import all_tables, cells_csv, contours_csv
from empirics.runs.store import Store
from empirics.settings import Axis, Count, Positive, Section
from theory.notation import Notation, Symbol

QUESTIONS = 40
GRID = "[world]\nbias = [0.1, 0.2, 0.4]\nvotes = [1, 5, 15, 45]\n[arms]\nbias = [0.2]\n[seeds]\nminimum = 12\n"


class World(Section):
    bias: tuple[Positive, ...] = (0.2,)
    votes: Axis = (1, 5)
    spread: Positive = 1.0
    voters: Count = 99


class Arms(shared.Arms):
    bias: tuple[Positive, ...] = ()
    votes: tuple[Count, ...] = ()


class Config(shared.ExperimentSettings):
    world: World = World()
    arms: Arms = Arms()


class Votes(Experiment):
    """Each question is put to n normal votes with mean ``bias``; it is passed if they add up to more than 1."""

    name = "votes"
    title = "majority votes"
    notation = Notation(
        "votes",
        Symbol(sp.Symbol("b", positive=True), "bias of a vote", 0, integer=False, strict=True, latex=r"\beta"),
        Symbol(sp.Symbol("n", integer=True, positive=True), "votes", 1, shares_run=True),
        Symbol(sp.Symbol("V", integer=True, positive=True), "voters", 1),
    )
    axes = {"b": "world.bias", "n": "world.votes"}  # noqa: RUF012 - read only
    settings = Config
    observables = (
        Observable("majority_error", "Share of questions that are not passed.", SHARE, 0, 1, trivial=1.0),
        Observable("told_error", "The same, from the first vote alone.", SHARE, 0, 1),
    )
    leading = "plain"

    def symbols(self, settings, cell):
        return {**dict(cell.values), "V": settings.world.voters}

    def run(self, settings, unit, seeds, device):
        return [self._one(settings, unit, seed) for seed in seeds]

    def _one(self, settings, unit, seed):
        draws = np.random.default_rng([seed, round(1000 * unit["b"])]).normal(
            unit["b"], settings.world.spread, size=(QUESTIONS, max(settings.world.votes))
        )
        observables, details = {}, {}
        for n in settings.world.votes:
            cell = Point((*unit.values, ("n", n)))
            margin, first = draws[:, :n].sum(axis=1) - 1, draws[:, 0] - 1
            observables[cell] = {
                "majority_error": float((margin <= 0).mean()),
                "told_error": float((first <= 0).mean()),
            }
            details[cell] = {"margin": tuple(margin), "first vote": tuple(first)}
        return UnitRun(unit, seed, observables, details=details)


def gaussian(points):
    """log(-log P[not passed]), spread 1."""
    return np.log(-np.log([tail(p["b"], p["n"]) for p in points]))


def tail(bias, votes):
    """P[n normal votes add up to at most 1]."""
    return 0.5 * math.erfc((votes * bias - 1) / math.sqrt(2 * votes))


N = Regressor("n", lambda p: float(np.log(p["n"])))
B = Regressor("b", lambda p: float(np.log(p["b"])))


def fewer(data, main, voters):
    data["world"]["votes"] = tuple(n for n in data["world"]["votes"] if n <= voters)


@pytest.fixture
def design(tmp_path):
    (tmp_path / "first.toml").write_text(GRID)
    return MapDesign(
        experiment=Votes(),
        presets={"first": MapPreset(tmp_path / "first.toml", (Variation("world.spread", (2.0,)),))},
        observable="majority_error",
        axis="n",
        subject="the majority",
        sizes={"V": "world.voters"},
        adapted={"world.voters": fewer},
        quantity=Quantity("signal", "b^2", "signal b^2", lambda p: p["b"] ** 2),
        laws=Laws(
            laws=(
                Law("gaussian", "normal tail", gaussian),
                Law("power", "c n^a b^d", exponents=(N, B), free_factor=True),
            ),
            fitted=("power",),
            rivals={"gaussian": "normal tail"},
            drawn=("gaussian", "power"),
            splits=(Split("b", ("b",)),),
        ),
        items=Items(
            outcome="margin", predictors={"first vote": "told_error"}, folds=("b",), item="question", basis="one vote"
        ),
    )


@pytest.fixture
def found(design):
    settings = load_map_settings(design, "first")
    return make_map(design, settings, variations_of(design, "first"), workers=1, resamples=20)


def test_cells_stand_under_the_symbols_and_columns_of_the_experiment(found):
    assert [(c.bias, c.votes) for c in found.of("plain")] == [(b, n) for b in (0.1, 0.2, 0.4) for n in (1, 5, 15, 45)]
    assert found.cells[0].symbols == {"b": 0.1, "n": 1, "V": 99}
    assert found.cells[0].signal == pytest.approx(0.01)
    assert [c.votes for c in found.of("world.spread=2.0")] == [1, 5, 15, 45]
    assert found.experiment.name == "votes"
    assert found.design.columns == {"V": "voters", "b": "bias", "n": "votes"}


def test_the_error_is_the_normal_tail_and_the_law_that_says_so_predicts_best(found):
    for cell in found.of("plain"):
        assert cell.lower <= tail(cell.bias, cell.votes) <= cell.upper
    first, second = found.law.held_out
    assert (first.law, second.law) == ("gaussian", "power")
    assert first.deviation < 0.02 < 0.04 < second.deviation
    assert {row.law for row in found.law.collapse} == {"gaussian", "power"}
    for row in found.law.collapse:
        (cell,) = [c for c in found.of(row.variant) if (c.bias, c.votes) == (row.bias, row.votes)]
        assert row.observed_rate == pytest.approx(-math.log(cell.error))
        assert row.lower == pytest.approx(-math.log(cell.upper))
        assert row.lower < row.observed_rate < (row.upper or math.inf)
        if row.law == "gaussian":
            assert row.predicted_rate == pytest.approx(-math.log(tail(row.bias, row.votes)))
    assert {row.rival("gaussian") for row in found.law.exponents} != {None}


def test_single_items_are_scored_by_fold(found):
    (row,) = [row for row in found.prediction if row.part == "every cell"]
    assert (row.predictor, row.facts) == ("first vote", QUESTIONS * 12 * 16)
    assert {row.part for row in found.prediction} >= {"n = 45", "arm plain", "arm world.spread=2.0"}
    one = next(row for row in found.prediction if row.part == "n = 1")
    assert one.agreement == 1.0  # the first vote is the majority of one
    assert row.agreement < 1.0


def test_files_follow_the_experiments_columns_and_words(found, tmp_path):
    (tmp_path / "plots").mkdir()
    write_map_files(found, tmp_path)
    assert read_map(tmp_path / "map.json") == found
    header = next(csv.reader((tmp_path / "cells.csv").open()))
    assert header[:6] == ["variant", "voters", "bias", "votes", "signal", "seeds"]
    text = (tmp_path / "map.md").read_text()
    assert "n at which the majority error falls to a level" in text
    names = {p.stem for p in (tmp_path / "plots").glob("*.svg")}
    assert names == {"map", "heat", "moves", "law", "prediction", "reliability"}  # no claim, hence no readings
    ours = ("template", "K=", "N_f", "fine-tun", "OOD", "extract", "R=", "fact")
    told = (
        text
        + "".join(p.read_text() for p in (tmp_path / "plots").glob("*.svg"))
        + (tmp_path / "sections" / "regimes.json").read_text()
    )
    told = re.sub("<metadata>.*?</metadata>", "", told, flags=re.S)  # data by the names of map.json's keys
    assert [word for word in ours if word in told.replace("factbound", "")] == []


INTERVAL = re.compile(r"(-?[\d.]+) \[(-?[\d.]+), (-?[\d.]+)\]")


def intervals(text):
    """Every ``value [lower, upper]`` in a text."""
    return [tuple(map(float, groups)) for groups in INTERVAL.findall(text)]


def rounded(digits, *rows):
    return [tuple(round(number, digits) for number in row) for row in rows]


def test_tables_write_the_documents_limits_in_order(found):
    """Each kind of interval, against the numbers of the document itself."""
    text = {table.name: "\n".join(" | ".join(row) for row in table.rows) for table in all_tables(found)}
    told = {name: intervals(rows) for name, rows in text.items()}
    by_place = sorted((c for c in found.contours if c.variant == "plain"), key=lambda c: (c.bias, -c.level))
    crossings = [(c.measured, c.lower, c.upper) for c in by_place if c.measured is not None]
    assert told["transitions"] == rounded(1, *crossings)
    assert all(lower < upper for _, lower, upper in crossings)
    assert told["exponents"] == rounded(2, *((e.estimate, e.lower, e.upper) for e in found.law.exponents))
    assert told["held-out"] == rounded(3, *((h.deviation, h.lower, h.upper) for h in found.law.held_out))
    shown = [r for r in found.prediction if r.part.startswith(("transition", "every")) and r.auc_lower is not None]
    assert told["predictors"] == rounded(3, *((r.auc, r.auc_lower, r.auc_upper) for r in shown))
    numbers = [[f"{r.agreement:.3f}", f"{r.deviation:.3f}", f"{r.bias:+.3f}"] for r in shown]
    rows = {table.name: table for table in all_tables(found)}["predictors"].rows
    assert [list(row[5:8]) for row in rows] == numbers
    assert min(map(len, told.values())) == 0 < len(told["moves"])


def test_csv_files_hold_the_documents_limits(found):
    rows = list(csv.DictReader(cells_csv(found).splitlines()))
    assert [(float(r["error_lower"]), float(r["error_upper"])) for r in rows] == [
        (c.lower, c.upper) for c in found.cells
    ]
    rows = list(csv.DictReader(contours_csv(found).splitlines()))
    assert [(float(r["lower"]), float(r["upper"])) for r in rows] == [(c.lower, c.upper) for c in found.contours]


def test_bars_of_figures_reach_from_lower_to_upper(found):
    """The ends of what is drawn, read back from the picture, for each figure with limits."""
    for figure in (contour_figure(found), moves_figure(found)):
        rows = [r for r in figure.rows if r["votes"] is not None and r.get("series", "measured") == "measured"]
        wanted = {(round(r["lower"], 9), round(r["upper"], 9)) for r in rows}
        bars = {
            tuple(np.round(segment[:, 1], 9))
            for axes in figure.draw(figure.rows).axes
            for collection in axes.collections
            if isinstance(collection, LineCollection)
            for segment in collection.get_segments()
            if len(segment) == 2 and segment[0, 0] == segment[1, 0]
        }
        assert wanted <= bars
        assert any(low < high for low, high in wanted)


def test_other_sizes_are_of_the_law_and_other_settings_are_not(design):
    settings = load_map_settings(design, "first", None, ["seeds.minimum=4", "world.bias=[0.1,0.2]"])
    variations = variations_of(design, "first", ["world.voters=[15]", "world.spread=[2.0]"])
    found = make_map(design, settings, variations, workers=1, resamples=20)
    assert [c.votes for c in found.of("world.voters=15")] == [1, 5, 15]
    assert {c.variant for c in found.cells if c.in_law} == {"plain", "world.voters=15"}
    assert [(a.name, a.size) for a in found.arms] == [
        ("plain", False), ("world.voters=15", True), ("world.spread=2.0", False)
    ]  # fmt: skip


def test_a_map_of_nothing_but_the_error(design, tmp_path):
    """Without claims, laws, predictors, sizes: regimes and contours are left."""
    bare = MapDesign(
        experiment=design.experiment, presets=design.presets, observable="majority_error", axis="n", subject="it"
    )
    settings = load_map_settings(bare, "first", None, ["seeds.minimum=4"])
    found = make_map(bare, settings, (), workers=1, resamples=20)
    (tmp_path / "plots").mkdir()
    write_map_files(found, tmp_path)
    assert {p.stem for p in (tmp_path / "plots").glob("*.svg")} == {"map", "heat"}
    assert found.prediction == found.law.held_out == []


def test_a_dry_run_tells_what_would_run_and_leaves_no_trace(design, tmp_path):
    settings = load_map_settings(design, "first", None, ["seeds.minimum=3", "seeds.base=40"])
    variations, thresholds = variations_of(design, "first", ["world.voters=[15]"]), Thresholds(0.2, 0.8)
    (place := tmp_path / "map").mkdir()
    given = {"stored": place / "runs.sqlite", "workers": 1}
    found = forecast_map(design, settings, variations, thresholds, **given)
    assert list(place.iterdir()) == []
    assert (found.experiment, found.base, found.seeds, found.success, found.failure) == ("votes", 40, 3, 0.2, 0.8)
    grids = {arm.name: (arm.overlay, arm.grid) for arm in found.arms}
    assert grids == {
        "plain": ({}, {"b": [0.1, 0.2, 0.4], "n": [1, 5, 15, 45]}),
        "world.voters=15": ({"world.voters": 15}, {"b": [0.2], "n": [1, 5, 15]}),
    }
    assert (found.cost.runs, found.cost.found, found.cost.failed, found.broken) == ([12], 0, {}, [])
    assert found.cost.seconds_per_run * 12 == pytest.approx(found.cost.seconds[0])
    with Store(place / "runs.sqlite") as store:
        make_map(design, settings, variations, workers=1, resamples=20, store=store)
    again = forecast_map(design, settings, variations, thresholds, **given)
    assert (again.cost.found, again.cost.relative, again.cost.seconds) == (12, [0.0], None)
    many = load_map_settings(design, "first", None, ["seeds.minimum=10000000"])
    with pytest.raises(UsageError, match="seeds"):
        forecast_map(design, many, variations, thresholds, **given)


def test_a_map_tells_the_runs_that_a_defect_ended(design, monkeypatch):
    def one(self, settings, unit, seed):
        if seed:
            raise ValueError(f"no seed {seed}")
        return Votes._of(self, settings, unit, seed)

    monkeypatch.setattr(Votes, "_of", Votes._one, raising=False)
    monkeypatch.setattr(Votes, "_one", one)
    settings = load_map_settings(design, "first", None, ["seeds.minimum=3", "world.bias=[0.1,0.2]"])
    (line,) = make_map(design, settings, (), workers=1, resamples=20).broken
    assert line.startswith(f"experiment votes ({__file__}, line ")
    assert line.endswith("): ValueError: no seed 1; 4 failed runs (plain, b=0.1, seed 1 and others)")


def test_what_a_design_may_not_say(design):
    with pytest.raises(ValueError, match="axis=m"):
        MapDesign(experiment=Votes(), presets={}, observable="majority_error", axis="m", subject="it")
    with pytest.raises(UsageError, match=r"--vary arms.run is refused: allowed are keys of \[world\]"):
        parse_variation(design, "arms.run=[1]")


def test_the_schema_allows_it(found):
    jsonschema.validate(json.loads(found.model_dump_json()), json.loads(MAP_SCHEMA_FILE.read_text()))
