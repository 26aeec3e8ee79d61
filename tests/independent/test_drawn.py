"""The judge of the program against the second one, on tables that nobody measured."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import plain.limits
import pytest
from drawn_tables import Drawn, ranges, tables
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from plain.recompute import answer
from plain.tally import Tally

import theory
from empirics.judging import levels
from empirics.judging.judge import judge_claim
from empirics.judging.settings import Settings
from empirics.judging.table import CellTable

LABELS = {"R": "|R|", "K": "K", "N_f": "N_f"}


def judged(drawn: Drawn):
    """What the program says."""
    rules = drawn.rules
    told = Settings(
        alpha=rules.alpha,
        premise_gap=rules.gap,
        property_share=rules.share,
        equivalence_margin=rules.margin,
        scope_share=rules.scope_share,
    )
    cells = [
        CellTable(
            c.index,
            c.arm,
            c.symbols,
            tuple(c.seeds),
            frozenset(c.failed),
            {k: tuple(v) for k, v in c.values.items()},
            LABELS,
            rules.run_axes,
        )
        for c in drawn.cells
    ]
    return judge_claim(theory.claim(drawn.claim.id), cells, told, looks=rules.looks)


def told(outcome):
    """A verdict of the program, named as in results.json."""
    found = {k: v for k, v in vars(outcome).items() if k not in ("premises", "counts", "effect", "exceedance", "steps")}
    found["cells"], found["verdict"] = list(outcome.cells), str(outcome.verdict)
    found["counts"] = asdict(outcome.counts) if outcome.counts else None
    found["steps"] = [{**vars(s), "between": s.between.partition(" from")[2]} for s in outcome.steps]
    for name, keys in (("effect", "mean lower upper"), ("exceedance", "share lower upper")):
        value = getattr(outcome, name)
        found[name] = dict(zip(keys.split(), value, strict=True)) if value else None
    found["premises"] = [[p.name, p.value, p.limit, p.holds] for p in outcome.premises]
    return found


def _rounded(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Beyond 10^7 seeds a count rests on gains below 10^-6 a seed, of which rounding leaves five digits."""
    counts = ("observations_needed", "decidable_at")
    large = {key: float(f"{verdict[key]:.5g}") for key in counts if (verdict.get(key) or 0) > 10**7}
    return {**verdict, **large}


def differences(drawn: Drawn) -> list[str]:
    mine, theirs = answer(drawn.claim, drawn.cells, drawn.rules, ranges()), judged(drawn)
    tally = Tally()
    tally.same("claim", mine.verdict, str(theirs.verdict))
    if mine.verdict == "NOT TESTED":
        return tally.wrong
    tally.same("units", [v["cells"] for v in mine.each], [list(o.cells) for o in theirs.outcomes])
    for unit, verdict, outcome in zip(mine.units, mine.each, theirs.outcomes, strict=False):
        here, shown = f"cells {unit.cells}", {k: v for k, v in verdict.items() if k not in ("limits", "set_aside")}
        shown["steps"] = [{**s, "between": s["between"].partition(" from")[2]} for s in shown.get("steps", [])]
        tally.same(here, _rounded(shown), _rounded(told(outcome)))
        tally.same(f"{here}.premises", [list(p) for p in unit.premises], told(outcome)["premises"])
    tally.same("pooled", mine.pooled, vars(theirs.pooled) if theirs.pooled else None)
    return tally.wrong


# Most of a table comes from one seed, so there is little to shrink.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
EXAMPLES = {"upper": 40, "lower": 15, "rate": 10, "comparison": 20, "equivalence": 20, "trend": 20, "identity": 5}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_both_judges_say_the_same(kind):
    @settings(max_examples=EXAMPLES[kind], phases=PHASES)
    @given(tables(kind))
    def compare(drawn):
        assert differences(drawn) == []

    compare()


@settings(max_examples=100)
@given(st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.001, 0.01, 0.02, 1.0]), min_size=1, max_size=30))
def test_adjusted_levels(values):
    tally = Tally()
    tally.same("Holm", plain.limits.holm(values), levels.holm(values))
    tally.same("Benjamini-Yekutieli", plain.limits.benjamini_yekutieli(values), levels.benjamini_yekutieli(values))
    assert tally.wrong == []
