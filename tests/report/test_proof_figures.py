"""The pictures of the proofs, drawn from the tables beside the pages."""

from pathlib import Path

from empirics.report.figures.proof_figures import frontier_figure, rate_figure

_PROOFS = Path(__file__).parents[2] / "docs" / "proofs"


def test_the_stored_frontier_can_be_drawn() -> None:
    figure = frontier_figure(_PROOFS / "frontier.csv")
    assert len(figure.rows) == 20_100
    assert "never" in figure.svg
    assert "136" in figure.svg


def test_the_stored_rates_can_be_drawn() -> None:
    assert "× gap" in rate_figure(_PROOFS / "linear-memory-rate.csv").svg
