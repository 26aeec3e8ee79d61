"""The texts of an archive: what is inside, what was claimed, how it is checked and run again."""

from __future__ import annotations

import json
import platform
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from empirics.experiments.registry import experiments
from empirics.report import tables
from empirics.report.citation import bibtex, citation_cff, licence_text, software
from empirics.report.files import style_of_pages
from empirics.report.html import config_toml
from empirics.runs.environment import versions
from empirics.verification.results import Results
from theory.plural import counted
from theory.registry import papers

MARK: Final = "archive.json"
FORMAT: Final = 1
CONSTRAINTS: Final = "constraints.txt"
CONFIGURATION: Final = "configuration.toml"
FILES: Final = "files"
REFERENCES: Final = "references.bib"
RERUN: Final = "rerun.sh"

_INSIDE: Final = {
    "results.json": "the whole result: settings, environment, cells with one value per seed, verdicts, claims",
    "report.html": "the same as one page; open it in a browser",
    "cells.csv": "a line for each cell",
    "plan.json": "what was declared before the first run, and its hash",
    "runs.sqlite": "every single run of the directory's store, each with a digest",
    CONFIGURATION: "all settings, as 'factbound verify --config' takes them",
    CONSTRAINTS: "versions of the environment, as 'pip install -c' takes them",
    "plots/": "each figure as SVG, with the CSV of what it shows",
    "sections/": "sections that other programs added to the report",
    f"{FILES}/": "the user's own files that were loaded (--with); they are code that runs",
    "check.sh": "checks everything without training",
    RERUN: "runs everything again and compares",
    "CITATION.cff": "how the software is cited",
    REFERENCES: "the software, and the papers whose claims were tested",
    "LICENSE": "the licence of factbound",
    MARK: "by which version and which sources the pages were made",
    "MANIFEST.sha256": "SHA-256 of every other file",
}


def texts(results: Results, names: Collection[str]) -> dict[str, str]:
    """Every text that follows from results and from the names of the other files; constraints are apart."""
    here = software()
    cited = replace(here, version=results.environment.factbound)
    tested = {claim.paper for claim in results.claims}
    made = {
        CONFIGURATION: config_toml(results.config),
        "check.sh": _CHECK,
        RERUN: rerun(results, names, named=not _all_claims(results)),
        "CITATION.cff": citation_cff(cited),
        REFERENCES: bibtex(cited, [p for p in papers() if p.name in tested], results.environment.git_commit),
        MARK: json.dumps({"archive": FORMAT, "factbound": here.version, "pages": style_of_pages()}, indent=1) + "\n",
    }
    if licence := licence_text():
        made["LICENSE"] = licence
    return made | {"README.txt": readme(results, {*names, *made, CONSTRAINTS, "MANIFEST.sha256"})}


_CHECK: Final = """\
#!/bin/sh
# Checks this archive without training: hashes, verdicts from single values, single runs, pages, proofs on record.
# It needs the command factbound: README.txt says how it is installed.
set -eu
cd "$(dirname "$0")"
factbound check .
"""


def rerun(results: Results, names: Collection[str], *, named: bool) -> str:
    """A script that runs everything again, in a directory of its own, and compares; ``named``: it names the claims."""
    words = [f"factbound verify --experiment {results.experiment.name}", f'--config "$here/{CONFIGURATION}"']
    if named:
        words.append(f"--claims {','.join(claim.id for claim in results.claims)}")
    if any(claim.mutants for claim in results.claims):
        words.append("--mutants")
    words += [f'--with "$here/{name}"' for name in sorted(names) if name.startswith(f"{FILES}/")]
    command = " \\\n  ".join([*words, '--output "$output"'])
    return f"""\
#!/bin/sh
# Trains and judges everything again into the directory named, then says what differs. Usage: sh rerun.sh [DIR]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=${{1:-factbound-rerun}}
{command} || test $? -le 3
factbound compare "$here" "$output"
"""


def _all_claims(results: Results) -> bool:
    """Whether the experiment, asked without names, judges these claims."""
    trial = experiments().get(results.experiment.name)
    arms = list(dict.fromkeys(cell.variant for cell in results.cells))
    return trial is not None and set(trial.claims(arms)) == {claim.id for claim in results.claims}


def constraints(results: Results) -> str:
    """Versions of the environment that ran: all of them if this is that environment, else those on record."""
    there = results.environment
    here = [platform.python_version(), *versions("factbound", "torch", "numpy")]
    lines = [f"# Python {there.python}, factbound {there.factbound}"]
    if there.git_commit:
        lines[0] += f", commit {there.git_commit}{' with changes' if there.git_dirty else ''}"
    if [_public(v) for v in here] == [_public(v) for v in (there.python, there.factbound, there.torch, there.numpy)]:
        found = {d.metadata["Name"]: d.version for d in distributions() if d.metadata["Name"]}
    else:
        lines.append("# The environment that ran is not the one that archived: these versions alone are on record.")
        found = {"factbound": there.factbound, "torch": there.torch, "numpy": there.numpy}
    for name, version in sorted(found.items(), key=lambda pair: pair[0].lower()):
        lines.append(f"{name}=={_public(version)}" + (f"  # was {version}" if "+" in version else ""))
    return "\n".join(lines) + "\n"


def _public(version: str) -> str:
    """The version without what a build adds to it, which no index has."""
    return version.partition("+")[0]


_CHECKED: Final = (
    "It compares every file with its hash, judges every claim again from the single values, compares these with the "
    "stored runs bit for bit, makes pages and tables again if the version is the same, and compares what is stated of "
    "proofs with the record of the installed version. It says what it could not check. Without factbound, "
    "'sha256sum -c MANIFEST.sha256' checks the hashes alone. Somebody who changes results and runs together is found "
    "out only by running again."
)


def readme(results: Results, names: Collection[str]) -> str:
    """README.txt for an evaluator."""
    there, inside = results.environment, _inside(names)
    commit = f", commit {there.git_commit}" if there.git_commit else ""
    dirty = " (with uncommitted changes)" if there.git_dirty else ""
    parts = [
        f"Results of factbound {there.factbound}{commit}{dirty}",
        _paragraph("factbound checks theorems about knowledge in language models against what trained models do."),
        "WHAT WAS CLAIMED, AND WHAT CAME OUT",
        _paragraph(tables.answer(results)),
        _paragraph(tables.run_summary(results)),
        _paragraph(tables.plan_line(results)),
        _listed(
            [
                (c.id, f"{c.verdict}{'' if c.required else ' (not required)'}; {c.provenance}; {c.title}")
                for c in results.claims
            ]
        ),
        _paragraph(tables.confidence(results)),
        _paragraph(tables.SETTINGS),
        "TO CHECK IT IN A MINUTE, WITHOUT TRAINING",
        _paragraph(
            f"Install factbound {there.factbound}{commit} under Python {there.python}: in a folder of its sources, "
            f"'pip install -c ARCHIVE/{CONSTRAINTS} .' with the path of this archive's folder for ARCHIVE."
        ),
        _paragraph("Then: sh check.sh (or 'factbound check ARCHIVE.zip' on the zip itself)."),
        _paragraph(_CHECKED),
        "TO RUN IT AGAIN",
        _paragraph("sh rerun.sh DIR trains and judges everything again into DIR, and tells what differs."),
        _paragraph(
            f"The call that wrote results.json took {results.wall_seconds:.0f} s for runs and verdicts; what it found "
            "in its store was not trained again, so a fresh run may take longer."
        ),
        _paragraph(
            f"Hardware: {there.cpu}, device {there.device}, {counted(there.threads, 'thread')} per process; "
            f"arithmetic {there.dtype}, BLAS {there.blas}. On one kind of machine a run is the same bit for bit; on "
            "another one only verdicts are promised."
        ),
        *_machines(results),
        "WHAT IS INSIDE",
        _listed(inside),
        *_own_files(results, names),
    ]
    return "\n\n".join(parts) + "\n"


def _machines(results: Results) -> list[str]:
    others = results.environment.other_machines
    return [_paragraph(f"Runs of other kinds of machines are among them: {'; '.join(others)}.")] if others else []


def _inside(names: Collection[str]) -> list[tuple[str, str]]:
    def there(name: str) -> bool:
        return any(one.startswith(name) for one in names) if name.endswith("/") else name in names

    found = [(name, about) for name, about in _INSIDE.items() if there(name)]
    missing = [name for name in ("plan.json", "runs.sqlite") if name not in names]
    return [*found, *((name, "NOT INSIDE: the directory of results had none") for name in missing)]


def _own_files(results: Results, names: Collection[str]) -> list[str]:
    """What the user loaded, and which of it is inside."""
    lines = []
    for number, file in enumerate(results.files, 1):
        name = own_name(number, file.path)
        state = (
            f"inside as {name}"
            if name in names
            else "NOT INSIDE: it was gone, or held something else, when this was made"
        )
        lines.append((Path(file.path).name, f"SHA-256 {file.sha256}; {state}"))
    return ["FILES OF THE USER'S OWN", _listed(lines)] if lines else []


def own_name(number: int, path: str) -> str:
    """Where a file of the user's own lies in the archive; two may have one name."""
    return f"{FILES}/{number}-{Path(path).name}"


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 100, break_on_hyphens=False, break_long_words=False)


def _listed(rows: Sequence[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(
        textwrap.fill(about, 110, initial_indent=f"  {name:<{width}}  ", subsequent_indent=" " * (width + 4))
        for name, about in rows
    )
