"""``factbound check``: CI regression on theorems."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from empirics.cli import options
from empirics.cli.experiment_option import ExperimentName
from empirics.cli.output import console, print_json, with_broken
from empirics.cli.root import app
from empirics.errors import UsageError
from empirics.experiments.load import load_config
from empirics.experiments.registry import experiment_of
from empirics.files import prepare_directory, write_text


@app.command("check")
def check_command(
    archive: Annotated[
        Path | None,
        typer.Argument(metavar="[ARCHIVE.zip]", help="Check this archive in place of the baseline; train nothing."),
    ] = None,
    baseline: Annotated[Path, typer.Option(metavar="FILE", help="The committed baseline.")] = Path(
        "tests/baseline/quick.json"
    ),
    update: Annotated[bool, typer.Option("--update", help="Rewrite the baseline and show the difference.")] = False,
    experiment: ExperimentName = None,
    preset: Annotated[str, typer.Option(help="The preset to rerun.")] = "quick",
    workers: options.Workers = None,
    stored: Annotated[
        Path | None,
        typer.Option(
            "--results",
            metavar="DIR",
            help="Rerun and prove nothing: take what 'factbound verify' left there, and proofs as on record.",
        ),
    ] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Append a summary, as for a CI page.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    as_json: options.Json = False,
) -> int:
    """Rerun a preset and compare formulas, certificates, verdicts and limits with a committed baseline.

    Exit 1 if something became worse: a verdict, a vanished claim or cell, a changed formula, a lost
    certificate, or limits entirely worse than the old ones; 70 if something is broken.
    Of an archive ('factbound archive'), packed or unpacked: exit 1 if something in it is not as stated.

    Example: factbound check --markdown summary.md --junit theorems.xml
    """
    if archive is not None:
        if update or stored is not None or experiment or markdown or junit:
            raise UsageError(f"{archive} is an archive: of the options only --json goes with it")
        return _archive(archive, as_json=as_json)
    from empirics.report.findings import findings_junit, findings_markdown, print_findings
    from empirics.verification.baseline import Level, baseline_of, compare, finished, read_baseline, write_baseline
    from theory.certify.record import proved_steps, recorded_steps

    if stored is None:
        from empirics.verification.verify import verify

    options.check_workers(workers)
    config = load_config(preset, experiment=experiment)
    if update:
        prepare_directory(baseline.parent, files=(baseline.name,))  # before what takes long
    old = read_baseline(baseline) if os.path.exists(baseline) or not update else None
    if stored is None:
        results = verify(config, experiment=experiment, workers=workers)
    else:
        results = finished(stored, experiment_of(experiment, config), config, preset)
    prove = proved_steps if stored is None else recorded_steps
    new = baseline_of(preset, results, prove(item.id for item in results.claims))
    compared = compare(old, new) if old is not None else None
    findings = compared or []
    if as_json:
        print_json({"baseline": str(baseline), "findings": [asdict(f) for f in findings]})
    else:
        print_findings(compared, new, console())
    if markdown is not None:
        write_text(markdown, findings_markdown(compared, new), append=True)
    if junit is not None:
        write_text(junit, findings_junit(findings, new))
    if update:
        write_baseline(new, baseline)
        if not as_json:
            console().print(f"{baseline} {'rewritten' if old is not None else 'written'}", markup=False)
        findings = []  # they are the new baseline
    return with_broken(results.defects, int(any(f.level is Level.FAILURE for f in findings)))


def _archive(path: Path, *, as_json: bool) -> int:
    """Check an archive, and print what was checked."""
    from empirics.report.archived import check_archive, print_checks

    found = check_archive(path)
    if as_json:
        print_json({"archive": str(path), "checks": [check.model_dump() for check in found]})
    else:
        print_checks(found, console())
    return int(any(check.differs for check in found))
