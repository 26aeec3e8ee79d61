"""The record of certificates, as results and the regression check keep it: claim, step, proved or not.

Proving all steps takes half a minute, so a verification does not do it again: it states what is on record in
``certificates.json``, which ``python -m theory.certify.record`` (``make certificates``) writes by proving everything.
A test proves everything again and fails where the record differs. A record of a claim whose formula, premises or
domain have changed since is not used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from theory.certify.certificate import Certificate, certificates, mutants
from theory.claim import Claim
from theory.fingerprint import fingerprint
from theory.parts import Provenance
from theory.registry import claim

RECORD_FILE = Path(__file__).with_name("certificates.json")


def proved_steps(identifiers: Iterable[str]) -> dict[str, dict[str, bool]]:
    """Prove every step of these claims again: for each, its steps (page and number) and whether each is proved."""
    found: dict[str, dict[str, bool]] = {}
    for identifier in identifiers:
        steps = found.setdefault(identifier, {})
        for certificate in certificates(identifier):
            steps[certificate.step] = steps.get(certificate.step, True) and certificate.proved
    return found


def recorded_steps(identifiers: Iterable[str]) -> dict[str, dict[str, bool]]:
    """The same from the record; of a claim that is not on it, or has changed since, every step is proved."""
    found: dict[str, dict[str, bool]] = {}
    for identifier in identifiers:
        recorded = _record().get(identifier)
        if recorded is None or recorded["fingerprint"] != fingerprint(claim(identifier)):
            found |= proved_steps([identifier])
            continue
        steps = found.setdefault(identifier, {})
        for step in recorded["steps"]:
            steps[step["step"]] = steps.get(step["step"], True) and step["proved"]
    return found


def certificate_of(item: Claim) -> dict[str, Any] | None:
    """What is on record about the proof of a claim: None for a claim that is no theorem of this project.

    ``status`` is ``PROVED``, ``NOT PROVED`` or ``NOT CHECKED``; with the first two stand the numbers of ``steps`` and
    of those ``proved``, of ``mutants`` and of those ``refuted``, and the ``domains`` and ``methods`` of the steps.
    """
    return recorded_of(item) if item.provenance is Provenance.DERIVED else None


def recorded_of(item: Claim) -> dict[str, Any] | None:
    """The same of any claim: of one that is no theorem of this project, what is proved about its formula, or None."""
    recorded = _record().get(item.id)
    if recorded is None:
        if item.provenance is not Provenance.DERIVED:
            return None
        return {"status": "NOT CHECKED", "reason": "no certificate is on record"}
    if recorded["fingerprint"] != fingerprint(item):
        return {"status": "NOT CHECKED", "reason": "the claim has changed since its certificates were recorded"}
    steps = recorded["steps"]
    sound = all(s["proved"] for s in steps) and recorded["refuted"] == recorded["mutants"]
    return {
        "status": "PROVED" if sound else "NOT PROVED",
        "steps": len(steps),
        "proved": sum(s["proved"] for s in steps),
        "mutants": recorded["mutants"],
        "refuted": recorded["refuted"],
        "domains": list(dict.fromkeys(s["domain"] for s in steps)),
        "methods": list(dict.fromkeys(s["method"] for s in steps)),
        "check": f"factbound certify {item.id}",
    }


def pages_of(identifier: str) -> tuple[str, ...]:
    """The pages in docs/proofs whose steps are on record for a claim, in their order there."""
    steps = _record().get(identifier, {"steps": []})["steps"]
    return tuple(dict.fromkeys(f"docs/proofs/{step['step'].rpartition('.')[0]}.md" for step in steps))


def record_text(proofs: Iterable[Certificate], refutations: Iterable[Certificate]) -> str:
    """The record of these certificates and mutants, as JSON."""
    found: dict[str, dict[str, Any]] = {}
    for proof in proofs:
        entry = found.setdefault(
            proof.claim, {"fingerprint": fingerprint(claim(proof.claim)), "mutants": 0, "refuted": 0, "steps": []}
        )
        entry["steps"].append(
            {"step": proof.step, "domain": proof.domain, "method": proof.method, "proved": proof.proved}
        )
    for mutant in refutations:
        entry = found[mutant.base_claim]
        entry["mutants"] += 1
        entry["refuted"] += not mutant.proved
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


@lru_cache(maxsize=1)
def _record() -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads(RECORD_FILE.read_text(encoding="utf-8"))
    return recorded


if __name__ == "__main__":
    RECORD_FILE.write_text(record_text(certificates(), mutants()), encoding="utf-8")
