"""What is on record about a proof, where it is not simply proved."""

import json
from dataclasses import replace
from typing import Any

import pytest

from theory import claim
from theory.certify import Certificate, record
from theory.fingerprint import fingerprint

RANK_ONE = claim("rank-one")


def certificate(step: str, *, proved: bool) -> Certificate:
    more = {"statement": "a < b", "domain": "a > 0", "method": "exact", "detail": "why", "seconds": 0.0}
    return Certificate(claim=RANK_ONE.id, step=step, proved=proved, **more)


def test_a_theorem_that_was_never_certified() -> None:
    told = record.certificate_of(replace(RANK_ONE, id="mine"))
    assert told == {"status": "NOT CHECKED", "reason": "no certificate is on record"}


@pytest.mark.parametrize(
    ("proved", "refuted", "status"), [(True, 2, "PROVED"), (False, 2, "NOT PROVED"), (True, 1, "NOT PROVED")]
)
def test_one_step_or_one_mutant_decides(
    monkeypatch: pytest.MonkeyPatch, proved: bool, refuted: int, status: str
) -> None:
    steps = [{"step": f"s.{i}", "domain": "all", "method": "exact", "proved": proved or i > 0} for i in range(2)]
    entry: dict[str, Any] = {"fingerprint": fingerprint(RANK_ONE), "mutants": 2, "refuted": refuted, "steps": steps}
    monkeypatch.setattr(record, "_record", lambda: {RANK_ONE.id: entry})
    told = record.certificate_of(RANK_ONE)
    assert told is not None
    assert (told["status"], told["steps"], told["proved"], told["refuted"]) == (status, 2, 1 + proved, refuted)


def test_a_step_is_proved_if_all_its_certificates_are(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [certificate("a", proved=True), certificate("a", proved=False), certificate("a", proved=True)]
    monkeypatch.setattr(record, "certificates", lambda _: [*found, certificate("b", proved=True)])
    assert record.proved_steps(["rank-one"]) == {"rank-one": {"a": False, "b": True}}


def test_steps_on_record_are_those_that_are_proved(monkeypatch):
    recorded = json.loads(record.RECORD_FILE.read_text(encoding="utf-8"))
    proved = []
    monkeypatch.setattr(record, "proved_steps", lambda some: proved.extend(some) or {i: {"again": True} for i in some})
    found = record.recorded_steps([*recorded, "trend-finetuned"])
    assert proved == ["trend-finetuned"], "what is not on record is proved"
    assert found.pop("trend-finetuned") == {"again": True}
    assert found == {
        name: {
            step["step"]: all(s["proved"] for s in entry["steps"] if s["step"] == step["step"])
            for step in entry["steps"]
        }
        for name, entry in recorded.items()
    }
    stale = dict(recorded) | {"rank-one": recorded["rank-one"] | {"fingerprint": "other"}}
    monkeypatch.setattr(record, "_record", lambda: stale)
    assert record.recorded_steps(["rank-one"]) == {"rank-one": {"again": True}}
