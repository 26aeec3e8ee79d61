"""The catalogue: everything proved, every near miss refuted, every step findable in the documentation."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from theory import UnknownClaimError, all_claims, claim
from theory.certify import Certificate, certificates, count_of_steps, mutants
from theory.certify.record import RECORD_FILE, certificate_of, record_text

_PROOFS = Path(__file__).parents[3] / "docs" / "proofs"


@pytest.fixture(scope="module")
def proofs() -> list[Certificate]:
    return list(certificates())


@pytest.fixture(scope="module")
def refutations() -> list[Certificate]:
    return list(mutants())


def test_every_certificate_is_proved(proofs: list[Certificate]) -> None:
    assert [(c.claim, c.step, c.detail) for c in proofs if not c.proved] == []


def test_steps_are_counted_without_running_them(proofs: list[Certificate], refutations: list[Certificate]) -> None:
    assert count_of_steps() == len(proofs) + len(refutations)


def test_every_mutant_fails_and_says_why(refutations: list[Certificate]) -> None:
    assert [c.claim for c in refutations if c.proved] == []
    assert all(len(c.detail) > 10 for c in refutations)


def test_the_record_of_the_package_is_what_was_just_proved(
    proofs: list[Certificate], refutations: list[Certificate]
) -> None:
    assert record_text(proofs, refutations) == RECORD_FILE.read_text(encoding="utf-8"), "run: make certificates"


def test_a_changed_claim_is_not_called_proved() -> None:
    item = claim("coverage-half-mean")
    assert certificate_of(item)["status"] == "PROVED"
    changed = replace(item, log_expression=item.log_expression * 2, mutants=())
    assert certificate_of(changed)["status"] == "NOT CHECKED"
    assert certificate_of(claim("ood-error-literal")) is None


def test_every_derived_claim_has_a_certificate(proofs: list[Certificate]) -> None:
    derived = {c.id for c in all_claims() if c.provenance == "DERIVED"}
    assert derived <= {c.claim for c in proofs}


def test_every_registered_mutant_for_certification_is_refuted(refutations: list[Certificate]) -> None:
    wanted = {f"{c.id}:{m.name}" for c in all_claims() for m in c.mutants if m.refuted_by == "certification"}
    assert wanted <= {c.claim for c in refutations}


@pytest.mark.parametrize(
    "identifier",
    [
        "pretraining-rate-linear:twice-as-fast",
        "pretraining-rate-linear:vocabulary-without-prompt",
        "covering-some-unseen:falls-in-multiplicity",
        "rank-one:decay-without-coherence",
        "coverage-union-sharp:cut-one-higher",
        "coverage-half-mean:linear-in-multiplicity",
        "coverage-half-mean:without-half",
    ],
)
def test_the_mutants_asked_for_share_a_step_with_a_proved_certificate(
    identifier: str, proofs: list[Certificate], refutations: list[Certificate]
) -> None:
    steps = {c.step for c in refutations if c.claim == identifier}
    assert steps
    proved = {(c.base_claim, c.step) for c in proofs}
    found = {(identifier.partition(":")[0], step) for step in steps} & proved
    assert found or identifier == "covering-some-unseen:falls-in-multiplicity"  # its check is that of steps 3 to 5


def test_every_step_is_a_numbered_step_of_its_page(proofs: list[Certificate], refutations: list[Certificate]) -> None:
    pages = {
        page.stem: set(re.findall(r"^\*\*Step (\d+)\.\*\*", page.read_text(), re.M)) for page in _PROOFS.glob("*.md")
    }
    for certificate in (*proofs, *refutations):
        page, _, number = certificate.step.partition(".")
        assert number in pages[page], certificate.step


def test_every_numbered_step_has_a_certificate_or_a_mutant(
    proofs: list[Certificate], refutations: list[Certificate]
) -> None:
    used = {c.step for c in (*proofs, *refutations)}
    for page in _PROOFS.glob("*.md"):
        for number in re.findall(r"^\*\*Step (\d+)\.\*\*", page.read_text(), re.M):
            assert f"{page.stem}.{number}" in used


def test_one_claim_alone_and_an_unknown_one() -> None:
    alone = list(certificates("coverage-half-mean"))
    assert Counter(c.claim for c in alone) == {"coverage-half-mean": len(alone)}
    assert count_of_steps("coverage-half-mean") == len(alone) + len(list(mutants("coverage-half-mean")))
    assert list(certificates("mechanism")) == []
    with pytest.raises(UnknownClaimError):
        list(certificates("no-such-claim"))


def test_claims_in_the_catalogue_are_registered(refutations: list[Certificate]) -> None:
    for certificate in refutations:
        assert claim(certificate.base_claim).id == certificate.base_claim
