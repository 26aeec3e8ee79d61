"""What ``factbound compare`` tells: every kind of difference is made once, and found."""

import numpy as np
import pytest
from invented_results import toy_results

from empirics.errors import UsageError
from empirics.judging.confidence import intervals
from empirics.report.compared import summary
from empirics.report.files import read_directory
from empirics.verification.baseline import baseline_of, write_baseline
from empirics.verification.compare import Given, compared, given
from empirics.verification.document import write_document
from empirics.verification.results import Results

CELL = "noisy, |D|=20, c=2, n=7"


@pytest.fixture
def document():
    """The toy's results as plain data, with more seeds."""
    data = toy_results().model_dump(mode="json")
    for cell in data["cells"]:
        cell["failed"], cell["failures"] = [], {}
        cell["seeds"], cell["in_scope_seeds"] = list(range(40)), list(range(40))
        for found in cell["observables"].values():
            found["values"] = [0.25] * 40
    return data


def against(old, new):
    return compared(*(Given(name, Results.model_validate(side)) for name, side in (("a", old), ("b", new))))


def changed(document, **parts):
    return {**document, **parts}


def with_values(document, values, cell=-1, name="toy_error"):
    """The document with other values of an observable in one cell."""
    cells = [dict(c) for c in document["cells"]]
    observables = dict(cells[cell]["observables"])
    observables[name] = observables[name] | {"values": list(values)}
    cells[cell]["observables"] = observables
    return changed(document, cells=cells)


def test_the_same_is_identical_bit_for_bit(document):
    found = against(document, document)
    assert (found.identical, found.identical_runs, found.cells) == (True, True, (14, 0, 0))
    parts = (found.configuration, found.environment, found.plan, found.claims, found.verdicts, found.estimates)
    assert parts == ([],) * 6
    assert found.notes == []


def test_one_bit_is_not_identical(document):
    values = [np.nextafter(0.25, 1)] + [0.25] * 39
    found = against(document, with_values(document, values))
    assert not found.identical
    assert not found.identical_runs
    (estimate,) = found.estimates
    assert (estimate.where, estimate.observable, estimate.differs) == (CELL, "toy_error", False)
    assert (found.comparisons, found.equal) == (14, 13)


def test_configuration_environment_plan_and_files_key_by_key(document):
    other = changed(
        document,
        config=document["config"] | {"world": {"samples": [5, 7], "size": 3}},
        environment=document["environment"] | {"cpu": "another machine", "git_commit": "abc"},
        plan=document["plan"] | {"declared": True},
        files=[{"path": "/somewhere/mine.py", "sha256": "f" * 64}],
        complete=False,
    )
    found = against(document, other)
    assert [(c.what, c.before, c.after) for c in found.configuration] == [("world.size", None, 3)]
    expected = [("git_commit", None, "abc"), ("cpu", "a machine", "another machine")]
    assert [(c.what, c.before, c.after) for c in found.environment] == [
        *expected,
        ("files", {}, {"mine.py": "f" * 64}),
        ("complete", True, False),
    ]
    assert [(c.what, c.before, c.after) for c in found.plan] == [("declared", False, True)]
    assert found.identical  # the runs and verdicts are
    assert found.drawn == ["world.size"]


def test_claims_formula_certificate_provenance_and_evidence(document):
    row = {"kind": "prose proof", "present": True, "state": "written", "where": [], "shows": "", "limits": ""}
    measured = row | {"kind": "measurement", "state": "HOLDS"}
    mine, *others = document["claims"]
    mine = mine | {
        "formula": "toy_error <= 1",
        "fingerprint": "1" * 16,
        "provenance": "STATED",
        "certificate": {"status": "PROVED", "steps": 3, "proved": 3},
        "evidence": [row, measured],
        "premises": [],
    }
    found = against(document, changed(document, claims=[mine, *others[1:]]))
    told = {c.what: (c.before, c.after) for c in found.claims}
    assert told == {
        "toy-bound: formula": ("toy_error <= exp(-n)", "toy_error <= 1"),
        "toy-bound: fingerprint": ("0" * 16, "1" * 16),
        "toy-bound: provenance": ("DERIVED", "STATED"),
        "toy-bound: premises": (["enough samples"], []),
        "toy-bound: certificate": (None, "PROVED, 3 of 3 steps"),
        "toy-bound: evidence, prose proof": (None, "written"),
        "toy-arms": ("judged", None),
    }
    assert "the claim's formula, premises or domain changed" in found.verdicts[0].what


def test_verdicts_of_claims_and_of_cells_with_their_grade(document):
    verdicts = [dict(v) for v in document["verdicts"]]
    assert [v["verdict"] for v in verdicts[:3]] == ["HOLDS", "UNDECIDED", "VIOLATED"]
    verdicts[0]["verdict"], verdicts[1]["verdict"] = "VIOLATED", "HOLDS"
    claims = [document["claims"][0] | {"verdict": "UNDECIDED"}, *document["claims"][1:]]
    found = against(document, changed(document, verdicts=verdicts, claims=claims))
    assert found.identical_runs
    assert not found.identical
    assert {(v.level.value, v.claim, v.where, v.before, v.after) for v in found.verdicts} == {
        ("FAILURE", "toy-bound", "|D|=10, c=1, n=5", "HOLDS", "VIOLATED"),
        ("NOTE", "toy-bound", "|D|=10, c=1, n=7", "UNDECIDED", "HOLDS"),
        ("NOTE", "toy-bound", "", "VIOLATED", "UNDECIDED"),
    }


def test_means_are_paired_by_seed_at_alpha_over_all_comparisons(document):
    drawn = np.random.default_rng(0)
    before = drawn.uniform(0.1, 0.4, 40)
    after = before + drawn.uniform(0.4, 0.6, 40)
    found = against(with_values(document, before), with_values(document, after))
    (estimate,) = found.estimates
    assert (found.alpha, found.comparisons, found.equal) == (0.05, 14, 13)
    ((lower, upper),) = intervals((after - before)[None], 0.05 / 14, -1.0, 1.0)
    assert estimate.difference == (pytest.approx((after - before).mean()), lower, upper)
    assert 0 < lower < 0.4
    assert (estimate.basis, estimate.seeds, estimate.unpaired, estimate.differs) == ("betting", 40, 0, True)
    back = against(with_values(document, after), with_values(document, before)).estimates[0]
    assert back.difference == pytest.approx((-estimate.difference[0], -upper, -lower))


def test_seeds_of_one_side_alone_and_undefined_values_are_left_out(document):
    values = [None, *[0.5] * 39]
    new = with_values(document, values)
    new["cells"][-1]["failed"], new["cells"][-1]["failures"] = [1], {"1": "it diverged"}
    (estimate,) = against(document, new).estimates
    assert (estimate.seeds, estimate.unpaired) == (38, 2)
    assert estimate.difference[0] == 0.25


def test_without_common_seeds_both_limits_stand_side_by_side(document):
    new = with_values(document, [0.25] * 40)
    new["cells"][-1]["seeds"] = list(range(40, 80))
    new["cells"][-1]["in_scope_seeds"] = []
    old = document["cells"][-1]["observables"]["toy_error"]
    for lower, apart in ((old["upper"] + 0.1, True), (old["upper"] - 1e-6, False)):
        limits = {"lower": lower, "mean": lower + 0.1, "upper": lower + 0.2}
        new["cells"][-1]["observables"]["toy_error"] = old | limits | {"values": [0.25] * 40}
        found = against(document, new)
        (estimate,) = found.estimates
        assert (estimate.basis, estimate.seeds, estimate.differs) == ("unpaired", 0, apart)
        assert estimate.difference == (pytest.approx(lower + 0.1 - old["mean"]), None, None)
        assert (found.comparisons, found.equal) == (13, 13)


def test_what_is_computed_has_no_interval_and_what_is_unbounded_is_approximate(document):
    about = document["observables"]["toy_error"]
    exact = changed(document, observables=document["observables"] | {"toy_error": about | {"sampling": "exact"}})
    found = against(exact, with_values(exact, [0.5] * 40))
    assert (found.comparisons, found.estimates[0].basis, found.estimates[0].differs) == (0, "exact", True)
    assert found.estimates[0].difference == (0.25, 0.25, 0.25)
    free = changed(document, observables=document["observables"] | {"toy_error": about | {"upper": None}})
    found = against(free, with_values(free, np.linspace(0.3, 0.5, 40)))
    assert (found.estimates[0].basis, found.estimates[0].differs) == ("student-t", True)


def test_it_is_said_where_the_same_seed_draws_another_world(document):
    def other(**config):
        new = with_values(document, [0.5] * 40)
        return changed(new, config=document["config"] | config)

    for config, drawn in (
        ({"world": {"samples": [5]}}, []),  # the grid itself
        ({"training": {"steps": 3}, "seeds": {"looks": [3]}, "verdict": {"alpha": 0.1}}, []),
        ({"world": {"samples": [5, 7], "size": 3}}, ["world.size"]),
        ({"model": {"width": 3}}, ["model.width"]),
    ):
        found = against(document, other(**config))
        assert found.drawn == drawn
        assert any("between two populations" in note for note in found.notes) == bool(drawn)
    arm = other()
    arm["cells"][-1]["overlay"] = {"model.width": 4}
    assert against(document, arm).drawn == ["model.width"]
    sources = changed(other(), environment=document["environment"] | {"code_hash": "y"})
    assert "made by different sources" in against(document, sources).notes[-1]


def test_cells_of_one_side_alone_are_counted(document):
    fewer = changed(
        document,
        cells=document["cells"][:-1],
        verdicts=[v for v in document["verdicts"] if 13 not in v["cells"]],
        shown=document["shown"] | {"columns": {}},
    )
    assert against(document, fewer).cells == (13, 1, 0)
    assert against(fewer, document).cells == (13, 0, 1)


def test_a_baseline_on_either_side(document, tmp_path):
    toy = Results.model_validate(document)
    write_baseline(baseline_of("quick", toy, {"toy-bound": {"step": True}}), tmp_path / "b.json")
    (tmp_path / "r").mkdir()
    verdicts = [dict(v) for v in document["verdicts"]]
    verdicts[1] |= {"verdict": "HOLDS", "lower": 0.7, "upper": 0.9}
    write_document(Results.model_validate(changed(document, verdicts=verdicts)), tmp_path / "r" / "results.json")
    base, results = given(tmp_path / "b.json", read_directory), given(tmp_path / "r", read_directory)
    found = compared(base, results)
    where = "|D|=10, c=1, n=7"
    assert {(v.before, v.after, v.where) for v in found.verdicts} == {("UNDECIDED", "HOLDS", where)}
    assert "Verdicts that changed: 0 claims; 1 cell." in summary(found)
    (estimate,) = found.estimates
    assert (estimate.observable, estimate.basis, estimate.differs) == ("limits of toy-bound", "unpaired", True)
    assert found.alpha is None
    assert "not in it and were not compared" in found.notes[0]
    back = compared(results, base)
    assert {(v.before, v.after) for v in back.verdicts} == {("HOLDS", "UNDECIDED")}
    assert compared(base, base).verdicts == []


def test_the_parts_of_two_plans_that_differ(document):
    plan = {"hash": document["plan"]["hash"], "settings": {"world": 1, "model": 2}, "claims": []}
    toy = Results.model_validate(document)
    found = compared(Given("a", toy, plan), Given("b", toy, plan | {"settings": {"world": 1, "model": 3}}))
    assert [(c.what, c.after) for c in found.plan] == [("differs in", "settings.model")]


def test_what_is_neither_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere is not there; allowed are a directory with results\.json"):
        given(tmp_path / "nowhere", read_directory)
    with pytest.raises(UsageError, match="cannot read"):
        given(tmp_path, read_directory)
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(UsageError, match="is not a baseline"):
        given(tmp_path / "x.json", read_directory)
