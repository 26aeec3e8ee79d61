"""``factbound certify``: the proofs, checked by machine, and the mutants that must fail."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from empirics.cli import options
from empirics.cli.output import console, print_json, progress_console
from empirics.cli.root import app
from empirics.errors import UsageError
from theory.plural import counted


@app.command("certify")
def certify_command(
    identifier: Annotated[str | None, typer.Argument(metavar="[ID]", help="Certify one claim.")] = None,
    as_json: options.Json = False,
    formal: Annotated[bool, typer.Option("--formal", help="Also compile the formal proofs with Coq.")] = False,
) -> None:
    """Check every proof step by step, and that every mutant fails.

    Says for each theorem whether it also has a formal proof in Coq: checked here (--formal), on record, or none.
    Exit status 0: all proved and every mutant refuted; 1 otherwise.

    Example: factbound certify coverage-half-mean
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from theory import Provenance, certify, claim
    from theory.certify import formal_proofs
    from theory.describe import status_of

    if formal:
        _compile()
    total = certify.count_of_steps(identifier)
    if identifier is not None and not as_json and claim(identifier).provenance is not Provenance.DERIVED and total:
        word = status_of(claim(identifier))
        console().print(f"{identifier}: {word}. What follows is proved about its formula, not the claim.", markup=False)
    proofs: list[certify.Certificate] = []
    refutations: list[certify.Certificate] = []
    out = console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=progress_console(), transient=True) as progress:
        task = progress.add_task("certifying", total=total)
        for found, source in ((proofs, certify.certificates(identifier)), (refutations, certify.mutants(identifier))):
            for certificate in source:
                found.append(certificate)
                progress.update(task, advance=1, description=f"{certificate.claim} {certificate.step}")
                if not as_json:
                    out.print(certificate.line(mutant=found is refutations), markup=False, soft_wrap=True)
    summary = certify.document(proofs, refutations)
    told = {name: _formal(name, checked=formal) for name in dict.fromkeys(c.base_claim for c in proofs)}
    if as_json:
        print_json(summary | {"formal": told})
    elif not total:
        out.print(f"{identifier}: not a theorem of this project; nothing to certify", markup=False)
    else:
        for name, document in told.items():
            out.print(f"formal proof of {name}: {formal_proofs.text_of(document)}", markup=False, soft_wrap=True)
        seconds = sum(c.seconds for c in (*proofs, *refutations))
        out.print(
            f"{sum(c.proved for c in proofs)} of {counted(len(proofs), 'certificate')} proved, "
            f"{sum(not c.proved for c in refutations)} of {counted(len(refutations), 'mutant')} refuted, "
            f"{seconds:.1f} s"
        )
    if not (summary["all_proved"] and summary["all_mutants_refuted"]):
        raise typer.Exit(1)


def _compile() -> None:
    from theory.certify import formal_proofs

    if not formal_proofs.available():
        needed = f"Coq {formal_proofs.WRITTEN_FOR}"
        raise UsageError(f"--formal needs {needed}, which is not installed; in a checkout, make proofs installs it")
    try:
        formal_proofs.check()
    except formal_proofs.FormalProofError as error:
        console().print(f"NOT PROVED  formal proofs  {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None


def _formal(identifier: str, *, checked: bool) -> dict[str, Any] | None:
    """What is known of a formal proof; ``checked``: it has just been compiled."""
    from theory.certify import formal_proofs

    told = formal_proofs.formal_of(identifier)
    if told is None or not checked:
        return told
    return {"status": "CHECKED", "coq": formal_proofs.coq_version(), "theorems": told["theorems"]}
