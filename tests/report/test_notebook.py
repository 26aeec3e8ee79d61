"""Results in a notebook: frames whose numbers are those of the document, and axes of a figure."""

import sys
from types import SimpleNamespace

import pyarrow
import pytest

import theory
from empirics import UsageError, judge, load_config, read_results
from empirics import plot as empirics_plot
from empirics import run as empirics_run
from theory.html import html_table
from theory.planning.plan import ask


@pytest.fixture(scope="module")
def results(pytestconfig):
    return read_results(pytestconfig.rootpath / "docs/stored/default.json")


def columns(results, part):
    found = results.frame(part, "pyarrow")
    assert isinstance(found, pyarrow.Table)
    return found.to_pydict()


def test_a_row_for_each_cell_and_for_each_run(results):
    cells, runs = columns(results, "cells"), columns(results, "runs")
    assert len(cells["variant"]) == len(results.cells)
    index = next(i for i, c in enumerate(results.cells) if c.bounds and c.observables)
    cell = results.cells[index]
    assert cells["templates"][index] == cell.symbols["R"]
    assert cells["seeds"][index] == len(cell.seeds)
    for name, found in cell.observables.items():
        assert [cells[f"{name}_{part}"][index] for part in ("mean", "lower", "upper")] == [
            found.mean, found.lower, found.upper,
        ]  # fmt: skip
    for claim, bound in cell.bounds.items():
        assert cells[f"{claim}_bound"][index] == bound.bound
    assert len(runs["seed"]) == sum(len(c.seeds) for c in results.cells)
    first = sum(len(c.seeds) for c in results.cells[:index])
    assert runs["seed"][first : first + len(cell.seeds)] == cell.seeds
    assert runs["ood_error"][first : first + len(cell.seeds)] == cell.observables["ood_error"].values


def test_a_row_for_each_verdict_claim_and_step(results):
    verdicts, claims, curves = (columns(results, part) for part in ("verdicts", "claims", "curves"))
    assert verdicts["verdict"] == [v.verdict for v in results.verdicts]
    assert verdicts["counts_yes"] == [v.counts and v.counts.yes for v in results.verdicts]
    assert verdicts["where"][0] == results.where(results.verdicts[0])
    assert dict(zip(claims["id"], claims["verdict"], strict=True)) == {c.id: c.verdict for c in results.claims}
    assert claims["pooled_lower"] == [c.pooled and c.pooled.lower for c in results.claims]
    assert curves["mean"] == [mean for curve in results.curves for mean in curve.mean]


def test_the_library_that_is_installed_is_taken(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.setitem(sys.modules, "polars", SimpleNamespace(DataFrame=lambda columns: ("polars", columns)))
    assert results.frame()[0] == "polars"
    assert results.frame("claims")[1]["id"] == [c.id for c in results.claims]
    monkeypatch.setitem(sys.modules, "polars", None)
    assert isinstance(results.frame(), pyarrow.Table)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for library, needed in ((None, "pandas, polars or pyarrow"), ("pandas", "pandas")):
        with pytest.raises(UsageError, match=f"a data frame needs {needed}, which is not installed: pip install "):
            results.frame("cells", library)


def test_a_part_or_library_that_is_unknown_is_refused(results):
    with pytest.raises(UsageError, match=r"part=cell is unknown; did you mean cells\?"):
        results.frame("cell")
    with pytest.raises(UsageError, match=r"library=pandsa is unknown; did you mean pandas\?"):
        results.frame("cells", "pandsa")


def test_a_figure_of_the_report_is_one_of_matplotlibs(results):
    names = [data.name for data in (*results.shown.figures, *results.figures)]
    assert any(one.lines or one.collections for one in results.plot().axes)
    forest = next(data.name for data in results.figures if data.kind == "forest")
    (axis,) = results.plot(forest).axes
    assert axis.get_xlabel()
    with pytest.raises(UsageError, match=f"{names[0]}x is unknown; did you mean"):
        results.plot(names[0] + "x")
    with pytest.raises(UsageError, match=f"name=foo is unknown; .*{names[0]}"):
        results.plot("foo")
    empty = results.model_copy(update={"figures": [], "shown": results.shown.model_copy(update={"figures": ()})})
    with pytest.raises(UsageError, match="no figure"):
        empty.plot()


def test_a_figure_of_ones_own_has_the_size_that_is_asked_for(results):
    chosen = {"x": "N_f", "by": "K", "panel": "R", "claims": ["ood-error-literal"], "log": "y"}
    figure = results.plot(y="ood_error", width=5.0, style="slides", **chosen)
    assert figure.get_size_inches()[0] == 5.0
    panels = [axis.get_title() for axis in figure.axes]
    assert panels == [f"$|R|={r}$" for r in sorted({c.symbols["R"] for c in results.cells})]
    assert figure.axes[0].title.get_fontsize() == 18, "8 pt on paper"
    assert empirics_plot(results, y="ood_error", at={"K": 3}, by="R").axes
    with pytest.raises(UsageError, match="by goes with y, an observable"):
        results.plot(by="K")
    with pytest.raises(UsageError, match="name=ood-error is refused: y=ood_error draws"):
        results.plot("ood-error", y="ood_error", **chosen)


def test_what_is_long_is_cut_and_what_is_empty_is_left_out(results):
    told = [repr(part) for part in (*results.claims, *results.verdicts, *results.cells, *results.figures)]
    assert max(map(len, told)) < 1200
    assert not any("=None" in text or "=[]" in text for text in told)
    pooled = next(c for c in results.claims if c.pooled is not None)
    assert f"<td>{pooled.pooled.statement}: " in pooled._repr_html_()
    assert str(results.claims[0]) == repr(results.claims[0])
    assert str(load_config("quick")) == repr(load_config("quick"))


def test_what_a_notebook_shows_is_short(results):
    claim = theory.claim("rank-one")
    rows = [{"N_f": 40, "K": 3, "R": 20, "seed": s, "ood_error": 0.1, "pretraining_gap": 0.01} for s in range(3)]
    judged = judge(rows, "ood-error-literal")
    (planned, *_) = ask(theory.claim("coverage-half-mean"), "0.05", {"K": 4, "R": 40})
    run = empirics_run(load_config("quick"), templates=4, multiplicity=2, finetuned=2, seed=0)
    for shown, name in (
        (results, "Results("),
        (claim, "Claim("),
        (judged, "Judged("),
        (planned, "Plan("),
        (run, "Fini"),
        (results.claims[0], "ClaimResult(pretraining-floor: HOLDS; pretraining_floor == log(K))"),
        (results.cells[0], "CellResult(variant='main', symbols={'A': 60, "),
        (results.verdicts[0], "VerdictResult(claim='ood-error-literal', "),
        (results.curves[0], "CurveResult(variant='main', "),
        (results.shown, "Shown(summary="),
        (results.environment, "Environment(factbound="),
        (load_config("quick"), "Config(seeds.looks=(16,), world.subjects=40, "),
        (load_config(experiment="language-model"), "LMConfig(all defaults)"),
    ):
        assert repr(shown).startswith(name)
        assert len(repr(shown)) < 800
        assert "<table><tr><td>" in shown._repr_html_()
        assert len(shown._repr_html_()) < 10_000
    assert "<td>verdict</td><td>HOLDS</td>" in results.claims[0]._repr_html_()
    assert "<td>world.subjects</td><td>40</td><td>60</td>" in load_config("quick")._repr_html_()
    assert "<td>world.facts</td><td>&#x27;&#x27;</td><td></td>" in load_config("quick")._repr_html_()
    assert "|R|=20, K=3, N_f=40</td><td>UNDECIDED" in judged._repr_html_()
    assert f"{planned.unknown} = {planned.value} for" in repr(planned)
    assert html_table("a < b", [("<x>", 1)]) == "<p>a &lt; b</p><table><tr><td>&lt;x&gt;</td><td>1</td></tr></table>"
