"""Diverged runs: named, counted, never measured; nothing else is lost."""

import json

import pytest

from empirics.experiments.load import load_config
from empirics.verification.document import write_document
from empirics.verification.verify import verify

SMALL = [
    "world.subjects=12",
    "world.answers=12",
    "world.templates=[6]",
    "world.multiplicity=[3]",
    "world.finetuned=[2,8]",
    "model.width=16",
    "pretraining.steps=300",
    "seeds.minimum=3",
    "seeds.maximum=3",
]


@pytest.mark.parametrize(
    ("settings", "stage"),
    [
        (["model.activation=identity", "finetuning.learning_rate=1e4"], "fine-tuning"),
        (["model.activation=identity", "pretraining.learning_rate=300.0"], "pre-training"),
        (["pretraining.learning_rate=1e6", "model.activation=identity"], "pre-training"),
    ],
)
def test_a_diverged_run_fails_and_is_never_measured(settings, stage, tmp_path):
    results = verify(load_config("default", None, [*SMALL, "arms.run=[]", *settings]), workers=1)
    write_document(results, tmp_path / "results.json")
    json.loads((tmp_path / "results.json").read_text(), parse_constant=lambda c: pytest.fail(c))
    for index, cell in enumerate(results.cells):
        assert cell.failed == [0, 1, 2]
        assert cell.in_scope_seeds == []
        assert all(v is None for o in cell.observables.values() for v in o.values)
        verdict = results.verdict_of("ood-error-literal", index)
        assert verdict is None or verdict.verdict in ("OUT OF SCOPE", "NOT TESTED")
    assert results.claim("ood-error-literal").verdict != "VIOLATED"


def test_the_reason_names_stage_and_step():
    from empirics.experiments.one_layer import EXPERIMENT
    from empirics.experiments.protocol import Point

    config = load_config("default", None, [*SMALL, "model.activation=identity", "finetuning.learning_rate=1e4"])
    (run,) = EXPERIMENT.run(config, Point.of(R=6, K=3), [0], "cpu")
    assert run.failure.startswith("fine-tuning on 2 facts diverged: its loss is not finite at step ")
    assert run.observables == {}
