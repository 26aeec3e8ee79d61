"""Questions that a search cannot answer, and bounds that state no number, end in one line."""

import numpy as np
import pytest

from empirics.cli.app import run
from theory import DomainError
from theory.planning import least


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(list(words)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line.removeprefix("factbound: ")


def test_more_multiplicities_than_can_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", "covering-some-unseen", "--target", "0.1", "N_f=5", "R=1000000000000", "--unknown", "K"]
    assert refused(capsys, *words) == "K from 1 to 1000000000000: at most 10000000 are looked at; give a smaller R"


def test_more_multiplicities_beside_the_target_than_are_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least, "_MOST_EXAMINED", 2)
    asked: list[int] = []

    def good(index: int) -> bool:
        asked.append(index)
        return False

    assert least._settle(range(2), np.zeros(2), good, 1) is None
    with pytest.raises(DomainError, match="more than 2 multiplicities are too close to the target"):
        least._settle(range(3), np.zeros(3), good, 1)
    assert asked == [0, 1, 0, 1]


def test_a_claim_without_a_number_has_no_bound(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "bound", "trend-finetuned", "N_f=3") == (
        "trend-finetuned is a trend claim and states no number; see: factbound claims trend-finetuned"
    )


def test_a_target_that_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "plan", "ood-error-literal", "K=4", "R=40").startswith("--target is missing: ")
