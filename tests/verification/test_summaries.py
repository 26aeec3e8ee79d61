"""Means with limits, for all cells at once: each as if it stood alone."""

from types import SimpleNamespace

import numpy as np
import pytest

from empirics.judging.confidence import interval, student_t
from empirics.judging.table import CellTable
from empirics.verification import summaries

KINDS = {
    "exact": SimpleNamespace(sampling="exact", bounded=True, lower=0, upper=2),
    "betting": SimpleNamespace(sampling="seed", bounded=True, lower=0, upper=2),
    "wider": SimpleNamespace(sampling="seed", bounded=True, lower=-1, upper=3),
    "student-t": SimpleNamespace(sampling="seed", bounded=False, lower=0, upper=float("inf")),
}


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(summaries, "observables", lambda: KINDS)


def test_every_kind_of_observable_in_cells_of_unequal_size_and_level():
    rng = np.random.default_rng(3)
    alphas = {"main": 0.05, "other": 0.2}
    tables = []
    for index, (variant, size, missing) in enumerate(
        [("main", 8, 0), ("main", 8, 3), ("other", 8, 0), ("main", 1, 0), ("main", 4, 4), ("other", 0, 0)]
    ):
        drawn = {name: [*rng.beta(2, 3, size - missing), *[None] * missing] for name in KINDS}
        columns = {name: tuple(drawn[name]) for name in KINDS if index != 1 or name != "wider"}
        tables.append(CellTable(index, variant, {}, tuple(range(size)), observables=columns))
    found = summaries.summaries_of(tables, alphas)
    assert [list(summary) for summary in found] == [list(table.observables) for table in tables]
    for table, of_cell in zip(tables, found, strict=True):
        alpha = alphas[table.variant]
        for name, summary in of_cell.items():
            values = table.observables[name]
            sample = [v for v in values if v is not None]
            mean = pytest.approx(np.mean(sample), abs=1e-15) if sample else None
            assert (summary.mean, summary.values) == (mean, list(values))
            if name == "exact":
                limits = (summary.mean, summary.mean)
            elif name == "student-t":
                limits = student_t(sample, alpha)
            elif sample:
                alone = interval(sample, alpha, KINDS[name].lower, KINDS[name].upper)
                limits = (pytest.approx(alone.lower, abs=4e-15), pytest.approx(alone.upper, abs=4e-15))
            else:
                limits = (None, None)
            assert (summary.lower, summary.upper) == limits
            assert summary.interval == ("betting" if name == "wider" else name)
