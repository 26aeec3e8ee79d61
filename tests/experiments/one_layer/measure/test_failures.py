"""Which held-out facts fail, by hand."""

import numpy as np
from one_layer_builders import hand_made_world

from empirics.experiments.one_layer.measure.failures import Answers, failure_observables


def test_failures_by_unseen_templates_by_hand():
    world = hand_made_world()
    # Fine-tuned on fact 2 (templates 3, 0): fact 0 has one unseen own template, fact 1 has two.
    found = failure_observables(world, 1, Answers(np.array([False, True]), np.array([True, True])))
    assert found["ood_error_unseen_0"] is None
    assert found["ood_error_unseen_1"] == 0.0
    assert found["ood_error_unseen_2"] == 1.0
    assert found["ood_error_unseen_3_or_more"] is None
    assert found["coverage_auc_excess"] == 0.5
    assert found["own_template_error_share"] == 1.0
    assert found["own_template_error_excess"] == 1 - 2 / 10  # K = 2 of the V - 1 = 10 wrong tokens
    found = failure_observables(world, 1, Answers(np.array([True, False]), np.array([False, False])))
    assert found["coverage_auc_excess"] == -0.5
    assert found["own_template_error_excess"] == -2 / 10
    found = failure_observables(world, 1, Answers(np.array([False, False]), np.array([False, False])))
    assert found["own_template_error_excess"] is None
    assert found["coverage_auc_excess"] is None
