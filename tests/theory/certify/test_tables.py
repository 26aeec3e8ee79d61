"""The tables behind the pictures of the proofs."""

from pathlib import Path

import pytest

from theory.certify.tables import frontier_table, write_frontier, write_rates

_PROOFS = Path(__file__).parents[3] / "docs" / "proofs"


def test_the_stored_frontier_is_the_current_one(tmp_path: Path) -> None:
    table = write_frontier(tmp_path / "frontier.csv").read_text()
    assert table.count("\n") == 20_101
    assert table.count(",none\n") == 2484
    assert table == (_PROOFS / "frontier.csv").read_text()


def test_the_page_holds_the_current_table() -> None:
    rows = frontier_table().splitlines()[2:]
    assert len(rows) == 8
    page = (_PROOFS / "frontier.md").read_text()
    assert all(row in page for row in rows)


def test_the_stored_rates_are_the_current_ones(tmp_path: Path) -> None:
    rows = write_rates(tmp_path / "rate.csv", multiplicities=(1,)).read_text().splitlines()
    assert rows[0] == "multiplicity,step,form,value_nats"
    assert any(row.startswith("1,10000,restart,") for row in rows)
    stored = [r for r in (_PROOFS / "linear-memory-rate.csv").read_text().splitlines() if not r.startswith("3,")]
    assert len(stored) == len(rows)
    for now, then in zip(rows[1:], stored[1:], strict=True):
        assert now.rpartition(",")[0] == then.rpartition(",")[0]
        assert float(now.rpartition(",")[2]) == pytest.approx(float(then.rpartition(",")[2]), rel=1e-6)
