"""What factbound gives an experiment that it has never heard of, by the command line alone."""

import csv
import json
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from commands import VERIFY, factbound, start

BASELINE = Path(__file__).with_name("quick.json")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    directory = tmp_path_factory.mktemp("results")
    directory.joinpath("told").write_text(factbound(*VERIFY, "--mutants", "--output", directory))
    return directory


def test_verdicts_and_mutants(results):
    document = json.loads((results / "results.json").read_text())
    assert document["experiment"]["name"] == "mean-estimate"
    assert [s["name"] for s in document["notation"]] == ["n", "eps"]
    assert [c["symbols"] for c in document["cells"]] == [{"eps": 0.1, "n": 50}, {"eps": 0.1, "n": 100}]
    (claim,) = document["claims"]
    assert (claim["id"], claim["verdict"]) == ("hoeffding", "HOLDS")
    assert [mutant["refuted"] for mutant in claim["mutants"]] == [True]


def test_the_report_has_its_table_and_figures(results):
    page = (results / "report.html").read_text()
    for text in ("Means that are off", "Means that are off, along the tosses", "samples in a mean", "<code>hoeffding"):
        assert text in page
    told = (results / "told").read_text()
    assert "ε=0.1, n=100: mean_off" in told
    with (results / "cells.csv").open() as stream:
        assert [row["samples"] for row in csv.DictReader(stream)] == ["50", "100"]


def test_plots_with_their_data(results, tmp_path):
    factbound("plot", results, "--format", "pdf", "--output", tmp_path)
    names = {"along-the-tosses", "claim-hoeffding"}
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.{end}" for name in names for end in ("pdf", "csv")}
    with (tmp_path / "claim-hoeffding.csv").open() as stream:
        assert {"tolerance", "samples", "value"} <= set(next(csv.DictReader(stream)))


def test_an_arm_runs_beside_it(tmp_path):
    factbound(*VERIFY, "--set", 'arms.run=["more-trials"]', "--output", tmp_path)
    cells = json.loads((tmp_path / "results.json").read_text())["cells"]
    assert [cell["variant"] for cell in cells] == ["main", "main", "more-trials", "more-trials"]


def test_killed_while_it_runs_it_resumes(tmp_path):
    slow = (*VERIFY, "--set", "world.trials=40000", "--output")  # finished runs are stored every half second
    process = start(*slow, tmp_path / "killed")
    while _stored(tmp_path / "killed") < 3:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    stored = _stored(tmp_path / "killed")
    assert 3 <= stored < 32
    assert f"{stored} finished runs found" in factbound(*slow, tmp_path / "killed")
    factbound(*slow, tmp_path / "undisturbed")
    killed, undisturbed = (_document(tmp_path / name) for name in ("killed", "undisturbed"))
    assert killed == undisturbed


def test_one_run_in_full(tmp_path):
    words = ("run", "--experiment", "mean-estimate", "--tolerance", "0.1", "--samples", "100", "--save", tmp_path)
    assert "mean_off" in factbound(*words)
    assert {path.name for path in tmp_path.iterdir()} == {"run.json", "trials.safetensors"}


def test_nothing_became_worse_than_the_baseline():
    words = ("check", "--experiment", "mean-estimate", "--preset", "quick", "--workers", "1", "--baseline")
    assert "No change" in factbound(*words, BASELINE)


def test_a_regression_is_found(tmp_path):
    document = json.loads(BASELINE.read_text())
    for cell in document["claims"]["hoeffding"]["cells"].values():
        cell |= {"lower": 0.0, "upper": 0.001}
    (tmp_path / "better.json").write_text(json.dumps(document))
    words = ("check", "--experiment", "mean-estimate", "--preset", "quick", "--workers", "1", "--baseline")
    assert "limits moved clear" in factbound(*words, tmp_path / "better.json", status=1)


def _stored(directory):
    """How many finished runs are kept."""
    if not (directory / "runs.sqlite").exists():
        return 0
    try:
        with sqlite3.connect(f"file:{directory / 'runs.sqlite'}?mode=ro", uri=True, timeout=5) as store:
            return store.execute("SELECT count(*) FROM runs").fetchone()[0]
    except sqlite3.OperationalError:  # it is just being made
        return 0


def _document(directory):
    document = json.loads((directory / "results.json").read_text())
    del document["wall_seconds"]
    return document
