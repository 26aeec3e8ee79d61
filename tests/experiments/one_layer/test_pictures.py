"""Pictures of one run: what they show is what is measured, before it is averaged."""

import math

import pytest

import empirics
from empirics.experiments.one_layer.pictures import pictures
from empirics.report.figures.plots import draw

AT = {"templates": 10, "multiplicity": 3, "finetuned": 4}


@pytest.fixture(scope="module")
def config():
    quick = empirics.load_config("quick", settings=["world.subjects=16", "world.answers=16", "pretraining.steps=300"])
    return quick.model_copy(update={"arms": quick.arms.model_copy(update={"run": ()})})


@pytest.fixture(scope="module")
def finished(config):
    return empirics.run(config, **AT, seed=1)


@pytest.fixture(scope="module")
def drawn(config, finished):
    return {data.name: data for data in pictures(config, finished, AT["finetuned"])}


def rows_of(data, **place):
    return [row for row in data.mappings() if all(row[c] == v for c, v in place.items())]


def mean(values):
    return math.fsum(values) / len(values)


def test_all_that_there_is_can_be_drawn(drawn):
    assert list(drawn) == ["run-training", "run-mechanism", "run-attention", "run-features", "run-spectrum"]
    for data in drawn.values():
        assert draw(data).render("png").startswith(b"\x89PNG")


def test_curves_are_those_of_the_run(drawn, finished):
    curves = finished.curves
    for stage, name in (("pre-training gap", "pretraining_gap"), ("fine-tuning loss", "finetuning_loss")):
        shown = [(r["step"], r["value"]) for r in rows_of(drawn["run-training"], stage=stage, series="observed")]
        assert shown == list(zip(curves[name].steps, curves[name].values, strict=True))[1:], "but for step 0"
    rate = rows_of(drawn["run-training"], series="log² t / t")
    assert rate[0]["step"] >= curves["pretraining_gap"].steps[-1] / 10
    constants = [r["value"] * r["step"] / math.log(r["step"]) ** 2 for r in rate]
    assert constants == pytest.approx([constants[0]] * len(constants))
    for name in ("subject_attention", "template_attention", "feature_similarity"):
        shown = rows_of(drawn["run-mechanism"], quantity=name.replace("_", " "))
        assert shown[-1]["value"] == pytest.approx(finished.observables[name])


def test_attention_is_that_of_the_prompt(drawn, finished):
    held_out = {f"s{s}" for s in finished.world.finetuning_order[AT["finetuned"] :]}
    shown = rows_of(drawn["run-attention"], stage="fine-tuned", asking="prompt")
    assert len(shown) == 16
    expected = finished.observables["prompt_subject_attention"]
    assert mean([r["attention"] for r in shown if r["fact"] in held_out]) == pytest.approx(expected)
    order = [int(r["fact"][1:]) for r in shown]
    assert order == finished.world.finetuning_order.tolist()
    assert drawn["run-attention"].options["across"] == AT["finetuned"]
    before = {(r["asking"], r["fact"]): r["attention"] for r in rows_of(drawn["run-attention"], stage="pre-trained")}
    own = [before[f"r{r}", f"s{s}"] for s, rs in enumerate(finished.world.own_templates) for r in rs]
    assert mean(own) == pytest.approx(finished.observables["subject_attention"])


def test_features_are_those_whose_similarity_is_measured(drawn, finished):
    shown = rows_of(drawn["run-features"], stage="pre-trained")
    pairs = [r["cosine"] for r in shown if r["row"].startswith("r") and r["row"] != r["column"]]
    assert len(pairs) == 90
    assert mean(pairs) == pytest.approx(finished.observables["feature_similarity"])
    change = {
        r["column"]: r["cosine"] for r in rows_of(drawn["run-features"], stage="fine-tuned", row="prompt's change")
    }
    shown = finished.world.coverage(AT["finetuned"])
    covered = [change[f"r{r}"] for r in range(10) if shown[r] > 0]
    assert mean(covered) == pytest.approx(finished.observables["feature_alignment_covered"])
    assert drawn["run-features"].options["down"] == len(covered)
    assert all(shown[int(name[1:])] > 0 for name in list(change)[: len(covered)])


def test_singular_values_are_those_of_the_update(drawn, finished):
    change = [r["value"] for r in rows_of(drawn["run-spectrum"], matrix="W, input", weights="change")]
    share = change[0] ** 2 / math.fsum(v**2 for v in change)
    assert share == pytest.approx(finished.observables["update_top_singular_share"], rel=1e-4)
    assert change == sorted(change, reverse=True)
    assert 0 in change, "rounding is drawn as 0"


def test_what_a_model_lacks_is_left_out(config):
    model = config.model.model_copy(update={"mlp": False, "attention": False, "init_scale": 0.0})
    stage = config.pretraining.model_copy(update={"learning_rate": 5.0})
    exact = config.compute.model_copy(update={"dtype": "float64"})
    linear = config.model_copy(update={"model": model, "pretraining": stage, "compute": exact})
    run = empirics.run(linear, **AT, seed=1)
    found = {data.name: data for data in pictures(linear, run, AT["finetuned"])}
    assert list(found) == ["run-training", "run-spectrum"]
    bound = {r["step"]: r["value"] for r in rows_of(found["run-training"], series="pretraining-rate-linear")}
    gap = {r["step"]: r["value"] for r in rows_of(found["run-training"], series="observed", stage="pre-training gap")}
    assert bound.keys() == gap.keys()
    assert all(bound[step] >= value for step, value in gap.items())
    fast = linear.model_copy(update={"pretraining": stage.model_copy(update={"learning_rate": 500.0})})
    (losses, _) = pictures(fast, run, AT["finetuned"])
    assert rows_of(losses, series="pretraining-rate-linear") == [], "its premise on the step fails"
