"""``factbound certify``: the proofs, checked by machine, and the near misses that must fail."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from empirics.cli.output import console, print_json, progress_console
from empirics.cli.root import app

__all__ = ["certify_command"]


@app.command("certify")
def certify_command(
    identifier: Annotated[str | None, typer.Argument(metavar="[ID]", help="Certify one claim.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Check every proof step by step, and that every near miss fails.

    Exit status 0: all proved and every mutant refuted; 1 otherwise.

    Example: factbound certify coverage-half-mean
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from theory.certify import Certificate, certificates, count_of_certificates, count_of_mutants, mutants

    total = count_of_certificates(identifier) + count_of_mutants(identifier)
    proofs: list[Certificate] = []
    refutations: list[Certificate] = []
    out = console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=progress_console(), transient=True) as progress:
        task = progress.add_task("certifying", total=total)
        for found, source in ((proofs, certificates(identifier)), (refutations, mutants(identifier))):
            for certificate in source:
                found.append(certificate)
                progress.update(task, advance=1, description=f"{certificate.claim} {certificate.step}")
                if not as_json:
                    out.print(line(certificate, mutant=found is refutations), markup=False, soft_wrap=True)
    sound = all(c.proved for c in proofs) and not any(c.proved for c in refutations)
    if as_json:
        print_json(document(proofs, refutations))
    elif not total:
        out.print(f"{identifier}: not a theorem of this project; nothing to certify", markup=False)
    else:
        seconds = sum(c.seconds for c in (*proofs, *refutations))
        out.print(
            f"{sum(c.proved for c in proofs)} of {len(proofs)} certificates proved, "
            f"{sum(not c.proved for c in refutations)} of {len(refutations)} mutants refuted, {seconds:.1f} s",
            markup=False,
        )
    if not sound:
        raise typer.Exit(1)


def line(certificate: Any, *, mutant: bool = False) -> str:
    """One line: status, claim, step, statement, domain, method, seconds; the reason where it matters."""
    status = certificate.status if not mutant else ("REFUTED" if not certificate.proved else "NOT REFUTED")
    text = (
        f"{status:<11} {certificate.claim}  {certificate.step}  {certificate.statement}  [{certificate.domain}]  "
        f"({certificate.method})  {certificate.seconds:.2f} s"
    )
    return f"{text}  {certificate.detail}" if mutant or not certificate.proved else text


def document(proofs: list[Any], refutations: list[Any]) -> dict[str, Any]:
    """The document of ``factbound certify --json``."""
    return {
        "certificates": [{**asdict(c), "status": c.status} for c in proofs],
        "mutants": [{**asdict(c), "status": c.status} for c in refutations],
        "all_proved": all(c.proved for c in proofs),
        "all_mutants_refuted": not any(c.proved for c in refutations),
    }
