"""CI regression on theorems: what a verification says now, against a committed baseline.

The baseline holds, for each claim, the fingerprint of its formula, its certificates, and per cell verdict and limits. A
finding is a failure, a warning or a note; only failures make ``factbound check`` exit 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from empirics.errors import UsageError
from empirics.experiments.arms import arms_of
from empirics.experiments.presentation import Part
from empirics.experiments.protocol import Experiment
from empirics.experiments.registry import experiment as default_experiment
from empirics.files import prepare_directory, write_atomically
from empirics.runs.environment import code_hash, resolved_device
from empirics.verification.document import copied
from empirics.verification.results import RESULTS, Results, read_results
from theory import Kind
from theory import claim as registered
from theory.fingerprint import fingerprint
from theory.plugins import files

_DIGITS = 4
_UNTESTED = ("VACUOUS", "OUT OF SCOPE", "NOT TESTED")
_RANKS = ("HOLDS", "SUPPORTED", "UNDECIDED")


class Level(StrEnum):
    """How grave a finding is."""

    FAILURE = "FAILURE"
    WARNING = "WARNING"
    NOTE = "NOTE"


@dataclass(frozen=True)
class Finding:
    """One difference from the baseline: at a cell (or "" for the claim as a whole), in one sentence."""

    level: Level
    claim: str
    where: str
    what: str


Limit = Annotated[float | None, AfterValidator(lambda value: None if value is None else round(value, _DIGITS))]


class BaselineCell(Part):
    """Verdict and one-sided limits of a cell or series, rounded."""

    verdict: str
    lower: Limit = None
    upper: Limit = None


class BaselineClaim(Part):
    """What is guarded of one claim; ``by_share``: its cells are judged on shares of worlds;
    ``lower`` and ``upper`` are of the statement on all its cells together."""

    kind: Kind
    by_share: bool = False
    formula: str
    fingerprint: str
    verdict: str
    lower: Limit = None
    upper: Limit = None
    certificates: dict[str, bool] = Field(default_factory=dict)
    cells: dict[str, BaselineCell]


_Guarded = BaselineCell | BaselineClaim


class Baseline(Part):
    """A committed baseline."""

    preset: str
    claims: dict[str, BaselineClaim]


def baseline_of(preset: str, results: Results, certificates: Mapping[str, Mapping[str, bool]]) -> Baseline:
    """The baseline that these results would be; certificates: for each claim, whether each of its steps is proved."""
    return Baseline(
        preset=preset,
        claims={
            item.id: copied(
                BaselineClaim,
                item,
                formula=item.formula if item.latex is not None else item.title,
                lower=item.pooled and item.pooled.lower,
                upper=item.pooled and item.pooled.upper,
                certificates=certificates.get(item.id, {}),
                cells={results.where(v): copied(BaselineCell, v) for v in results.verdicts_on(item.id)},
            )
            for item in results.claims
        },
    )


def finished(directory: Path, experiment: Experiment, config: Any, preset: str) -> Results:
    """The results in a directory, which the present sources made of a preset, on all of the experiment's claims.

    Raises UsageError: there are none, or others.
    """
    path = directory / RESULTS
    named = "" if experiment.name == default_experiment().name else f"--experiment {experiment.name} "
    again = f"run 'factbound verify {named}--preset {preset} --output {directory}' again"
    try:
        found = read_results(path)
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'no results document'}") from None
    if not found.complete:
        raise UsageError(f"{path} is of a verification that was interrupted; {again}")
    if found.environment.code_hash != code_hash():
        raise UsageError(f"{path} was made by other sources than the present ones; {again}")
    if [(file.path, file.sha256) for file in found.files] != [(str(file.path), file.sha256) for file in files()]:
        raise UsageError(f"{path} was made with other files (--with) than those given now; {again}")
    settled = experiment.settle(config, resolved_device(config.compute.device)[0])
    known = set(experiment.claims([arm.name for arm in arms_of(experiment, settled)]))
    if different := sorted(known ^ {c.id for c in found.claims}):
        raise UsageError(f"{path} is not on the claims of {experiment.name}: {different[0]} is in one only; {again}")
    if other := next((c.id for c in found.claims if c.fingerprint != fingerprint(registered(c.id))), None):
        raise UsageError(f"{path} judged another formula or premise of {other}; {again}")
    asked = settled.model_dump(mode="json")
    for section, values in asked.items():
        for key, value in values.items():
            if (other := found.config.get(section, {}).get(key)) != value:
                raise UsageError(f"{path} has {section}.{key}={other}, and the preset {value}; {again}")
    return found


def read_baseline(path: Path) -> Baseline:
    """A baseline from its file (UsageError: it cannot be read or is none)."""
    try:
        return Baseline.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"cannot read the baseline {path}: {error.strerror}; 'factbound check --update' writes one"
        ) from None
    except (ValidationError, UnicodeDecodeError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{path} is not a baseline: {first}") from None


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline, one cell per line."""
    document = baseline.model_dump(mode="json", exclude_none=True)
    lines = ["{", f' "preset": {json.dumps(document["preset"])},', ' "claims": {']
    claims = list(document["claims"].items())
    for number, (identifier, claim) in enumerate(claims):
        cells = claim.pop("cells")
        lines.append(f"  {json.dumps(identifier)}: {{")
        lines += [f"   {json.dumps(key)}: {json.dumps(value)}," for key, value in claim.items()]
        lines.append('   "cells": {')
        rows = [f"    {json.dumps(where)}: {json.dumps(cell)}" for where, cell in cells.items()]
        lines += [row + ("," if i < len(rows) - 1 else "") for i, row in enumerate(rows)]
        lines += ["   }", "  }" + ("," if number < len(claims) - 1 else "")]
    lines += [" }", "}", ""]
    write_atomically(prepare_directory(path.parent) / path.name, "\n".join(lines))


def compare(old: Baseline, new: Baseline) -> list[Finding]:
    """All differences, the gravest first."""
    return sorted(_differences(old, new), key=lambda f: list(Level).index(f.level))


def _differences(old: Baseline, new: Baseline) -> Iterator[Finding]:
    if old.preset != new.preset:
        yield Finding(Level.FAILURE, "", "", f"the baseline is of preset {old.preset}, this run of {new.preset}")
    for identifier, before in old.claims.items():
        after = new.claims.get(identifier)
        if after is None:
            yield Finding(Level.FAILURE, identifier, "", "the claim is no longer registered")
            continue
        if before.fingerprint != after.fingerprint:
            change = f"from {before.formula} to {after.formula}" if before.formula != after.formula else after.formula
            yield Finding(Level.FAILURE, identifier, "", f"the claim's formula, premises or domain changed ({change})")
        yield from _verdict_changes(identifier, "", "lower", before, after)
        for step, proved in before.certificates.items():
            if proved and not after.certificates.get(step, False):
                lost = "is no longer proved" if step in after.certificates else "is gone"
                yield Finding(Level.FAILURE, identifier, step, f"the certificate of this step {lost}")
        worse = "lower" if before.by_share else before.kind.meaning.worse
        for where, cell in before.cells.items():
            if where not in after.cells:
                yield Finding(Level.FAILURE, identifier, where, "the cell is no longer judged")
            else:
                yield from _verdict_changes(identifier, where, worse, cell, after.cells[where])
        for where in after.cells:
            if where not in before.cells:
                yield Finding(Level.NOTE, identifier, where, "new cell")
    for identifier in new.claims:
        if identifier not in old.claims:
            yield Finding(Level.NOTE, identifier, "", "new claim, not in the baseline")


def _verdict_changes(
    identifier: str, where: str, worse: str | None, before: _Guarded, after: _Guarded
) -> Iterator[Finding]:
    """``worse`` is the side to which limits move when things get worse; None: either."""
    overlap = _overlap(before, after)
    change = f"{before.verdict} became {after.verdict}"
    if before.verdict != after.verdict:
        if after.verdict in ("VIOLATED", "BROKEN") or (after.verdict in _UNTESTED and before.verdict not in _UNTESTED):
            yield Finding(Level.FAILURE, identifier, where, change)
        elif before.verdict in _RANKS and after.verdict in _RANKS[_RANKS.index(before.verdict) :]:
            # Another processor rounds differently; with overlapping limits nothing is shown to have changed.
            level = Level.WARNING if overlap is not False else Level.FAILURE
            yield Finding(level, identifier, where, change + ("" if overlap is not False else ", and its limits moved"))
        else:
            yield Finding(Level.NOTE, identifier, where, change)
    side = "higher" if (after.lower or 0.0) > (before.upper or 0.0) else "lower"
    if overlap is False and worse in (None, side):
        moved = f"from [{before.lower}, {before.upper}] to [{after.lower}, {after.upper}]"
        told = f"limits moved clear of the baseline to the worse side: {moved}"
        yield Finding(Level.FAILURE, identifier, where, told)


def _overlap(before: _Guarded, after: _Guarded) -> bool | None:
    """Whether the limits overlap, up to the digits stored; None where one has none."""
    if before.lower is None or before.upper is None or after.lower is None or after.upper is None:
        return None
    slack = 2 * 10**-_DIGITS
    return bool(after.lower <= before.upper + slack and before.lower <= after.upper + slack)
