"""Theorem 1 in CI: it holds on fresh measurements, and nothing became worse than the committed baseline."""

import pytest
from majority_vote.experiment import main


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "runs.csv"
    main(str(path))
    return path


def test_theorem_1_holds(factbound, runs):
    factbound.holds(runs, "majority-vote")


def test_nothing_became_worse(factbound, runs):
    factbound.unchanged(runs, "majority-vote")
