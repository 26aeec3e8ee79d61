"""The theorem: its value, a plan, and a verdict on measurements that were made elsewhere."""

import math

import numpy as np
import pytest
from commands import factbound as command

COLUMNS = "n,eps,seed,mean_off"


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Measurements as a CSV file whose columns are the theorem's own symbols."""
    rows = []
    for seed in range(40):
        tosses = np.random.default_rng([seed, 1]).integers(0, 2, size=(200, 100))
        off = (np.abs(tosses.mean(axis=1) - 0.5) >= 0.1 - 1e-12).mean()
        rows.append(f"100,0.1,{seed},{off}")
    path = tmp_path_factory.mktemp("runs") / "runs.csv"
    path.write_text("\n".join([COLUMNS, *rows, ""]))
    return path


def test_listed_and_evaluated():
    assert "hoeffding" in command("claims")
    assert "2*exp(-2*eps**2*n)" in command("claims", "hoeffding")
    assert f"{2 * math.exp(-2):.6g}" in command("bound", "hoeffding", "n=100", "eps=0.1")


def test_planned():
    least = math.ceil(math.log(2 / 0.01) / (2 * 0.1**2))
    assert f"n = {least} is enough for mean_off <= 0.01" in command("plan", "hoeffding", "--target", "0.01", "eps=0.1")


def test_drawn_by_itself(tmp_path):
    command("plot", "hoeffding", "eps=0.1,0.2", "n=1:400", "--output", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"hoeffding.svg", "hoeffding.csv"}


def test_judged(runs, tmp_path):
    words = ("judge", runs, "--claim", "hoeffding", "--strict", "--plot", tmp_path / "bound.svg")
    assert "ε=0.1" in command(*words)
    assert (tmp_path / "bound.csv").read_text().count("\n") == 2


def test_it_holds(factbound, runs):
    factbound.holds(runs, "hoeffding")


def test_nothing_became_worse(factbound, runs):
    factbound.unchanged(runs, "hoeffding")
