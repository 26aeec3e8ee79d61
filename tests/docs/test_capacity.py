"""The study of widths: where a curve crosses its limit, slopes, and what is told, on shares made by hand."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

_PATH = Path(__file__).resolve().parents[1] / "studies" / "capacity.py"
_SPEC = importlib.util.spec_from_file_location("capacity_study", _PATH)
study = importlib.util.module_from_spec(_SPEC)


@pytest.fixture(scope="module", autouse=True)
def loaded():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(_PATH.parent))
        _SPEC.loader.exec_module(study)
        yield


def test_the_last_crossing_counts_between_widths_on_their_logarithm():
    widths, values = (1, 2, 4, 8), (0.0, 1.0, 0.9, 1.0)
    good = [value >= 0.95 for value in values]
    assert study.least_width(widths, good, values, 0.95) == pytest.approx(math.exp((math.log(4) + math.log(8)) / 2))
    assert study.least_width(widths, [True] * 4, values, 0.95) == 1.0
    assert math.isnan(study.least_width(widths, [True, True, True, False], values, 0.95))


def _rows(shift):
    """Stored from m = S / 10 on, extracted from ``shift`` times as much on; no world differs."""
    widths = [2**i for i in range(8)]
    return {
        (s, m): np.array([[float(m >= s / 10), float(m < shift * s / 10)]] * 4) for s in (20, 40, 80) for m in widths
    }


def test_slopes_and_the_order_of_failures():
    rows = _rows(2)
    assert [study.exponent(rows, place) for place in (0, 1)] == pytest.approx([1.0, 1.0], abs=0.01)
    told = study.told(rows, resamples=20)
    assert "Extraction asks for more width than storage at S = 20, 40, 80." in told
    assert "Slope of $\\log m$ on $\\log S$: 1.00 [1.00, 1.00] for storage" in told
    assert "Storage asks for more width than extraction at S = 20, 40, 80." in study.told(_rows(0.5), resamples=20)


def test_rows_are_read_back(tmp_path):
    file = tmp_path / "capacity.csv"
    file.write_text("facts,width,seed,stored,ood_error\n10,2,0,0.5,0.9\n10,2,1,0.7,0.8\n10,4,0,1.0,0.0\n")
    found = study.read(file)
    assert found[10, 2].tolist() == [[0.5, 0.9], [0.7, 0.8]]
    assert found[10, 4].tolist() == [[1.0, 0.0]]
