"""Formal proofs: which claims have one in Coq (``formal/``), what is on record about it, and how it is checked.

``make proofs`` compiles the proofs, compares what they rest on with ``formal/assumptions.txt``, compares the executable
twins with the claims' formulas, and writes the record ``formal.json``: the hash of the sources and the version of Coq.
Without Coq the record is what is stated. A record of other sources, or of a claim that has changed since, is not used.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

import sympy as sp

from theory.claim import Claim
from theory.fingerprint import fingerprint
from theory.registry import claim

FOLDER = Path(__file__).with_name("formal")
RECORD_FILE = Path(__file__).with_name("formal.json")
WRITTEN_FOR = "8.16"
"""The version of Coq; others accept other scripts, and print statements in another way."""

LONGEST = 600
"""Seconds after which compiling is given up."""


@dataclass(frozen=True)
class Formal:
    """Theorems in Coq about a claim, and the executable twin in ``formal/compute.v`` of the claim's formula.

    ``bound`` makes of the twin's value and K what the claim's formula must be; ``leaves`` names the parts of the
    claim's proof that are not proved in Coq.
    """

    theorems: tuple[str, ...]
    twin: str
    bound: Callable[[sp.Rational, int], sp.Expr] = lambda value, K: value
    leaves: str = ""


def _union(exponent: sp.Rational, K: int) -> sp.Expr:
    return sp.Min(1, K * sp.exp(exponent))


FORMAL = {
    "covering-none-seen": Formal(
        ("prob_none_seen", "none_seen_falls_in_N", "none_seen_falls_in_K", "none_seen_rises_in_R"), "none_seen_twin"
    ),
    "covering-some-unseen": Formal(
        (
            "prob_some_unseen",
            "some_unseen_falls_in_N",
            "some_unseen_rises_in_R",
            "some_unseen_does_not_fall_in_K",
            "some_unseen_does_not_rise_in_K",
        ),
        "some_unseen_twin",
    ),
    "covering-some-unseen-sharp": Formal(
        ("some_unseen_union",), "union_twin", leaves="that the bound is within a factor e/(e-1) of the law"
    ),
    "coverage-half-mean": Formal(("half_mean_tail",), "half_mean_twin", lambda exponent, K: sp.exp(exponent)),
    "coverage-union": Formal(("half_mean_union",), "half_mean_twin", _union),
    "ood-error-linear-memory": Formal(
        ("no_extraction_without_coverage", "mean_error_at_least_twin"),
        "some_unseen_twin",
        leaves="that the update rule is the gradient of the loss, the case K = 1, that the bound is attained, "
        "that fine-tuning can be too long",
    ),
}
"""The claims that have a formal proof. docs/proofs/formal.md says which of their parts it covers."""


class FormalProofError(Exception):
    """A formal proof is not accepted, or its statement is not that of the claim."""


def available() -> bool:
    """Whether the Coq that the proofs are written for can be called here."""
    return shutil.which("coqc") is not None and coq_version().startswith(f"{WRITTEN_FOR}.")


def coq_version() -> str:
    """The version of Coq that is called here."""
    told = subprocess.run(["coqc", "--print-version"], capture_output=True, text=True, check=True, timeout=60)
    return told.stdout.split()[0]


def sources() -> tuple[Path, ...]:
    """The files of the proofs, in the order in which they are compiled."""
    lines = (FOLDER / "_CoqProject").read_text(encoding="utf-8").splitlines()
    return tuple(FOLDER / line for line in lines if line.endswith(".v"))


def digest() -> str:
    """A hash of all sources and of what they rest on."""
    found = hashlib.sha256()
    for file in (*sources(), FOLDER / "assumptions.txt"):
        found.update(f"{file.name}\n{file.read_text(encoding='utf-8')}\n".encode())
    return found.hexdigest()[:16]


def compile_in(folder: Path) -> str:
    """Compile copies of all sources in an empty folder; the statements and assumptions that Coq prints.

    Raises FormalProofError: a file is refused, or it takes too long.
    """
    end = perf_counter() + LONGEST
    printed = ""
    for file in sources():
        shutil.copy(file, folder)
        printed = _coqc(folder, file.name, end - perf_counter())
    return printed


def evaluate(folder: Path, calls: Sequence[tuple[str, tuple[int, int, int]]]) -> list[Fraction]:
    """Values of executable twins at (N, K, R), computed by Coq in a folder where the proofs were compiled."""
    terms = "; ".join(f"{twin} {N} {K} {R}" for twin, (N, K, R) in calls)
    (folder / "grid.v").write_text(
        "From Coq Require Import ZArith List. Import ListNotations. From factbound Require Import compute.\n"
        f"Open Scope Z_scope. Set Printing Width 100000. Set Printing Depth 100000.\nEval vm_compute in [{terms}].\n",
        encoding="utf-8",
    )
    pairs = re.findall(r"\((-?\d+),\s*(-?\d+)\)", _coqc(folder, "grid.v", LONGEST))
    if len(pairs) != len(calls):
        raise FormalProofError(f"Coq printed {len(pairs)} values of {len(calls)}")
    return [Fraction(int(above), int(below)) for above, below in pairs]


def disagreements(folder: Path, points: Sequence[tuple[int, int, int]]) -> list[str]:
    """Where the twin of a claim's theorem and the formula of the claim differ, exactly, at points (N, K, R)."""
    cases = [(identifier, formal, point) for identifier, formal in FORMAL.items() for point in points]
    values = evaluate(folder, [(formal.twin, point) for _, formal, point in cases])
    found = []
    for (identifier, formal, (N, K, R)), value in zip(cases, values, strict=True):
        in_coq = formal.bound(sp.Rational(value.numerator, value.denominator), K)
        stated = formula_at(claim(identifier), N, K, R)
        if in_coq != stated:
            found.append(f"{identifier} at N_f={N}, K={K}, R={R}: {in_coq} in Coq, {stated} in the claim")
    return found


def formula_at(item: Claim, N: int, K: int, R: int) -> sp.Expr:
    """The bound that a claim states, exactly: 0 where its logarithm is not a number."""
    log = item.log_expression
    assert log is not None
    inside = log.args[0] if isinstance(log, sp.log) else sp.exp(log)
    at = {item.notation[name].symbol: value for name, value in (("N_f", N), ("K", K), ("R", R))}
    return inside.subs(at).doit()


def formal_of(identifier: str) -> dict[str, Any] | None:
    """What is on record about the formal proof of a claim; None if it has none.

    ``status`` is ``ON RECORD``, with the version ``coq`` that checked it, or ``NOT CHECKED``, with the ``reason``.
    """
    if identifier not in FORMAL:
        return None
    recorded: dict[str, Any] = json.loads(RECORD_FILE.read_text(encoding="utf-8"))
    told = {"theorems": list(FORMAL[identifier].theorems), "check": "make proofs"}
    if recorded["sources"] != digest():
        return {"status": "NOT CHECKED", "reason": "the Coq sources have changed since they were recorded", **told}
    if recorded["claims"].get(identifier) != fingerprint(claim(identifier)):
        return {"status": "NOT CHECKED", "reason": "the claim has changed since its proof was recorded", **told}
    return {"status": "ON RECORD", "coq": recorded["coq"], **told}


def text_of(told: Mapping[str, Any] | None) -> str:
    """What :func:`formal_of` returns, or ``CHECKED`` for its status, in one phrase."""
    if told is None:
        return "none"
    if told["status"] == "NOT CHECKED":
        return f"NOT CHECKED: {told['reason']}; to check it: {told['check']}"
    where = "checked here" if told["status"] == "CHECKED" else f"on record; to check it again: {told['check']}"
    return f"proved in Coq {told['coq']} ({', '.join(told['theorems'])}), {where}"


def check(*, write: bool = False) -> dict[str, Any]:
    """Compile all proofs here, compare what they rest on, and every twin with its claim's formula.

    Returns the record. With ``write``, what the proofs rest on is written to ``formal/assumptions.txt`` instead.
    Raises FormalProofError: something is not accepted, or differs.
    """
    points = [(N, K, R) for N, R in product(range(1, 5), range(1, 7)) for K in range(1, R + 1)]
    known = FOLDER / "assumptions.txt"
    with tempfile.TemporaryDirectory() as name:
        printed = compile_in(Path(name))
        if write:
            known.write_text(printed, encoding="utf-8")
        elif printed != known.read_text(encoding="utf-8"):
            raise FormalProofError(f"statements or axioms differ from {known.name}; if that is meant: --write")
        wrong = disagreements(Path(name), points)
    if wrong:
        raise FormalProofError("\n".join(wrong))
    return {
        "coq": coq_version(),
        "sources": digest(),
        "claims": {identifier: fingerprint(claim(identifier)) for identifier in FORMAL},
    }


def _coqc(folder: Path, file: str, seconds: float) -> str:
    options = ("-R", ".", "factbound", "-w", "-notation-overridden,-ambiguous-paths")
    try:
        done = subprocess.run(
            ["coqc", *options, file], cwd=folder, capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired as late:
        raise FormalProofError(f"{file}: compiling took longer than {LONGEST} s in all") from late
    if done.returncode:
        raise FormalProofError(f"{file}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    RECORD_FILE.write_text(json.dumps(check(write="--write" in sys.argv[1:]), indent=1) + "\n", encoding="utf-8")
