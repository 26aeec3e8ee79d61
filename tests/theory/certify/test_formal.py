"""The formal proofs: what is on record, and, where Coq is installed, the proofs themselves and their statements."""

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

from theory import claim
from theory.certify import formal_proofs
from theory.certify.formal_proofs import FOLDER, FORMAL, FormalProofError

ASSUMPTIONS = (FOLDER / "assumptions.txt").read_text(encoding="utf-8")
COMPUTE = (FOLDER / "compute.v").read_text(encoding="utf-8")
NAMED = {name for formal in FORMAL.values() for name in formal.theorems}
AXIOMS = {"sig_not_dec", "sig_forall_dec", "functional_extensionality_dep", "classic"}
needs_coq = pytest.mark.skipif(
    not formal_proofs.available(), reason="Coq 8.16 is not installed: make proofs installs it"
)


def points(seed: int, count: int) -> list[tuple[int, int, int]]:
    """Small (N, K, R) at random, with 1 <= K <= R."""
    chosen = random.Random(seed)
    found = []
    for _ in range(count):
        R = chosen.randint(1, 12)
        found.append((chosen.randint(1, 9), chosen.randint(1, R), R))
    return found


def test_the_record_is_of_these_sources_and_claims() -> None:
    assert {formal_proofs.formal_of(name)["status"] for name in FORMAL} == {"ON RECORD"}  # type: ignore[index]
    assert formal_proofs.formal_of("rank-one") is None


def test_a_record_of_other_sources_or_of_another_claim_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = replace(claim("covering-none-seen"), log_expression=sp.Integer(0))
    with monkeypatch.context() as patch:
        patch.setattr(formal_proofs, "claim", lambda _: changed)
        told = formal_proofs.formal_of("covering-none-seen")
        assert told is not None
        assert (told["status"], told["reason"][:21]) == ("NOT CHECKED", "the claim has changed")
    monkeypatch.setattr(formal_proofs, "digest", lambda: "another")
    told = formal_proofs.formal_of("covering-none-seen")
    assert told is not None
    assert (told["status"], told["reason"][:28]) == ("NOT CHECKED", "the Coq sources have changed")
    assert formal_proofs.text_of(told).endswith("; to check it: make proofs")


def test_nothing_is_admitted_and_only_the_real_numbers_rest_on_axioms() -> None:
    for file in formal_proofs.sources():
        assert not re.search(r"\b(Admitted|admit|Axiom|Parameter|Conjecture)\b", file.read_text(encoding="utf-8")), file
    axioms = set(re.findall(r"^\w+\.(\w+)\s*:", ASSUMPTIONS, re.MULTILINE))
    axioms |= set(re.findall(r"^\w+\.(\w+)$", ASSUMPTIONS, re.MULTILINE))
    assert axioms == AXIOMS
    told = re.findall(r"^(\w+)\n     : (?:.*\n)*?(Closed under the global context|Axioms:)", ASSUMPTIONS, re.MULTILINE)
    rests = dict(told)
    assert set(rests) >= NAMED
    on_axioms = {name for name in NAMED if rests[name] == "Axioms:"}
    assert on_axioms == {
        "half_mean_tail",
        "half_mean_union",
        "no_extraction_without_coverage",
        "mean_error_at_least_twin",
    }
    assert all(f"Definition {formal.twin} " in COMPUTE for formal in FORMAL.values())


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("coq")
    return folder, formal_proofs.compile_in(folder)


@needs_coq
def test_coq_accepts_every_proof_and_the_twins_are_the_claims_formulas(compiled: tuple[Path, str]) -> None:
    folder, printed = compiled
    assert printed == ASSUMPTIONS
    assert formal_proofs.disagreements(folder, points(seed=0, count=60)) == []


@needs_coq
@pytest.mark.parametrize(
    ("stated", "mutant", "found"),
    [
        ("(power (choose (R - K) K) N,", "(power (choose (R - K) K) (2 * N),", {"covering-none-seen"}),
        ("(signed_sum N K R K,", "(signed_sum N K R (K - 1),", {"covering-some-unseen", "ood-error-linear-memory"}),
        ("Z.of_nat K * power", "Z.of_nat (K - 1) * power", {"covering-some-unseen-sharp"}),
        ("2 * Z.of_nat R * Z.of_nat R)", "Z.of_nat R * Z.of_nat R)", {"coverage-half-mean", "coverage-union"}),
    ],
)
def test_a_mutant_of_a_twin_is_noticed(tmp_path: Path, stated: str, mutant: str, found: set[str]) -> None:
    assert COMPUTE.count(stated) == 1
    (tmp_path / "compute.v").write_text(COMPUTE.replace(stated, mutant), encoding="utf-8")
    formal_proofs._coqc(tmp_path, "compute.v", 60)
    wrong = formal_proofs.disagreements(tmp_path, points(seed=1, count=30))
    assert {line.partition(" ")[0] for line in wrong} == found


@needs_coq
def test_what_coq_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrong.v").write_text("Goal 1 = 2. Proof. reflexivity. Qed.\n", encoding="utf-8")
    with pytest.raises(FormalProofError, match=r"wrong\.v: .*line 1"):
        formal_proofs._coqc(tmp_path, "wrong.v", 60)
    monkeypatch.setattr(formal_proofs, "LONGEST", 0)
    with pytest.raises(FormalProofError, match="longer than 0 s"):
        formal_proofs.compile_in(tmp_path)
