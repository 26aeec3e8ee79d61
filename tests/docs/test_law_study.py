"""The study of the law: what is held out from what, the fit of its constants, and what is told, on numbers by hand."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from empirics.experiments.one_layer.predict.law import Constants
from empirics.experiments.one_layer.predict.stored import stored_law

_PATH = Path(__file__).resolve().parents[1] / "studies" / "law.py"
_SPEC = importlib.util.spec_from_file_location("law_study", _PATH)
study = importlib.util.module_from_spec(_SPEC)


@pytest.fixture(scope="module", autouse=True)
def loaded():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(_PATH.parent))
        patch.setitem(__import__("sys").modules, "law_study", study)  # its data classes look themselves up there
        _SPEC.loader.exec_module(study)
        yield


def test_no_size_and_no_seed_is_both_fitted_and_held_out():
    every = study.settings()
    fitted, held = ([s for s in every if getattr(s, name)] for name in ("fitted", "held_out"))
    assert len(fitted) > 20
    assert len(held) > 10
    assert not {(s.subjects, s.templates) for s in fitted} & {(s.subjects, s.templates) for s in held}
    seeds = [{seed for s in part for seed in range(s.first, s.first + s.seeds)} for part in (every, held)]
    assert not {s for one in every if not one.held_out for s in range(one.first, one.first + one.seeds)} & seeds[1]
    assert max(s.subjects for s in held) == 2 * max(s.subjects for s in fitted)
    assert len({s.name for s in every}) == len(every)


def test_constants_that_made_the_errors_are_found_again():
    law, true = stored_law(), Constants(gates=1.3, fatigue=0.08)
    made = []
    for setting in (s for s in study.settings() if s.fitted and s.subjects == 60 and s.templates in (30, 60)):
        features = law.features_at(60, setting.templates, setting.multiplicity)
        one = study.Measured(setting, (1, 2, 5, 12, 40), np.zeros(5), np.zeros(5), features)
        errors = one.law(true)
        errors[0] = 0.123  # N_f = 1 must not count
        made.append(study.Measured(setting, one.finetuned, errors, one.standard_errors, features))
    found = study.fit_constants(made)
    assert found.gates == pytest.approx(true.gates, rel=2e-3)
    assert found.fatigue == pytest.approx(true.fatigue, rel=2e-2)


def test_the_deviation_is_that_of_all_pairs_on_a_scale_for_shares():
    pairs = [(0.5, math.sin(math.pi / 4 + d) ** 2) for d in np.linspace(0, 0.1, 101)]
    assert study._deviation(pairs) == pytest.approx(0.095)
    assert study._deviation([(0.0, math.sin(0.05) ** 2)] * 9) == pytest.approx(0.05), "small errors count too"


def test_the_table_tells_how_far_off_the_law_is():
    at = {"standard_error": "0.01", "some_unseen": "1", "literal": "1", "seeds": "9"}
    rows = [
        {"part": "fitted", "S": "60", "R": "20", "K": "2", "N_f": "5", "error": "0.50", "law": "0.51", **at},
        {"part": "held out", "S": "60", "R": "15", "K": "2", "N_f": "4", "error": "0.40", "law": "0.36", **at},
        {"part": "held out", "S": "120", "R": "25", "K": "2", "N_f": "4", "error": "0.40", "law": "0.33", **at},
        {"part": "outside", "S": "60", "R": "20", "K": "1", "N_f": "5", "error": "0.90", "law": "0.70", **at},
        {"part": "outside", "S": "60", "R": "20", "K": "2", "N_f": "1", "error": "0.90", "law": "0.60", **at},
    ]
    told = study.lines(rows)
    assert "| fitted | 1 | 0.010 | 100% | 100% | 0.010 | 0.010 |" in told
    assert "| held out, $S \\le 60$ | 1 | 0.040 | 0% | 100% | 0.040 | 0.010 |" in told
    assert "| held out, $S = 120$ | 1 | 0.070 | 0% | 0% | 0.070 | 0.010 |" in told
    assert "| outside, $K = 1$ | 1 | 0.200 | 0% | 0% | 0.200 | 0.010 |" in told
    assert "| 60 | 15 | 2 | 120 | 0.400, 0.360 |" in told
