"""Everything that is told of results, whole: what the terminal prints and what the page says of each claim."""

import io
from dataclasses import fields
from pathlib import Path

import pytest
from looks import agrees
from rich.console import Console

from empirics.experiments.presentation import Column, Table
from empirics.experiments.protocol import Curve
from empirics.report import tables
from empirics.report.claim_views import claim_views, closest_call
from empirics.report.figures.figure import Figure
from empirics.report.plain import plain_table
from empirics.report.terminal import print_results, print_run
from empirics.verification.results import Results

PROVED = {
    "status": "PROVED", "proved": 3, "steps": 3, "refuted": 2, "mutants": 2, "methods": ["exact", "Sturm"],
    "domains": ["n > 0", "k > 0"], "check": "factbound certify toy-bound",
}  # fmt: skip
WIDE = Table(
    id="wide",
    title="Wide [table]",
    columns=(
        Column(name="a heading that is much longer than all of its values are", kind="number"),
        Column(name="another heading that is longer than what stands below it"),
        Column(name="one [interval] of several words in its heading", kind="interval"),
        Column(name="a verdict with a note", kind="verdict"),
    ),
    rows=((0.5, "x" * 31, (0.25, None, None), ("HOLDS", "[so]")), (None, "short", (1.0, 0.5, 2.0), ("NOT TESTED", ""))),
)


def everything(toy):
    """The toy's results with each case: premises, certificates, mutants, violations, claims without verdicts."""
    document = toy.model_dump(mode="json")
    first, second, third = document["claims"]
    premise = {"name": "n", "relation": "n >= 2"}
    for i, verdict in enumerate(document["verdicts"][:12]):
        verdict["premises"] = [premise | {"value": None if i == 3 else 5.0 + i, "limit": 2.0 + i % 2, "holds": i > 1}]
        verdict["tightness"] = None if i % 2 else 1.0 + i
        verdict["sharpness"] = None if i % 3 else 1.5 + i / 10
    document["verdicts"][1]["reason"] = "the bound is undefined here: n is too small"
    document["verdicts"][9] |= {"verdict": "UNDECIDED", "reason": "too [few]"}
    document["verdicts"][10] |= {"estimate": 0.5, "lower": None}
    document["verdicts"][13]["flat"] = True
    first |= {
        "certificate": PROVED,
        "mutants": [{"name": "half", "refuted": True, "evidence": "cell [1]"},
                    {"name": "twice", "refuted": False, "evidence": ""},
                    {"name": "none", "refuted": None, "evidence": ""}],
    }  # fmt: skip
    second |= {"verdict": "VIOLATED", "certificate": {"status": "NOT CHECKED", "reason": "changed since"}}
    second["pooled"] |= {"confirmed": False, "refuted": True, "upper": 0.3, "lower": 0.1, "direction": "reversed"}
    third |= {"latex": "", "domain": []}
    lower = first | {
        "id": "toy-lower",
        "kind": "lower",
        "verdict": "HOLDS",
        "provenance": "STATED",
        "certificate": None,
        "mutants": [],
    }
    absent = first | {
        "id": "toy-absent",
        "kind": "equivalence",
        "verdict": "NOT TESTED",
        "provenance": "OTHER",
        "judged_on": "toy_gap",
        "mutants": [],
    }
    document["claims"] += [lower, absent]
    own = document["verdicts"][4] | {"claim": "toy-lower", "sharpness": None, "tightness": 2.5}
    own["premises"] = [premise | {"value": None, "limit": 3.0, "holds": False}]
    document["verdicts"] += [
        own | {"lower": 0.5 + i / 10, "upper": 0.75 + i / 8, "bound": 0.25 + i / 10, "cells": [i]} for i in (2, 0)
    ]
    untested = document["verdicts"][0] | {
        "claim": "toy-absent",
        "cells": [],
        "verdict": "NOT TESTED",
        "reason": "no arm",
    }
    document["verdicts"] += [untested | {"by_sampling": False, "premises": [], "tightness": None, "sharpness": None}]
    document["shown"]["tables"] = [*document["shown"]["tables"], WIDE.model_dump(mode="json")]
    document["cells"][13]["failures"] = {"1": "it was [stopped]"}
    document["shown"]["notes"] = ["A [paragraph]."]
    document["shown"]["headline"] = "The [headline]."
    document["shown"]["tables"][0]["note"] = "A [note] below."
    return Results.model_validate(document)


@pytest.fixture(scope="module")
def results(toy):
    return everything(toy)


def printed(results, width):
    out = Console(file=io.StringIO(), width=width, highlight=False)
    print_results(results, out, Path("some[where]"))
    return "\n".join(line.rstrip() for line in out.file.getvalue().splitlines())


@pytest.mark.parametrize("width", [60, 80, 100, 120, 170])
def test_the_terminal(results, width):
    assert agrees(f"told-terminal-{width}", printed(results, width))


def test_the_terminal_colours_verdicts(results):
    colours = {"force_terminal": True, "color_system": "standard", "legacy_windows": False, "_environ": {}}
    out = Console(file=io.StringIO(), width=170, highlight=False, **colours)
    print_results(results, out, Path("somewhere"))
    text = out.file.getvalue()
    codes = {"HOLDS": "32", "UNDECIDED": "33", "VIOLATED": "1;31", "NOT TESTED": "2"}
    codes |= {"refuted": "32", "NOT REFUTED": "1;31", "not tested": "2"}
    assert [word for word, code in codes.items() if f"\x1b[{code}m{word}\x1b" not in text] == []


def test_what_the_page_says_of_each_claim(results):
    figure = Figure("claim-toy-lower", "L", "L.", [], lambda rows: None)
    lines = []
    for view in claim_views(results, [figure, Figure("toy-panels", "P", "P.", [], lambda rows: None)]):
        lines.append(f"{view.stated.id}, asked {view.asked}, figure {view.figure and view.figure.name}")
        for field in fields(view):
            value = getattr(view, field.name)
            if field.name in (
                "kind",
                "provenance",
                "observable",
                "certificate",
                "tightness",
                "closest",
                "several_arms",
            ):
                lines.append(f"  {field.name}: {value}")
        lines.append(f"  formula: {'alttext' in (view.formula or '')} {'block' in (view.formula or '')}")
        lines += [f"  premise {'alttext' in p.formula}: {p.text}; {p.values}; {p.holds}" for p in view.premises]
        lines += [f"  verdict {v.verdict} of {c and c.variant} at {at}" for v, c, at in view.verdicts]
        lines += [f"  step {where}: {step}" for where, step in view.steps]
        lines.append(
            f"  has {[name for name in ('counts', 'tightness', 'sharpness', 'effect', 'exceedance') if view.has(name)]}"
        )
    assert agrees("told-claims", "\n".join(lines))


def test_a_closest_call_is_of_bounds_with_both_limits(results, toy):
    assert closest_call(results, results.claim("toy-trend")) is None
    bare = [v.model_copy(update={"lower": None, "upper": None}) for v in toy.verdicts]
    assert closest_call(toy.model_copy(update={"verdicts": bare}), toy.claim("toy-bound")) is None
    half = [v.model_copy(update={"lower": None}) for v in toy.verdicts]
    assert closest_call(toy.model_copy(update={"verdicts": half}), toy.claim("toy-bound")) is None
    shares = [v.model_copy(update={"counts": toy.verdicts[-1].counts}) for v in toy.verdicts]
    assert closest_call(toy.model_copy(update={"verdicts": shares}), toy.claim("toy-bound")) is None


def test_headings_fold_as_far_as_it_takes(toy):
    """At every width: the lines of the heading, and the longest of them."""
    shown = toy.model_copy(update={"shown": toy.shown.model_copy(update={"tables": (WIDE,)})})
    found = {}
    for width in range(70, 150):
        lines = printed(shown, width).splitlines()
        found.setdefault(next(i for i, line in enumerate(lines) if "xxx" in line) - 1, []).append(width)
    assert agrees("told-headings", "\n".join(f"{n} lines at {min(w)} to {max(w)}" for n, w in found.items()))


def test_error_probabilities_are_told_where_both_are_known(toy):
    verdict = toy.verdicts[0]
    for missing in ({"alpha": None}, {"refuting": None}, {"by_sampling": False}):
        assert tables.alphas(verdict.model_copy(update=missing)) == ""


def test_sentences(results, toy):
    cut = results.model_copy(update={"complete": False, "shown": toy.shown.model_copy(update={"headline": ""})})
    lines = [tables.answer(results), tables.answer(cut), tables.run_summary(results), tables.confidence(results)]
    for claim in results.claims:
        together = f"{tables.pooled_share(claim)}; {tables.pooled_text(claim)}"
        lines.append(f"{claim.id}: {together}; {tables.verdict_counts(results, claim.id)}")
        lines += [f"  {line}" for line in tables.open_cells(results, claim.id)]
        lines += [f"  flat {line}" for line in tables.flat_cells(results, claim.id)]
    for v in results.verdicts:
        numbers = f"{tables.worlds_text(v)}; {tables.limits_text(v)}; {tables.effect_text(v)}; {tables.alphas(v)}"
        lines.append(f"{v.claim} {v.cells}: {numbers}; {tables.failed_runs(results, v)} failed")
    assert agrees("told-sentences", "\n".join([*lines, *tables.failures(results)]))


def test_without_sampling_looks_or_pooled_statements_the_confidence_is_shorter(toy):
    exact = [v.model_copy(update={"by_sampling": False}) for v in toy.verdicts]
    assert tables.confidence(toy.model_copy(update={"verdicts": exact})) == "No verdict rests on sampling."
    bare = toy.model_copy(update={"config": {"verdict": {"alpha": 0.1}}, "claims": toy.claims[:1]})
    text = tables.confidence(bare)
    assert text.startswith("Each claim has alpha = 0.1. ")
    assert text.endswith("A refutation has level alpha / (number of cells + 1).")


def test_runs_that_failed_are_those_of_both_ends(toy):
    cells = [c.model_copy(update={"seeds": [0, 1, 2], "failed": [i]}) for i, c in enumerate(toy.cells[:3])]
    cells[2] = cells[2].model_copy(update={"seeds": [0, 5], "failed": [5]})
    changed = toy.model_copy(update={"cells": cells})
    verdict = toy.verdicts[0]
    ends = {(0, 1): 2, (0,): 1, (0, 2): 1, (): 0}
    assert {at: tables.failed_runs(changed, verdict.model_copy(update={"cells": list(at)})) for at in ends} == ends


def test_numbers_are_written_by_their_size():
    shown = {
        0.0005: "0.001",
        0.00049: "4.9e-04",
        999.9: "999.900",
        1000.0: "1000",
        -12345.0: "-1.234e+04",
        -0.0001: "-1.0e-04",
    }
    assert {value: tables.number_text(value) for value in shown} == shown
    assert tables.interval_text(-4.0, -8.0, -2.0) == "-4.000 [-8.00, -2.00]"
    assert tables.interval_text(-40.0, -80.0, None) == "-40"
    assert tables.interval_text(0.001, None, 0.004) == "0.001"
    assert tables.interval_text(0.0, 0.0, 0.0) == "0.000 [0.00, 0.00]"
    assert [tables.three_digits(v) for v in (None, 0.12345, 7, "word")] == ["", "0.123", "7", "word"]


def test_long_curves_are_shown_at_a_few_steps_and_their_last():
    out = Console(file=io.StringIO(), width=200)
    curves = {"long[x]": Curve(tuple(range(18)), tuple(float(i) for i in range(18))), "one": Curve((3,), (0.5,))}
    curves["even"] = Curve(tuple(range(17)), tuple(float(i) for i in range(17)))
    print_run({"toy_error": 0.1234567}, {"toy_error": "fraction"}, curves, out)
    with pytest.raises(ValueError, match="shorter"):
        print_run({}, {}, {"broken": Curve((1, 2), (0.5,))}, Console(file=io.StringIO()))
    lines = [line.rstrip() for line in out.file.getvalue().splitlines()]
    assert lines[:2] == ["observable     value  unit", "toy_error   0.123457  fraction"]
    assert lines[2:] == [
        "long[x]: " + "  ".join(f"{i}: {i}" for i in (0, 2, 4, 6, 8, 10, 12, 14, 16, 17)),
        "one: 3: 0.5",
        "even: " + "  ".join(f"{i}: {i}" for i in range(0, 17, 2)),
    ]


def test_a_plain_table_has_no_lines_and_folds():
    out = Console(file=io.StringIO(), width=24)
    out.print(plain_table("one", "two", rows=[("a", "long " * 5), ("b", "c")], title="Its [title]"))
    lines = [line.rstrip() for line in out.file.getvalue().splitlines()]
    assert lines == ["Its [title]", "one  two", "a    long long long long", "     long", "b    c"]
