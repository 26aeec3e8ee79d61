"""Results as sentences and tables of plain values, shared by terminal, HTML and CSV."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from empirics.experiments.document import INTERNAL_ERROR, CellResult, VerdictResult
from empirics.experiments.presentation import Scalar
from empirics.experiments.sampling import ROWS, spread
from empirics.experiments.wording import of_runs
from empirics.verification.results import ClaimResult, PooledResult, Results
from theory.plural import counted

ORDER: Final = ("VIOLATED", "UNDECIDED", "SUPPORTED", "HOLDS", "VACUOUS", "OUT OF SCOPE", "NOT TESTED", "BROKEN")
"""The verdicts, the worst first."""

SETTINGS: Final = (
    "A verdict holds for these settings only: widths, steps and sizes are fixed. Only the seed is random "
    "(world, initialisation, order)."
)

WORLDS: Final = "worlds: holds/ties/does not hold/undefined of all that ran; the effect size does not decide"
_DECIDING: Final = ("verdict", "estimate", "lower", "upper", "bound")


def answer(results: Results, *, headline_first: bool = False) -> str:
    """The answer in a sentence or two: what is violated, the experiment's headline, then the rest."""
    violated = [c.id if c.required else f"{c.id} (not required)" for c in results.claims if c.verdict == "VIOLATED"]
    parts = [f"VIOLATED: {', '.join(violated)}." if violated else "No claim is violated."]
    if results.untested:
        parts = [
            " ".join(
                [
                    f"No claim was tested: {results.untested}.",
                    *(f"{line.rstrip('.')}." for line in failures(results)[:1]),
                ]
            )
        ]
    if broken := list(dict.fromkeys(line.partition(": ")[0] for line in results.defects)):
        parts.insert(0, f"BROKEN: {', '.join(broken[:3])}{f' and {len(broken) - 3} more' if len(broken) > 3 else ''}.")
    if results.shown.headline:
        parts.insert(0 if headline_first else len(parts), results.shown.headline)
    counts = Counter(c.verdict for c in results.claims)
    about = {"HOLDS": " (every cell in scope)", "SUPPORTED": " (all cells together)", "UNDECIDED": "", "VIOLATED": ""}
    about |= dict.fromkeys((v for v in counts if v not in about), "")
    verdicts = ", ".join(f"{counts[v]} {v}{what}" for v, what in about.items())
    parts.append(f"{counted(len(results.claims), 'claim')}: {verdicts}.")
    if not results.complete:
        parts.append("The run was interrupted: only finished runs are shown.")
    return " ".join(parts)


def run_summary(results: Results) -> str:
    """What was run, where and how long."""
    return f"{summary(results)}; {results.environment.cpu}, {took(results)}."


def summary(results: Results) -> str:
    """What was run, as the experiment says it, or in numbers."""
    cells = results.cells
    units = ((c, tuple(map(c.symbols.__getitem__, results.experiment.run_axes))) for c in cells)
    runs = {(c.variant, unit, seed) for c, unit in units for seed in c.seeds}
    common = f"{counted(len(runs), 'run')} of {results.experiment.title}, {counted(len(cells), 'cell')}"
    return results.shown.summary or common


def program(results: Results) -> str:
    """The version that ran, its commit, and whether that had changes."""
    there = results.environment
    changed = ", with uncommitted changes" if there.git_dirty else ""
    return f"factbound {there.factbound}" + (f" (commit {there.git_commit[:12]}{changed})" if there.git_commit else "")


def took(results: Results) -> str:
    """How long it took, start-up, figures and page not counted."""
    return f"{results.wall_seconds:.0f} s for runs and verdicts"


def plan_line(results: Results) -> str:
    """Whether the plan was declared before the data."""
    word = "declared before the data" if results.plan.declared else "exploratory"
    return f"Plan {results.plan.hash[:12]}: {word}; {results.plan.reason}."


def confidence(results: Results) -> str:
    """What alpha is: of a cell, of a claim, and over all claims."""
    alpha = results.config["verdict"]["alpha"]
    if not any(v.by_sampling for v in results.verdicts):
        return "No verdict rests on sampling."
    text = (
        f"Each claim has alpha = {alpha:g}. HOLDS, SUPPORTED and VIOLATED are each wrong with probability at most "
        "alpha. A cell is confirmed at level alpha. Cells in which some seed failed a measured premise share alpha. "
        "HOLDS requires every cell in scope to be confirmed. SUPPORTED is the statement on all cells together, "
        "confirmed at level alpha. A refutation has level alpha / (number of cells + 1)."
    )
    looks = results.config.get("seeds", {}).get("looks", ())
    if looks:
        text += (
            f" Limits of a share of worlds are exact over the {'look' if len(looks) == 1 else 'looks'} at "
            f"{' and '.join([*map(str, looks[:-1]), counted(looks[-1], 'seed')])}. Limits "
            "of a mean are time-uniform (betting)."
        )
    pooled = [(c.id, c.pooled) for c in results.claims if c.pooled is not None]
    if not pooled:
        return text
    told = []
    for procedure in _adjusted(pooled[0][1]):
        ids = [identifier for identifier, found in pooled if _adjusted(found)[procedure] <= found.alpha]
        told.append(f"{len(ids) or 'none'} by {procedure}" + (f" ({', '.join(ids)})" if ids else ""))
    return (
        f"{text} Claims with a statement on all cells together: {len(pooled)}. Confirmed, each at its own alpha: "
        f"{sum(found.confirmed for _, found in pooled)}. Confirmed with one adjusted error rate over all claims: "
        f"{', '.join(told)}."
    )


def _adjusted(pooled: PooledResult) -> dict[str, float]:
    """P-values over all claims, by procedure; at most alpha where the statement is confirmed over all of them."""
    return {"Holm": pooled.holm, "Benjamini-Yekutieli": pooled.benjamini_yekutieli}


def pooled_share(claim: ClaimResult) -> str:
    """What is confirmed of all cells together, as in ``in at least 91 % of worlds``; empty without."""
    share = share_shown(claim)
    return share and f"in {share} of {'worlds' if claim.by_share else 'runs'}"


def share_shown(claim: ClaimResult) -> str:
    """The share of worlds or runs in which a claim holds, over all cells together, as in ``at least 91 %``."""
    pooled = claim.pooled
    if pooled is None:
        return ""
    least, most = math.floor(100 * pooled.lower + 1e-9), math.ceil(100 * pooled.upper - 1e-9)
    if pooled.confirmed:
        return f"at least {least} %"
    return f"at most {most} %" if pooled.upper < pooled.asked else f"{least} to {most} %"


def cells_held(results: Results, identifier: str) -> str:
    """In how many of the cells in scope a claim is confirmed, as in ``18 of 20``; empty where none is in scope."""
    counts = Counter(v.verdict for v in results.verdicts_on(identifier) if not v.flat)
    scope = sum(counts[verdict] for verdict in ("HOLDS", "UNDECIDED", "VIOLATED"))
    return f"{counts['HOLDS']} of {scope}" if scope else ""


def pooled_text(claim: ClaimResult) -> str:
    """The statement on all cells together with its limits, worlds and error probabilities; empty without."""
    pooled = claim.pooled
    if pooled is None:
        return ""
    limits = f"{pooled.estimate:.3g} [{pooled.lower:.3g}, {pooled.upper:.3g}]"
    refuted = f" (refuted: {pooled.direction})" if pooled.refuted else ""
    without = f" ({pooled.without} more without a cell in scope)" if pooled.without else ""
    told = (
        f"{pooled.statement}, averaged over {counted(pooled.worlds, 'world')}{without}: {limits}, "
        f"threshold {pooled.asked:g}{refuted}; alpha {pooled.alpha:.3g} confirms, {pooled.refuting:.3g} refutes."
    )
    if pooled.refuted:  # the p-value is of the statement that is to be confirmed
        return told
    adjusted = _adjusted(pooled).items()
    by = [f"{'survives' if p <= pooled.alpha else 'does not survive'} {name} ({p:.2g})" for name, p in adjusted]
    return f"{told} p = {pooled.p_value:.2g}; adjusted over all claims: {', '.join(by)}."


def verdict_counts(results: Results, identifier: str) -> str:
    """How the cells of a claim came out, as in ``3 UNDECIDED, 12 HOLDS, 1 flat``."""
    mine = results.verdicts_on(identifier)
    counts = Counter(v.verdict for v in mine if not v.flat)
    flat = sum(v.flat for v in mine)
    return ", ".join([*(f"{counts[v]} {v}" for v in ORDER if counts[v]), *([f"{flat} flat"] if flat else [])])


def open_cells(results: Results, identifier: str, most: int = ROWS) -> list[str]:
    """For undecided cells of a claim, where and what it would take; flat ones aside, and of many some."""
    found = [v for v in results.verdicts_on(identifier) if v.verdict == "UNDECIDED" and not v.flat]
    return _told(results, found, most)


def violated_cells(results: Results, identifier: str, most: int = ROWS) -> list[str]:
    """For cells that refute a claim, where and why; of many some."""
    return _told(results, [v for v in results.verdicts_on(identifier) if v.verdict == "VIOLATED"], most)


def _told(results: Results, found: Sequence[VerdictResult], most: int) -> list[str]:
    """The first of some verdicts, a line each, then how many more there are, and the file that shows them."""
    lines = [f"{results.where(verdict)}: {verdict.reason}" for verdict in found[:most]]
    file = "report.html" if len(found) <= ROWS else "results.json"
    return lines + ([f"and {len(found) - most} more ({file})"] if len(found) > most else [])


def flat_cells(results: Results, identifier: str) -> list[str]:
    """Where a claim's observable has no room to move; of many some."""
    return [results.where(v) for v in spread([v for v in results.verdicts_on(identifier) if v.flat], ROWS)]


def worlds_text(verdict: VerdictResult) -> str:
    """Worlds of a cell: the property holds, ties, does not hold, is not defined, as in ``30/1/0/1 of 32``."""
    found = verdict.counts
    return "" if found is None else f"{found.yes}/{found.tie}/{found.no}/{found.undefined} of {found.ran}"


def failed_runs(results: Results, verdict: VerdictResult) -> int:
    """Runs without a result in what is compared: both arms of a pair, both ends of an axis."""
    if not verdict.cells:
        return 0
    first, last = results.cells[verdict.cells[0]], results.cells[verdict.cells[-1]]
    return len(set(first.seeds) & set(last.seeds) & {*first.failed, *last.failed})


def limits_text(verdict: VerdictResult) -> str:
    """The share or mean with the limits that decide; empty where nothing was measured."""
    if verdict.estimate is None or verdict.lower is None or verdict.upper is None:
        return three_digits(verdict.estimate)
    return f"{verdict.estimate:.3g} [{verdict.lower:.3g}, {verdict.upper:.3g}]"


def effect_text(verdict: VerdictResult) -> str:
    """Mean size of the effect with its interval, which does not decide; empty without."""
    found = verdict.effect
    return "" if found is None else f"{found.mean:.2g} [{found.lower:.2g}, {found.upper:.2g}]"


def alphas(verdict: VerdictResult) -> str:
    """Error probabilities of the limit that confirms and of the one that refutes; empty where none decided."""
    if not verdict.by_sampling or verdict.alpha is None or verdict.refuting is None:
        return ""
    return f"{verdict.alpha:.3g} / {verdict.refuting:.3g}"


def failures(results: Results) -> list[str]:
    """Each reason for which runs failed, with how many runs and where it was met first; defects are told apart."""
    found = results.failures.items()
    return [f"{of_runs(runs)}: {reason}" for reason, runs in found if not reason.startswith(INTERNAL_ERROR)]


def arm_verdicts(results: Results) -> list[tuple[CellResult, VerdictResult]]:
    """The verdicts on other arms than the leading one, each with its first cell."""
    found = [(results.cells[v.cells[0]], v) for v in results.verdicts if v.cells]
    return [(cell, verdict) for cell, verdict in found if cell.variant != results.experiment.leading]


def axis_values(results: Results, verdict: VerdictResult) -> dict[str, str]:
    """By the label of each axis, the values in the cells of a verdict."""
    cells = [results.cells[i] for i in verdict.cells]
    return {
        results.label(symbol): ", ".join(dict.fromkeys(f"{c.symbols[symbol]:g}" for c in cells if symbol in c.symbols))
        for symbol in results.experiment.axes
    }


def cells_csv(results: Results) -> str:
    """cells.csv, one line per cell; columns are documented in docs.

    For each observable its mean and the interval of that mean; for each claim that judges cells its verdict, with
    the limits that decide.
    """
    names = list(dict.fromkeys(name for cell in results.cells for name in cell.observables))
    judged = _verdicts_by_cell(results)
    axes = results.experiment.axes
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    header = ["variant", *axes.values(), "seeds", "failed", "in_scope_seeds"]
    header += [f"{name}_{part}" for name in names for part in ("mean", "interval_lower", "interval_upper")]
    header += [f"{name}_{part}" for name in judged for part in _DECIDING]
    writer.writerow([*header, *results.shown.columns])
    for index, cell in enumerate(results.cells):
        row: list[Any] = [cell.variant, *map(cell.symbols.__getitem__, axes)]
        row += map(len, (cell.seeds, cell.failed, cell.in_scope_seeds))
        for name in names:
            row += cell.observables.limits(name) if name in cell.observables else (None, None, None)
        decided = (verdicts.get(index) for verdicts in judged.values())
        row += [getattr(verdict, part, None) for verdict in decided for part in _DECIDING]
        writer.writerow([*row, *(values[index] for values in results.shown.columns.values())])
    return stream.getvalue()


def _verdicts_by_cell(results: Results) -> dict[str, dict[int, VerdictResult]]:
    """By claim and cell the verdict on that cell; a comparison's is on the cell of its arm, a trend has none."""
    found: dict[str, dict[int, VerdictResult]] = {}
    for claim in results.claims:
        for verdict in results.verdicts_on(claim.id) if claim.axis is None else ():
            cells = verdict.cells if claim.reference is None else verdict.cells[:1]
            found.setdefault(claim.id, {}).update(dict.fromkeys(cells, verdict))
    return {claim: verdicts for claim, verdicts in found.items() if verdicts}


def interval_text(mean: float | None, lower: float | None, upper: float | None) -> str:
    """``0.123 [0.05, 0.30]``; three significant digits where numbers are not of the size of a share."""
    if mean is None:
        return "-"
    known = [x for x in (mean, lower, upper) if x is not None]
    shares = not any(known) or 0.005 <= max(map(abs, known)) < 10
    one, two = (".3f", ".2f") if shares else (".3g", ".3g")
    if lower is None or upper is None:
        return f"{mean:{one}}"
    return f"{mean:{one}} [{lower or 0.0:{two}}, {upper:{two}}]"


def number_text(value: float | None) -> str:
    """Three decimals, or as many digits as tell a tiny or a large number from 0 and from its neighbours."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if 0.0005 <= abs(value) < 1000:
        return f"{value:.3f}"
    return f"{value:.1e}" if abs(value) < 1 else f"{value:.4g}"


def three_digits(value: Scalar) -> str:
    """Three significant digits; empty where undefined."""
    return "" if value is None else f"{value:.3g}" if isinstance(value, int | float) else value
