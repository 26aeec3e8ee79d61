"""Pictures, tables and the command."""

import json
from pathlib import Path

import pytest

from theory.certify.figures import figure, frontier_table, rate_figure

_PROOFS = Path(__file__).parents[2] / "docs" / "proofs"


def test_the_frontier_figure_and_its_table(tmp_path: Path) -> None:
    drawn = figure(tmp_path / "frontier.svg")
    assert drawn.read_text().lstrip().startswith("<?xml")
    table = (tmp_path / "frontier.csv").read_text()
    assert table.count("\n") == 20_101
    assert table.count(",none\n") == 2484
    assert table == (_PROOFS / "frontier.csv").read_text()


def test_the_page_holds_the_current_table() -> None:
    rows = frontier_table().splitlines()[2:]
    assert len(rows) == 8
    page = (_PROOFS / "frontier.md").read_text()
    assert all(row in page for row in rows)


def test_the_rate_figure(tmp_path: Path) -> None:
    rate_figure(tmp_path / "rate.svg", multiplicities=(1,))
    rows = (tmp_path / "rate.csv").read_text().splitlines()
    assert rows[0] == "multiplicity,step,form,value_nats"
    assert any(row.startswith("1,10000,restart,") for row in rows)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    application = pytest.importorskip("empirics.cli.app")
    pytest.importorskip("empirics.cli.certify")
    assert application.run(["certify", "coverage-half-mean"]) == 0
    out = capsys.readouterr().out
    assert "PROVED      coverage-half-mean  half-mean-tail.1" in out
    assert "REFUTED     coverage-half-mean:without-half" in out
    assert application.run(["certify", "rank-one", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["all_proved"]
    assert document["all_mutants_refuted"]
    assert {c["status"] for c in document["mutants"]} == {"NOT PROVED"}
    assert application.run(["certify", "no-such-claim"]) == 2
    assert application.run(["certify", "mechanism"]) == 0
