"""A figure of one's own: what is drawn is what the results hold, and what cannot be drawn is refused in a line."""

import math

import pytest
from looks import agrees, looks

import theory
from empirics import UsageError, read_results
from empirics.report.figures import observable_figure as module
from empirics.report.figures.observable_figure import observable_figure


@pytest.fixture(scope="module")
def results(pytestconfig):
    """A verification of the default preset, in part."""
    return read_results(pytestconfig.rootpath / "docs/stored/default.json")


def seen(figure):
    return [row for row in figure.rows if row["series"] == "observed"]


def test_points_are_the_cells_with_the_limits_of_each_by_itself(results):
    figure = observable_figure(results, "ood_error", by="K", panel="R")
    assert len(seen(figure)) == len(results.cells) == len(figure.rows)
    for row, cell in zip(figure.rows, results.cells, strict=True):
        found = cell.observables["ood_error"]
        assert (row["value"], row["lower"], row["upper"]) == (found.mean, found.lower, found.upper)
        place = (row["arm"], row["templates"], row["multiplicity"], row["finetuned"], row["seeds"])
        assert place == (cell.variant, *(cell.symbols[s] for s in ("R", "K", "N_f")), len(cell.seeds))
    assert figure.name == "ood_error-N_f-K-R"


def test_with_a_claim_the_limits_decide_and_the_bound_is_its_formula(results):
    names = ["ood-error-literal", "covering-some-unseen"]
    figure = observable_figure(results, "ood_error", x="finetuned", by="multiplicity", panel="templates", claims=names)
    for row in seen(figure):
        at = (row["templates"], row["multiplicity"], row["finetuned"])
        index = next(i for i, c in enumerate(results.cells) if tuple(c.symbols[s] for s in ("R", "K", "N_f")) == at)
        verdict = results.verdict_of("ood-error-literal", index)
        decided = verdict.estimate is not None
        mean = results.cells[index].observables["ood_error"].mean
        assert (row["lower"], row["upper"]) == ((verdict.lower, verdict.upper) if decided else (None, None))
        assert row["value"] == (verdict.estimate if decided else mean)
    for name in names:
        rows = [row for row in figure.rows if row["series"] == name]
        assert len(rows) > 2 * len(results.cells), "more than at the cells"
        for row in rows:
            at = {"N_f": row["finetuned"], "K": row["multiplicity"], "R": row["templates"]}
            assert row["value"] == pytest.approx(float(theory.claim(name).bound(**at)))
        for cell in results.cells:
            here = {c: cell.at(c) for c in ("templates", "multiplicity", "finetuned")}
            (row,) = (r for r in rows if all(r[c] == v for c, v in here.items()))
            assert row["value"] == pytest.approx(cell.bounds[name].bound)
    assert "the limits that decide ood-error-literal" in figure.caption


def test_a_bound_whose_formula_is_another_one_now_is_drawn_as_it_is_stored(results, monkeypatch):
    monkeypatch.setattr(module, "fingerprint", lambda claim: "another")
    figure = observable_figure(results, "ood_error", at={"K": 3, "R": 60}, claims=["ood-error-literal"])
    drawn = [(row["finetuned"], row["value"]) for row in figure.rows if row["series"] == "ood-error-literal"]
    cells = [c for c in results.cells if (c.symbols["K"], c.symbols["R"]) == (3, 60)]
    assert drawn == [(c.symbols["N_f"], c.bounds["ood-error-literal"].bound) for c in cells]


def test_what_is_fixed_is_left_out(results):
    figure = observable_figure(results, "ood_error", x="K", by="N_f", at={"R": "60"})
    assert {row["templates"] for row in figure.rows} == {60}
    assert figure.name == "ood_error-K-N_f-R60"
    assert "at |R| = 60" in figure.caption


def test_along_training(results):
    figure = observable_figure(
        results, "pretraining_gap", x="step", by="K", panel="R", claims=["pretraining-rate"], log="xy"
    )
    known = {(c.symbols["R"], c.symbols["K"]): c for c in results.curves if c.observable == "pretraining_gap"}
    for (r, k), curve in known.items():
        mine = [row for row in figure.rows if (row["templates"], row["multiplicity"]) == (r, k)]
        drawn = [(row["step"], row["value"], row["lower"], row["upper"]) for row in mine if row["series"] == "observed"]
        assert drawn == list(zip(curve.steps, curve.mean, curve.lower, curve.upper, strict=True))
        rate = [(row["step"], row["value"]) for row in mine if row["series"] == "pretraining-rate"]
        first, start = next((t, g) for t, g in zip(curve.steps, curve.mean, strict=True) if t >= curve.steps[-1] / 10)
        assert rate[0] == (first, pytest.approx(start))
        for t, value in rate:
            assert value * t / math.log(t) ** 2 == pytest.approx(start * first / math.log(first) ** 2)
    with pytest.raises(UsageError, match=r"x=step is refused: ood_error has no curve; curves are of pretraining_gap"):
        observable_figure(results, "ood_error", x="step", by="K", panel="R")


def test_arms_are_an_axis_too(toy):
    figure = observable_figure(toy, "toy_error", by="arm", at={"d": 20, "c": 2}, claims=["toy-bound"])
    assert {(row["arm"], row["samples"]) for row in seen(figure)} == {
        (a, n) for a in ("plain", "noisy") for n in (5, 7)
    }
    assert {row["arm"] for row in figure.rows if row["series"] == "toy-bound"} == {"plain"}, "of which it speaks"
    alone = observable_figure(toy, "toy_error", arm="noisy")
    assert [row["arm"] for row in alone.rows] == ["noisy", "noisy"]
    assert alone.name == "toy_error-n-noisy"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"y": "ood_eror"}, r"y=ood_eror is unknown; did you mean ood_error\?"),
        ({"x": "N"}, r"x=N is unknown; "),
        ({"by": "nothing"}, r"by=nothing is unknown; "),
        ({"by": "N_f"}, r"by=N_f is refused: it is drawn already; allowed is another axis"),
        ({"by": "K", "panel": "multiplicity"}, r"panel=K is refused: it is drawn already"),
        ({"x": "arm"}, r"x=arm, by=step and panel=step are refused"),
        ({"by": "K"}, r"\|R\| varies over 20, 60: give by=R, panel=R or at R=20"),
        ({"by": "K", "at": {"R": "7"}}, r"R=7 is refused: ood_error was measured at 20, 60"),
        ({"by": "K", "at": {"R": "few"}}, r"R=few is refused"),
        ({"by": "K", "panel": "R", "arm": "low"}, r"arm=low is refused: ood_error was measured at main"),
        (
            {"claims": ["ood-eror-literal"]},
            r"claims=ood-eror-literal is no claim with a bound in these results; did you mean",
        ),
        ({"claims": ["trend-finetuned"]}, r"claims=trend-finetuned is no claim with a bound"),
        (
            {"y": "pretraining_gap", "claims": ["ood-error-literal"]},
            r"bounds ood_error in fraction, and y=pretraining_gap",
        ),
        ({"by": "K", "panel": "R", "log": "z"}, r"log=z is refused: allowed is x, y, xy"),
        ({"style": "web"}, r"style=web is unknown; known are paper, slides, poster"),
    ],
)
def test_what_cannot_be_drawn(asked, told, results):
    with pytest.raises(UsageError, match=told):
        observable_figure(results, **({"y": "ood_error"} | asked))


def test_a_claim_of_another_arm_and_a_logarithm_of_nothing(toy):
    with pytest.raises(UsageError, match="claims=toy-bound has no bound on what is drawn: it speaks of the arm plain"):
        observable_figure(toy, "toy_error", arm="noisy", claims=["toy-bound"])
    cells = [c.model_dump() for c in toy.cells[-2:]]
    cells = [c | {"symbols": c["symbols"] | {"n": c["symbols"]["n"] - 5}, "variant": "plain"} for c in cells]
    low = {"toy_error": cells[0]["observables"]["toy_error"] | {"mean": -0.5}}
    one = type(toy).model_validate(toy.model_dump() | {"cells": cells, "verdicts": [], "shown": {}})
    with pytest.raises(UsageError, match="log=x is refused: samples has the value 0"):
        observable_figure(one, "toy_error", log="x")
    cells[0]["observables"] |= low
    one = type(toy).model_validate(toy.model_dump() | {"cells": cells, "verdicts": [], "shown": {}})
    with pytest.raises(UsageError, match=r"log=y is refused: toy_error has the value -0\.5"):
        observable_figure(one, "toy_error", log="y")
    gone = [c | {"observables": {"toy_error": low["toy_error"] | {"mean": None}}} for c in cells]
    bare = type(toy).model_validate(toy.model_dump() | {"cells": gone, "verdicts": [], "shown": {}})
    with pytest.raises(UsageError, match="y=toy_error has no value in any cell"):
        observable_figure(bare, "toy_error")


def test_looks(toy):
    """Series by colour, mark and style; panels; bounds; a line of its own for 0; in the sizes of a talk."""
    whole = observable_figure(toy, "toy_error", by="c", panel="d", claims=["toy-bound"], width=5.0)
    assert agrees("own-panels", looks(whole))
    rows = [row | {"value": 0.0, "lower": 0.0} if row["samples"] == 7 else row for row in whole.rows]
    logarithmic = observable_figure(toy, "toy_error", by="c", panel="d", log="xy", style="slides")
    rows = [row for row in rows if row["series"] == "observed"]
    assert agrees("own-log", looks(type(whole)("own", "Own", "Own.", rows, logarithmic.draw, style="slides")))
