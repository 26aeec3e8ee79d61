"""Arms: overlays of the configuration that go through the same sweep, store and judge."""

import importlib
import math
import sys
from pathlib import Path

import pytest

from empirics.errors import UsageError
from empirics.experiments.arms import arms_of as arms_of_any
from empirics.experiments.document import CountsResult
from empirics.experiments.load import load_config
from empirics.experiments.one_layer import EXPERIMENT
from empirics.experiments.one_layer.config import Config
from empirics.experiments.protocol import Point
from empirics.report.tables import arm_verdicts
from empirics.runs.source import run_key
from empirics.runs.store import Store
from empirics.verification.results import PooledResult
from empirics.verification.verify import verify
from theory import all_claims, claim

SMALL = [
    "world.subjects=12",
    "world.answers=12",
    "world.templates=[4, 6]",
    "world.multiplicity=[1, 3]",
    "world.finetuned=[2, 8]",
    "model.width=32",
    "pretraining.steps=600",
    "seeds.looks=[3]",
    "arms.templates=[6]",
    "arms.multiplicity=[3]",
    "arms.finetuned=[8]",
]


def arms_of(config):
    return arms_of_any(EXPERIMENT, config)


def small(*settings):
    return load_config("default", None, [*SMALL, *settings])


def test_every_claim_but_the_language_models_has_its_arm_in_the_default_preset():
    names = {arm.name for arm in arms_of(load_config("default"))}
    for item in all_claims():
        if item.paper.name == "xu-chen" and not item.id.startswith("lm-"):
            assert item.arm in names, item.id
            assert item.reference in {None, *names}, item.id


@pytest.mark.parametrize("preset", ["quick", "default", "full"])
def test_arms_of_the_presets_are_possible_and_lie_on_the_main_grid(preset):
    config = load_config(preset)
    arms = arms_of(config)
    assert [arm.name for arm in arms[1:]] == list(config.arms.run)
    for arm in arms[1:]:
        assert arm.overlay
        if "world.templates" not in arm.overlay:
            assert set(EXPERIMENT.units(arm.settings)) <= set(EXPERIMENT.units(config))


def test_every_overlay_changes_only_what_it_names():
    for name in EXPERIMENT.overlays:
        config = small(f"arms.run=['{name}']")
        _, arm = arms_of(config)
        main, other = config.model_dump(), arm.settings.model_dump()
        changed = {
            f"{section}.{key}"
            for section in main
            for key in main[section]
            if main[section][key] != other[section][key] and section != "arms"
        }
        assert changed - set(arm.overlay) <= {"world.templates", "world.multiplicity", "world.finetuned"}
        assert set(arm.overlay) <= set(EXPERIMENT.overlays[name])


def test_an_arm_has_keys_of_its_own_and_the_main_arm_keeps_its_keys():
    main, low_rank = arms_of(small("arms.run=['low-rank']"))
    alone = arms_of(small("arms.run=[]"))[0]
    unit = Point.of(R=6, K=3)
    assert run_key(EXPERIMENT, main.settings, unit, 0) == run_key(EXPERIMENT, alone.settings, unit, 0)
    assert run_key(EXPERIMENT, main.settings, unit, 0) != run_key(EXPERIMENT, low_rank.settings, unit, 0)


def test_arms_outside_the_grid_and_arms_that_change_nothing_are_left_out():
    assert [a.name for a in arms_of(small("arms.run=['low-rank']", "arms.templates=[60]"))] == ["main"]
    assert [a.name for a in arms_of(small("arms.run=['mlp-only']", "model.attention=false"))] == ["main"]
    assert Config().arms.run == ()


def test_impossible_arms_are_refused_by_name():
    with pytest.raises(UsageError, match=r"unknown arm arms.run='low-rang'; did you mean low-rank"):
        small("arms.run=['low-rang']")
    with pytest.raises(UsageError, match=r"arm low-rank is impossible here: finetuning.targets=.*model.mlp=false"):
        small("arms.run=['low-rank']", "model.mlp=false")
    with pytest.raises(UsageError, match=r"arm trained-embeddings is impossible here: model.merge_never_targets"):
        small("arms.run=['trained-embeddings']", "model.merge_never_targets=true")
    with pytest.raises(UsageError, match=r"arm low-rank is impossible here: finetuning.method"):
        small("arms.run=['low-rank']", "model.trained_embeddings=true")
    with pytest.raises(UsageError, match=r"arms.run=.* distinct names"):
        small("arms.run=['low-rank', 'low-rank']")


@pytest.fixture(scope="module")
def verified(tmp_path_factory):
    """A small verification with every arm that a claim speaks of, the linear memory shortened."""
    others = "'low-rank','distractors','attention-only','mlp-only','decayed-rate'"
    config = small(f"arms.run=['linear-memory','linear-memory-covered',{others}]")
    with Store(tmp_path_factory.mktemp("arms") / "runs.sqlite") as store:
        results = verify(config, workers=2, store=store)
        count = len(store)
        again = verify(config, workers=1, store=store)
        assert len(store) == count
    assert again.cells == results.cells
    return results


def test_cells_carry_variant_and_overlay(verified):
    arms = {c.variant: c for c in verified.cells}
    assert list(arms) == [
        "main",
        "linear-memory",
        "linear-memory-covered",
        "low-rank",
        "distractors",
        "attention-only",
        "mlp-only",
        "decayed-rate",
    ]
    assert arms["main"].overlay == {}
    assert arms["mlp-only"].overlay == {"model.attention": False}
    low_rank = arms["low-rank"]
    assert low_rank.overlay == {"finetuning.method": "lora"}
    assert (low_rank.templates, low_rank.multiplicity, low_rank.finetuned) == (6, 3, 8)
    assert len(verified.shown.tables[0].rows) == 8
    assert {cell.variant for cell, _ in arm_verdicts(verified)} == set(arms) - {"main"}


def test_arms_are_paired_by_seed(verified):
    """The same worlds; for a fine-tuning arm the same pre-trained models, bit for bit."""
    (main,) = [
        c for c in verified.cells if c.variant == "main" and (c.templates, c.multiplicity, c.finetuned) == (6, 3, 8)
    ]
    for cell in verified.cells:
        if cell.variant in ("low-rank", "attention-only", "mlp-only", "decayed-rate"):
            assert cell.seeds == main.seeds
            assert cell.observables["unseen_own_templates"] == main.observables["unseen_own_templates"]
        if cell.variant == "low-rank":
            assert cell.observables["pretraining_gap"] == main.observables["pretraining_gap"]
            assert cell.observables["ood_loss"] != main.observables["ood_loss"]


def test_every_claim_but_the_language_models_has_a_verdict(verified):
    for item in verified.claims:
        assert (item.verdict == "NOT TESTED") == item.id.startswith("lm-"), item.id


def test_the_linear_memory_is_judged_with_its_own_symbols(verified):
    verdicts = [v for v in verified.verdicts if v.claim == "pretraining-rate-linear"]
    assert len(verdicts) == 2
    for verdict in verdicts:
        cell = verified.cells[verdict.cells[0]]
        bound = claim("pretraining-rate-linear").bound(S=30, A=30, R=8, K=cell.multiplicity, eta=10.0, t=4000)
        assert verdict.bound == pytest.approx(bound, rel=1e-12)
        assert verdict.verdict == "HOLDS"
        assert all(v <= bound for v in cell.observables["linear_memory_gap"].values)
        assert all(v * 10 <= 1 for v in cell.observables["pretraining_smoothness"].values)
        assert verdict.family_size == 3  # two cells, and all of them together


def test_the_linear_memory_extracts_nothing_uncovered(verified):
    """In every single world, not only in the mean; and the verdict has the theorem's premises."""
    verdicts = [v for v in verified.verdicts if v.claim == "ood-error-linear-memory"]
    assert len(verdicts) == 4
    for verdict in verdicts:
        assert verdict.verdict != "VIOLATED"
        assert {p.name: p.holds for p in verdict.premises} == {"template_dominance": True, "finetuning_step": True}
        cell = verified.cells[verdict.cells[0]]
        found = {name: cell.observables[name].values for name in ("ood_error", "some_template_unseen")}
        assert all(e >= u - 1e-12 for e, u in zip(*found.values(), strict=True))
        assert max(found["some_template_unseen"]) > 0 or cell.finetuned == 10
        assert cell.observables["uncovered_extracted"].values == [0.0] * 3
    main = [c.observables["uncovered_extracted"].mean for c in verified.cells if c.variant == "main"]
    assert max(main) > 0.1  # false with a hidden layer


def test_the_linear_memory_extracts_what_was_decided_before_fine_tuning(verified):
    """No exception in any run of either arm, few facts undecided, and what coverage implies where its premises hold."""
    arms = [cell for cell in verified.cells if cell.variant.startswith("linear-memory")]
    assert len(arms) == 6
    for cell in arms:
        assert cell.observables["two_sided_agreement"].values == [1.0] * 3
        assert cell.observables["undecided_share"].mean <= 0.1
        if cell.variant == "linear-memory-covered":
            assert cell.observables["half_mean_missed"].values == [0.0] * 3
    for identifier in ("two-sided", "upper", "once"):
        verdicts = [v.verdict for v in verified.verdicts if v.claim == f"ood-error-linear-memory-{identifier}"]
        assert len(verdicts) == {"two-sided": 4, "upper": 2, "once": 4}[identifier]
        assert "VIOLATED" not in verdicts
        if identifier == "two-sided":
            assert set(verdicts) == {"HOLDS"}


def test_the_rank_one_identity_holds_in_every_main_cell(verified):
    for index, cell in enumerate(verified.cells):
        if cell.variant == "main":
            verdict = verified.verdict_of("rank-one", index)
            assert verdict.verdict == "HOLDS"
            for value in cell.observables["rank_one_deficit"].values:
                assert math.isclose(value, 1 / cell.finetuned, abs_tol=1e-10)


def test_a_schedule_is_judged_by_the_share_of_worlds_in_which_it_leaves_more(verified):
    (verdict,) = [v for v in verified.verdicts if v.claim == "learning-rate-schedule"]
    arm, main = (verified.cells[i].observables["pretraining_gap_left"].values for i in verdict.cells)
    assert verdict.counts.yes == sum(a > b for a, b in zip(arm, main, strict=True))
    assert verdict.counts.no == sum(a < b for a, b in zip(arm, main, strict=True))
    assert verdict.estimate == pytest.approx(verdict.counts.yes / 3)
    assert verdict.reason.startswith("pretraining_gap_left larger in decayed-rate than in main: in ")


def test_claims_asked_for_run_only_the_arms_that_they_need():
    config = small("arms.run=['linear-memory','low-rank','mlp-only']", "seeds.looks=[1]", "pretraining.steps=20")
    assert {c.variant for c in verify(config, claims=["low-rank"], workers=1).cells} == {"main", "low-rank"}


@pytest.fixture
def studies(monkeypatch):
    """The modules that write docs/findings.md."""
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[2] / "studies"), *sys.path])
    return {n: importlib.import_module(n) for n in ("findings", "evidence", "findings_rules")}


STANDS_ON = [
    ("structure", ["attention-pattern", "relation-features"]),
    ("trigger", ["relation-features"]),
    ("headline", ["ood-error-literal", "ood-error-normalised"]),
    ("covering", ["mechanism"]),
    ("directions", ["trend-finetuned", "trend-multiplicity", "trend-templates"]),
    ("failure", ["failure-regime", "mechanism"]),
    ("low_rank", ["rank-one", "low-rank"]),
    ("ablations", ["ablation-attention-only", "learning-rate-schedule"]),
]


def with_verdicts(results, verdicts):
    claims = [c.model_copy(update={"verdict": verdicts.get(c.id, c.verdict)}) for c in results.claims]
    return results.model_copy(update={"claims": claims})


def test_every_sentence_gets_an_answer(verified, studies):
    page = studies["findings"].page(studies["evidence"].Evidence(verified), "a command")
    for number in range(1, 11):
        assert f"## {number}. " in page
    assert "a command" in page
    formed = studies["findings"].formed(page)
    assert formed == studies["findings"].formed(formed)
    assert formed.count("](generated/findings-") == 2 * 10  # a picture and its data for each sentence
    assert formed.count("<details>") == formed.count("</details>") > 10
    for item in verified.claims:  # nothing is left out that a sentence stands on
        if item.id in {c for _, claims in STANDS_ON for c in claims}:
            assert f"`{item.id}`: {item.verdict}" in page


@pytest.mark.parametrize(("section", "claims"), STANDS_ON)
def test_findings_follow_from_results_alone(verified, studies, monkeypatch, section, claims):
    """Supported if every verdict supports it, refuted if one is violated, open if one is open: no more, no less."""
    rules, evidence = studies["findings_rules"], studies["evidence"]
    monkeypatch.setattr(evidence.Evidence, "extracted", lambda e: e.cells())  # three seeds confirm no mean

    def found(**verdicts):
        changed = dict.fromkeys(claims, "HOLDS") | verdicts
        return getattr(studies["findings"], section)(evidence.Evidence(with_verdicts(verified, changed)))

    assert found().answer == rules.SUPPORTED == "supported"
    for claim_id in claims:
        assert found(**{claim_id: "SUPPORTED"}).answer == rules.SUPPORTED
        assert f"`{claim_id}`: SUPPORTED" in found(**{claim_id: "SUPPORTED"}).why
        refuted = found(**{claim_id: "VIOLATED"})
        assert (refuted.answer, refuted[0]) == (rules.NOT, "refuted")
        assert f"`{claim_id}`: VIOLATED" in refuted.text
        for verdict in ("UNDECIDED", "OUT OF SCOPE", "VACUOUS", "NOT TESTED"):
            assert found(**{claim_id: verdict}).answer == rules.OPEN == "not decided"
        others = [c for c in claims if c != claim_id]
        assert found(**{claim_id: "VIOLATED"} | dict.fromkeys(others, "UNDECIDED")).answer == rules.NOT


def test_a_sentence_on_facts_not_shown_asks_for_facts_that_are_answered(verified, studies):
    evidence, rules = studies["evidence"], studies["findings_rules"]
    item = evidence.Evidence(with_verdicts(verified, {"relation-features": "HOLDS", "mechanism": "HOLDS"}))
    assert item.extracted() == []  # at three seeds the upper limit of a mean is above 1/2
    assert studies["findings"].trigger(item).answer == studies["findings"].covering(item).answer == rules.OPEN


def test_pretraining_is_near_its_floor_if_enough_runs_of_every_setting_are(verified, studies):
    evidence, rules, section = studies["evidence"], studies["findings_rules"], studies["findings"].near_optimal
    names = ("pretraining-floor", "pretraining-rate", "pretraining-rate-linear")

    def answer(far, verdict="HOLDS", runs=20):
        """Every setting with ``runs`` runs at a gap of 0.01; in the first, so many at 1."""
        first = (verified.cells[0].symbols["R"], verified.cells[0].symbols["K"])
        cells = []
        for cell in verified.cells:
            here = far if cell.variant == "main" and (cell.symbols["R"], cell.symbols["K"]) == first else 0
            gap = cell.observables.get("pretraining_gap")
            values = [1.0] * here + [0.01] * (runs - here)
            changed = {} if gap is None else {"pretraining_gap": gap.model_copy(update={"values": values})}
            cells.append(cell.model_copy(update={"observables": {**cell.observables, **changed}}))
        changed = with_verdicts(verified, dict.fromkeys(names, verdict)).model_copy(update={"cells": cells})
        return section(evidence.Evidence(changed)).answer

    assert answer(0) == answer(0, "SUPPORTED") == rules.SUPPORTED
    assert answer(20) == answer(15) == answer(0, "VIOLATED") == rules.NOT
    assert answer(4) == answer(0, runs=3) == answer(0, "UNDECIDED") == rules.OPEN
    assert answer(20, "UNDECIDED") == rules.NOT


@pytest.mark.parametrize("templates", [[4], [4, 6]])
def test_the_sentence_on_language_models_stands_on_the_trends_of_its_grid(verified, studies, templates):
    evidence, rules = studies["evidence"], studies["findings_rules"]
    section = importlib.import_module("findings_language_models").language_models
    assert section(None).answer == rules.UNTESTED
    model = {"name": "", "architecture": "gpt2", "layers": 2, "width": 64}
    facts = {"source": "embedded", "relations": ["capital"]}
    config = verified.config | {"model": model, "facts": facts, "world": {"templates": templates}}
    names = ["lm-trends", "lm-trends-multiplicity", "lm-trends-templates"]

    def answer(**verdicts):
        changed = with_verdicts(verified, dict.fromkeys(names, "HOLDS") | verdicts)
        return section(evidence.Evidence(changed.model_copy(update={"config": config}))).answer

    assert answer() == answer(**{"lm-trends": "SUPPORTED", "lm-low-rank": "VIOLATED"}) == rules.SUPPORTED
    assert answer(**{"lm-trends": "VIOLATED"}) == rules.NOT
    assert answer(**{"lm-trends-multiplicity": "UNDECIDED"}) == rules.OPEN
    varied = len(templates) > 1
    assert answer(**{"lm-trends-templates": "NOT TESTED"}) == (rules.OPEN if varied else rules.SUPPORTED)


def test_accounts_name_what_is_confirmed_open_and_found_otherwise(verified, studies):
    """By hand: two cells confirmed, with one exception in 32; one open; one flat; one refuted."""
    evidence, rules = studies["evidence"], studies["findings_rules"]
    (first, *_) = [v for v in verified.verdicts if v.claim == "trend-finetuned"]

    def verdict(name, yes, no, lower, upper, **more):
        counts = CountsResult(yes=yes, tie=0, no=no, undefined=0, ran=yes + no)
        update = {"verdict": name, "counts": counts, "lower": lower, "upper": upper, "reason": f"{yes} of {yes + no}"}
        return first.model_copy(update=update | {"flat": False} | more)

    made = [
        verdict("HOLDS", 32, 0, 0.911, 1.0),
        verdict("HOLDS", 31, 1, 0.857, 1.0),
        verdict("UNDECIDED", 14, 2, 0.65, 0.99),
        verdict("UNDECIDED", 16, 0, 0.0, 1.0, flat=True),
        verdict("VIOLATED", 3, 13, 0.0, 0.531),
    ]
    pooled = PooledResult(
        statement="fraction of worlds in which it holds",
        estimate=0.95,
        lower=0.8391,
        upper=1.0,
        asked=0.8,
        alpha=0.05,
        refuting=0.01,
        worlds=16,
        without=0,
        confirmed=True,
        refuted=False,
        p_value=0.01,
        holm=0.1,
        benjamini_yekutieli=0.1,
    )
    claims = [
        c.model_copy(update={"verdict": "VIOLATED", "pooled": pooled}) if c.id == "trend-finetuned" else c
        for c in verified.claims
    ]
    others = [v for v in verified.verdicts if v.claim != "trend-finetuned"]
    item = evidence.Evidence(verified.model_copy(update={"claims": claims, "verdicts": [*made, *others]}))
    where = verified.where(first)
    assert rules.account(item, "trend-finetuned").splitlines() == [
        "- `trend-finetuned`: VIOLATED (2 HOLDS, 2 UNDECIDED, 1 VIOLATED). Confirmed: at least 85 % of worlds in each "
        "of 2 cells; at least 83 % of worlds over all cells together. Flat, not counted: 1.",
        f"  - refuted, {where}: 3 of 16",
        f"  - open, {where}: 14 of 16",
        f"  - counterexamples, {where}: 1 of 32 worlds",
    ]
