"""What the report shows of language models: the errors, and the bound of another theory for comparison only."""

from types import SimpleNamespace

import pytest

from empirics.experiments.language_models.report import NOT_CLAIMED, show
from theory import claim

CONFIG = {
    "facts": {"source": "embedded", "relations": ["capital", "currency"]},
    "model": {"name": "", "architecture": "gpt2", "layers": 2, "width": 64},
    "world": {"templates": [24], "multiplicity": [1, 4], "finetuned": [8, 80]},
    "pretraining": {"steps": 600},
    "finetuning": {"steps": 100},
    "verdict": {"alpha": 0.05},
}
MEANS = {
    "finetuning_error": 0.01,
    "statement_accuracy": 0.98,
    "answer_reciprocal_rank": 0.75,
    "some_template_unseen": 0.5,
}


def spread(mean):
    return SimpleNamespace(mean=mean, lower=mean / 2, upper=mean * 2)


def cell(variant, K, N_f, error):
    observables = {name: spread(mean) for name, mean in MEANS.items()}
    if error is not None:
        observables["ood_error"] = spread(error)
    return SimpleNamespace(
        variant=variant,
        symbols={"R": 24, "K": K, "N_f": N_f},
        seeds=[0, 1],
        failed=[1] if error is None else [],
        observables=observables,
        bounds={},
    )


@pytest.fixture
def subject():
    cells = [cell("language-model", 1, 8, 0.25), cell("language-model", 4, 80, None), cell("lm-low-rank", 4, 80, 0.125)]
    return SimpleNamespace(config=CONFIG, cells=cells, verdicts=[], curves=[])


def test_the_table_has_every_arm_with_its_numbers_under_their_names(subject):
    (table,) = show(subject).tables
    first, failed, other = (
        dict(zip((c.name for c in table.columns), row, strict=True)) for row in table.rows
    )  # fmt: skip
    assert first == {
        "arm": "language-model",
        "|R|": 24,
        "K": 1,
        "N_f": 8,
        "seeds": 2,
        "held-out error [interval]": (0.25, 0.125, 0.5),
        "trained questions": 0.01,
        "statements stored": 0.98,
        "mean reciprocal rank": 0.75,
        "template unseen": 0.5,
        "literal bound (comparison only)": claim("ood-error-literal").bound(N_f=4, K=1, R=24),
    }
    assert failed["seeds"] == "2 (1 failed)"
    assert failed["held-out error [interval]"] == (None, None, None)
    assert (other["arm"], other["K"], other["N_f"]) == ("lm-low-rank", 4, 80)


def test_the_bound_is_said_not_to_be_claimed_wherever_it_is_shown(subject):
    shown = show(subject)
    (figure,) = shown.figures
    assert shown.notes == (NOT_CLAIMED,)
    assert NOT_CLAIMED in figure.caption
    assert "not claimed" in figure.options["comparison_label"]


def test_the_figure_has_the_errors_of_cells_that_have_one(subject):
    (figure,) = show(subject).figures
    first, second = figure.mappings()
    assert first == {
        "variant": "language-model",
        "templates": 24,
        "multiplicity": 1,
        "finetuned": 8,
        "seeds": 2,
        "error": 0.25,
        "lower": 0.125,
        "upper": 0.5,
        "comparison": claim("ood-error-literal").bound(N_f=4, K=1, R=24),
    }
    assert second["variant"] == "lm-low-rank"
    assert figure.options["names"] == {"templates": "|R|", "finetuned": "N_f"}


def test_what_was_run(subject):
    summary = show(subject).summary
    assert summary.startswith("6 language models, gpt2 from scratch (2 layers, width 64), on facts of embedded")
    assert "(capital, currency); 600 steps on statements, 100 on questions" in summary
    named = SimpleNamespace(**{**vars(subject), "config": CONFIG | {"model": {"name": "gpt2-small"}}})
    assert "language models, gpt2-small, on facts" in show(named).summary
