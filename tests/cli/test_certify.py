"""``factbound certify``: the proofs at the command line."""

import json

import pytest

from empirics.cli.app import run


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["certify", "coverage-half-mean"]) == 0
    out = capsys.readouterr().out
    assert "PROVED      coverage-half-mean  half-mean-tail.1" in out
    assert "REFUTED     coverage-half-mean:without-half" in out
    assert run(["certify", "rank-one", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["all_proved"]
    assert document["all_mutants_refuted"]
    assert {c["status"] for c in document["mutants"]} == {"NOT PROVED"}
    assert run(["certify", "no-such-claim"]) == 2
    assert run(["certify", "mechanism"]) == 0
