"""What speaks for a claim, as data: five kinds of evidence side by side, each with what it shows and what it does not.

Here are the rows that theory can fill: proofs, certificates and mutants. What measurements say is filled in above
(``empirics.verification.evidence``). Every row is read from the registries, never written by hand for a claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from theory.certify.formal_proofs import FORMAL, formal_of
from theory.certify.record import pages_of
from theory.claim import Claim
from theory.parts import Provenance
from theory.plural import counted

PROSE: Final = "prose proof"
FORMAL_PROOF: Final = "formal proof"
CERTIFICATE: Final = "certificate"
MEASUREMENT: Final = "measurement"
MUTANTS: Final = "mutants"
KINDS: Final = (PROSE, FORMAL_PROOF, CERTIFICATE, MEASUREMENT, MUTANTS)
"""The kinds of evidence, in the order in which they are shown."""

_NOT_PROVED: Final = {
    Provenance.STATED: "the source states it; it is not proved here",
    Provenance.RECONSTRUCTED: "our precise version of a sentence of the source; it is not proved here",
    Provenance.DERIVED: "a theorem of this project, but no page proves it",
}


@dataclass(frozen=True)
class Evidence:
    """One kind of evidence for a claim.

    Attributes:
        kind: one of :data:`KINDS`.
        present: whether there is any; a record that is out of date or not proved is none.
        state: what there is, in a few words, or why there is none.
        where: pages, files and commands to look at; for a measurement first the observable and its arm.
        shows: what follows from it; empty if nothing does.
        limits: what does not follow from it; empty if it shows nothing.
    """

    kind: str
    present: bool
    state: str
    where: tuple[str, ...]
    shows: str
    limits: str


def prose(item: Claim) -> Evidence:
    """The proof in words."""
    if item.proof is None:
        return _absent(PROSE, _NOT_PROVED[item.provenance])
    return Evidence(
        PROSE,
        True,
        "in numbered steps",
        (f"docs/{item.proof}.md",),
        "the statement follows from its premises, if every step is right",
        "that every step is right: it was read, not checked by machine",
    )


def formal(item: Claim) -> Evidence:
    """The proof in Coq, as far as it is on record for these sources and this claim."""
    told = formal_of(item.id)
    if told is None:
        return _absent(FORMAL_PROOF, "no theorem in Coq")
    where = ("docs/proofs/formal.md", told["check"])
    if told["status"] != "ON RECORD":
        return _absent(FORMAL_PROOF, f"{told['status']}: {told['reason']}", where)
    leaves = FORMAL[item.id].leaves
    return Evidence(
        FORMAL_PROOF,
        True,
        f"on record, Coq {told['coq']}: {', '.join(told['theorems'])}",
        where,
        "these theorems follow from their definitions, by a proof that Coq's kernel accepts",
        "that the definitions in Coq mean what the claim means: a bridge compares their numbers at small points"
        + (f". Not proved in Coq: {leaves}" if leaves else ""),
    )


def certificate(item: Claim, recorded: Mapping[str, Any] | None) -> Evidence:
    """The steps that a machine checked; ``recorded`` is what :func:`theory.certify.record.recorded_of` gives."""
    check = f"factbound certify {item.id}"
    if recorded is None:
        return _absent(CERTIFICATE, "no step is checked by machine")
    if recorded["status"] == "NOT CHECKED":
        return _absent(CERTIFICATE, f"{recorded['status']}: {recorded['reason']}", (check,))
    where = (*pages_of(item.id), check)
    state = f"{recorded['status']}: {recorded['proved']} of {counted(recorded['steps'], 'step')}"
    if recorded["status"] != "PROVED":
        state += f", {recorded['refuted']} of {counted(recorded['mutants'], 'mutant')} refuted"
        return _absent(CERTIFICATE, state, where)
    if item.provenance is not Provenance.DERIVED:
        state = f"none of the claim; statements about its formula are {state}"
        return _absent(CERTIFICATE, state, where)
    return Evidence(
        CERTIFICATE,
        True,
        state,
        where,
        "the algebra, signs and numbers of each step, without rounding or with every rounding covered",
        "the arguments between the formulas, which a reader checks; a step over a finite domain, outside it",
    )


def mutants(
    item: Claim, recorded: Mapping[str, Any] | None, tested: Sequence[tuple[str, bool | None]] = ()
) -> Evidence:
    """Near misses that were refuted.

    ``tested`` are those of the claim in results, by name, each with whether it was refuted (None: not tested).
    """
    states, where, refuted = [], [], 0
    if recorded is not None and recorded.get("mutants"):
        of = "" if item.provenance is Provenance.DERIVED else ", which are about its formula"
        states.append(f"{recorded['refuted']} of {recorded['mutants']} refuted by the checks of its certificates{of}")
        where.append(f"factbound certify {item.id}")
        refuted += recorded["refuted"] if item.provenance is Provenance.DERIVED else 0
    decided = [(name, truth) for name, truth in tested if truth is not None]
    if decided:
        states.append(f"{sum(truth for _, truth in decided)} of {len(decided)} refuted in these results")
        spared = [name for name, truth in decided if not truth]
        if spared:
            states.append(f"NOT REFUTED: {', '.join(spared)}")
        refuted += sum(truth for _, truth in decided)
    elif item.mutants:
        names = ", ".join(mutant.name for mutant in item.mutants)
        states.append(f"not tested here: {names}")
        where.append(f"factbound verify --mutants --claims {item.id}")
    return Evidence(
        MUTANTS,
        refuted > 0,
        "; ".join(states) or "none are stated",
        tuple(where),
        "the checks fail on these false statements, so they can fail" if refuted else "",
        "that other errors would be noticed: only these were tried" if refuted else "",
    )


def _absent(kind: str, state: str, where: tuple[str, ...] = ()) -> Evidence:
    return Evidence(kind, False, state, where, "", "")
