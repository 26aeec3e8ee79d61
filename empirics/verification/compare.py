"""What differs between two verifications, or between one and a committed baseline: differences are told, not judged.

Verdicts, formulas and limits are compared as ``factbound check`` does it (:mod:`empirics.verification.baseline`), means
seed by seed (:mod:`empirics.verification.paired`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from empirics.errors import UsageError
from empirics.experiments.presentation import Part
from empirics.verification.baseline import Baseline, BaselineClaim, Finding, Level, baseline_of, read_baseline
from empirics.verification.baseline import compare as findings_of
from empirics.verification.paired import Estimate, estimates_of, pairs_of, unpaired
from empirics.verification.plan import PLAN_FILE, differences
from empirics.verification.results import RESULTS, ClaimResult, Results
from theory.plural import counted

_UNDRAWN: Final = ("arms", "seeds", "verdict", "compute", "pretraining", "finetuning", "training", "evaluation")
"""Sections of settings that draw nothing: what runs, how it is trained from where it begins, and how it is judged."""


class Change(Part):
    """A value that differs; None on the side that does not have it."""

    what: str
    before: Any
    after: Any


class VerdictChange(Part):
    """A finding of ``factbound check``, with the verdict on both sides; ``where`` is "" for the claim as a whole."""

    level: Level
    claim: str
    where: str
    before: str | None
    after: str | None
    what: str


class Comparison(Part):
    """All that differs. ``identical``: each value of each seed is the same bit for bit, and so is each verdict.

    ``alpha`` is divided over ``comparisons``: all sampled observables of all cells that are compared seed by seed,
    those that are ``equal`` in every seed among them. With probability at least 1 - alpha every interval by betting
    among them holds; those by Student's t are approximate. ``drawn`` are keys that may decide the world or the
    initialisation and differ: there the same seed draws another one.
    """

    first: str
    second: str
    identical: bool
    identical_runs: bool
    cells: tuple[int, int, int]
    configuration: list[Change]
    environment: list[Change]
    plan: list[Change]
    claims: list[Change]
    verdicts: list[VerdictChange]
    estimates: list[Estimate]
    equal: int
    comparisons: int
    alpha: float | None
    drawn: list[str]
    notes: list[str]


class Given(NamedTuple):
    """One side: how it is called, what it holds, and the plan beside results, if there is one."""

    name: str
    holds: Results | Baseline
    plan: Mapping[str, Any] | None = None


def given(path: Path, read: Any) -> Given:
    """A directory of results (``read`` reads it), the results.json in one, or a baseline.

    Raises UsageError: it is none of these.
    """
    if path.is_file() and path.name != RESULTS:
        return Given(str(path), read_baseline(path))
    folder = path.parent if path.name == RESULTS and path.is_file() else path
    if not folder.is_dir():
        raise UsageError(
            f"{path} is not there; allowed are a directory with {RESULTS}, or a baseline of 'factbound check'"
        )
    results: Results = read(folder)
    return Given(str(path), results, _plan(folder / PLAN_FILE, results))


def _plan(path: Path, results: Results) -> Mapping[str, Any] | None:
    """The plan in a directory, if it is that of the results."""
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return plan if isinstance(plan, dict) and plan.get("hash") == results.plan.hash else None


def compared(first: Given, second: Given) -> Comparison:
    """What differs; ``first`` is before, ``second`` after."""
    a, b = first.holds, second.holds
    if isinstance(a, Results) and isinstance(b, Results):
        return _of_results(first.name, second.name, a, b, first.plan, second.plan)
    preset = next(side.preset for side in (a, b) if isinstance(side, Baseline))
    old, new = (side if isinstance(side, Baseline) else baseline_of(preset, side, {}) for side in (a, b))
    where = [{(name, cell) for name, item in side.claims.items() for cell in item.cells} for side in (old, new)]
    verdicts = _verdicts(old, new)
    notes = [
        "A baseline has formulas, verdicts and limits, rounded to four digits. Configuration, environment, plan and "
        "single runs are not in it and were not compared; certificates were not either ('factbound check' proves them "
        "again)."
    ]
    return Comparison(
        first=first.name,
        second=second.name,
        identical=False,
        identical_runs=False,
        cells=(len(where[0] & where[1]), len(where[0] - where[1]), len(where[1] - where[0])),
        configuration=[],
        environment=[],
        plan=[],
        claims=list(_changes("preset", old.preset, new.preset)),
        verdicts=verdicts,
        estimates=list(_limits(old, new)),
        equal=0,
        comparisons=0,
        alpha=None,
        drawn=[],
        notes=notes,
    )


def _of_results(
    first: str, second: str, a: Results, b: Results, plan: Mapping[str, Any] | None, other: Mapping[str, Any] | None
) -> Comparison:
    cells = [{side.place([cell]): cell for cell in side.cells} for side in (a, b)]
    common = [where for where in cells[0] if where in cells[1]]
    runs = a.cells == b.cells and a.curves == b.curves
    judged = a.verdicts == b.verdicts and a.claims == b.claims
    alpha = min(float(side.config.get("verdict", {}).get("alpha", 0.05)) for side in (a, b))
    pairs = list(pairs_of(a, b, [(where, cells[0][where], cells[1][where]) for where in common]))
    comparisons = sum(pair.sampled for pair in pairs)
    equal = sum(pair.equal for pair in pairs if pair.sampled)
    drawn = _drawn(a, b)
    return Comparison(
        first=first,
        second=second,
        identical=runs and judged,
        identical_runs=runs,
        cells=(len(common), len(cells[0]) - len(common), len(cells[1]) - len(common)),
        configuration=[
            *_changes("experiment", a.experiment.name, b.experiment.name),
            *_keyed(_dotted(a.config), _dotted(b.config)),
        ],
        environment=[
            *_keyed(a.environment.model_dump(mode="json"), b.environment.model_dump(mode="json")),
            *_changes("files", _files(a), _files(b)),
            *_changes("complete", a.complete, b.complete),
        ],
        plan=[
            *_keyed(a.plan.model_dump(), b.plan.model_dump()),
            *_changes("differs in", None, _differing(plan, other)),
        ],
        claims=list(_claims(a.claims, b.claims)),
        verdicts=_verdicts(baseline_of("", a, {}), baseline_of("", b, {})),
        estimates=[] if runs else estimates_of(pairs, alpha / max(comparisons, 1)),
        equal=equal,
        comparisons=comparisons,
        alpha=alpha,
        drawn=drawn,
        notes=_notes(a, b, drawn, runs=runs),
    )


def _notes(a: Results, b: Results, drawn: Sequence[str], *, runs: bool) -> list[str]:
    """What must be known to read the differences of means."""
    if runs:
        return []
    notes = [
        "Differences are second minus first, seed by seed, then averaged. Seeds that only one side has, or in which a "
        "value is undefined on one side, are left out. Intervals by betting hold at every number of seeds, so also "
        "where more seeds were drawn because a verdict was open."
    ]
    if drawn:
        notes.append(
            f"{', '.join(drawn)}: these keys may decide the world or the initialisation. The same seed then draws "
            "another one, so a difference is one between two populations, and not the change in one and the same "
            "world. The intervals hold all the same; they are wider."
        )
    if a.environment.code_hash != b.environment.code_hash:
        notes.append(
            "The two were made by different sources: whether the same seed still draws the same world is not checked."
        )
    return notes


def _differing(plan: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str | None:
    """The parts of two plans that are not the same; None if none is, or one is not there."""
    found = differences(plan, other) if plan and other else []
    return ", ".join(part for part in found if part != "hash") or None


def _dotted(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{section}.{key}" if isinstance(values, dict) else section: value
        for section, values in config.items()
        for key, value in (values.items() if isinstance(values, dict) else [("", values)])
    }


def _changes(what: str, before: Any, after: Any) -> Iterator[Change]:
    if before != after:
        yield Change(what=what, before=before, after=after)


def _keyed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys([*before, *after]):
        yield from _changes(key, before.get(key), after.get(key))


def _files(results: Results) -> dict[str, str]:
    return {Path(file.path).name: file.sha256 for file in results.files}


def _drawn(a: Results, b: Results) -> list[str]:
    """Keys of settings, or of an arm's, that may decide what a seed draws, and differ; the grid itself aside."""
    axes = {*a.experiment.axes.values(), *b.experiment.axes.values()}
    keys = [change.what for change in _keyed(_dotted(a.config), _dotted(b.config))]
    overlays = [{cell.variant: cell.overlay for cell in side.cells} for side in (a, b)]
    for arm in overlays[0].keys() & overlays[1].keys():
        keys += [change.what for change in _keyed(overlays[0][arm], overlays[1][arm])]
    found = (key for key in dict.fromkeys(keys) if key.partition(".")[0] not in _UNDRAWN)
    return [*_changed_experiment(a, b), *(key for key in found if key.rpartition(".")[2] not in axes)]


def _changed_experiment(a: Results, b: Results) -> list[str]:
    return ["experiment"] if a.experiment.name != b.experiment.name else []


_STATED: Final = (
    "title",
    "statement",
    "formula",
    "fingerprint",
    "kind",
    "provenance",
    "source",
    "judged_on",
    "variant",
)
_STATED_TOO: Final = ("reference", "axis", "domain", "falsifier", "required")


def _claims(before: Sequence[ClaimResult], after: Sequence[ClaimResult]) -> Iterator[Change]:
    """What a claim says, its certificate and the evidence for it; its verdict is told elsewhere."""
    old, new = ({item.id: item for item in side} for side in (before, after))
    for name in dict.fromkeys([*old, *new]):
        if name not in old or name not in new:
            yield Change(what=name, before="judged" if name in old else None, after="judged" if name in new else None)
            continue
        a, b = old[name], new[name]
        for key in (*_STATED, *_STATED_TOO):
            yield from _changes(f"{name}: {key}", getattr(a, key), getattr(b, key))
        yield from _changes(f"{name}: premises", *([premise.text for premise in c.premises] for c in (a, b)))
        certificates = [_certificate(c) for c in (a, b)]
        yield from _changes(f"{name}: certificate", *certificates)
        evidence = [{row.kind: row.state for row in c.evidence if row.kind != "measurement"} for c in (a, b)]
        for change in _keyed(*evidence):
            yield Change(what=f"{name}: evidence, {change.what}", before=change.before, after=change.after)


def _certificate(item: ClaimResult) -> str | None:
    found = item.certificate
    if found is None:
        return None
    steps = f", {found['proved']} of {counted(found['steps'], 'step')}" if "steps" in found else ""
    return f"{found.get('status')}{steps}"


def _verdicts(old: Baseline, new: Baseline) -> list[VerdictChange]:
    """What ``factbound check`` finds; certificates are no part of it here."""
    sides = [
        {name: item.model_copy(update={"certificates": {}}) for name, item in s.claims.items()} for s in (old, new)
    ]
    found = findings_of(*(Baseline(preset="", claims=side) for side in sides))
    return [
        VerdictChange(
            level=Level.NOTE if _alone(item, sides) else item.level,
            claim=item.claim,
            where=item.where,
            before=_verdict(sides[0].get(item.claim), item.where),
            after=_verdict(sides[1].get(item.claim), item.where),
            what=_told(item, sides),
        )
        for item in found
    ]


def _told(item: Finding, sides: Sequence[Mapping[str, BaselineClaim]]) -> str:
    """A finding in words that fit two verifications: neither of them need be the later one."""
    alone = _alone(item, sides)
    return f"judged in the {alone} alone" if alone else item.what


def _alone(item: Finding, sides: Sequence[Mapping[str, BaselineClaim]]) -> str:
    """The side that alone judged it; empty if both did."""
    judged = [
        name
        for name, side in zip(("first", "second"), sides, strict=True)
        if _verdict(side.get(item.claim), item.where)
    ]
    return judged[0] if len(judged) == 1 else ""


def _verdict(item: BaselineClaim | None, where: str) -> str | None:
    if item is None:
        return None
    found = item.cells.get(where) if where else item
    return None if found is None else found.verdict


def _limits(old: Baseline, new: Baseline) -> Iterator[Estimate]:
    """The limits of verdicts in cells that both have, where they are disjoint; with a baseline there is no more."""
    for name, item in old.claims.items():
        for where, a in item.cells.items():
            b = new.claims[name].cells.get(where) if name in new.claims else None
            if b is None or None in (a.lower, a.upper, b.lower, b.upper) or (a.lower, a.upper) == (b.lower, b.upper):
                continue
            yield unpaired(where, f"limits of {name}", (None, a.lower, a.upper), (None, b.lower, b.upper))
